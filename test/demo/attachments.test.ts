import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { attachmentsJson, knownGeneration, withContent } from '../../demo/server/attachment-members.ts';
import {
  type AttachmentDraft,
  type ContentDraft,
  identityBytes,
  readAttachments,
  type Storing,
  storeAttachments,
  takeFollowing,
} from '../../demo/server/attachments.ts';
import { parseJson } from '../../demo/server/json-parse.ts';
import { Refusal, type StoredAttachment } from '../../demo/server/model.ts';

const storing: Storing = { id: 'doc', parent: [], maxSize: 1000 };

function store(member: object, context: Partial<Storing> = {}): StoredAttachment[] {
  return storeAttachments(readAttachments(parseJson(JSON.stringify(member))), { ...storing, ...context });
}

function refusal(act: () => unknown): [status: number, error: string, reason: string] | undefined {
  try {
    act();
    return undefined;
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return [error.status, error.error, error.reason];
  }
}

describe('storeAttachments', () => {
  test('keeps what is not compressible as it is', () => {
    const [stored] = store({ 'a.bin': { content_type: 'image/png', data: 'AAEC/f7/DQoNCi0t' } });
    expect(stored).toEqual({
      name: 'a.bin',
      contentType: 'image/png',
      revpos: 0,
      digest: 'md5-IS7OSqTCAQWmAESHEWEJiQ==',
      stored: Uint8Array.of(0, 1, 2, 253, 254, 255, 13, 10, 13, 10, 45, 45),
      length: 12,
    });
  });

  test.each([
    'text/plain',
    'text/x-any; charset=utf-8',
    'application/json',
    'application/javascript',
    'application/xml',
  ])('compresses %s', (content_type) => {
    const [stored] = store({ a: { content_type, data: btoa('{"a":1}') } });
    expect(stored).toMatchObject({ digest: 'md5-TRLVIP5eD2weIbIYDVFsLA==', encoding: 'gzip', length: 7 });
    expect(stored && Buffer.from(identityBytes(stored)).toString()).toBe('{"a":1}');
  });

  test('compresses as it is told to', () => {
    const compress = (bytes: Uint8Array): Uint8Array => gzipSync(bytes, { level: 0 });
    const [stored] = store({ a: { content_type: 'text/plain', data: btoa('hello') } }, { compress });
    expect(stored?.stored).toEqual(new Uint8Array(gzipSync('hello', { level: 0 })));
  });

  test('takes the content type for granted when none is given', () => {
    expect(store({ a: { data: '' } })[0]?.contentType).toBe('application/octet-stream');
  });

  test('gives a new edit its generation, a replicated revision its own', () => {
    const member = { a: { data: '', revpos: 7 } };
    expect(store(member, { generation: 3 })[0]?.revpos).toBe(3);
    expect(store(member)[0]?.revpos).toBe(7);
  });

  test('fills stubs from the parent', () => {
    const parent = store({ a: { data: 'AAAA', revpos: 2 } });
    expect(store({ a: { stub: true, revpos: 2 } }, { parent })).toEqual(parent);
    expect(store({ a: { stub: true } }, { parent })).toEqual(parent);
  });

  test.each<[string, object, Partial<Storing>, unknown]>([
    ['a stub of no parent', { a: { stub: true } }, {}, [412, 'missing_stub', 'Invalid attachment stub in doc for a']],
    [
      'a stub whose ancestors are not stored',
      { a: { stub: true } },
      { parent: undefined },
      [412, 'missing_stub', 'Previous revision missing for document doc'],
    ],
    [
      'a stub of another generation',
      { a: { stub: true, revpos: 1 } },
      { parent: store({ a: { data: '', revpos: 2 } }) },
      [412, 'missing_stub', 'Invalid attachment stub in doc for a'],
    ],
    ['too much', { a: { data: 'AAAA' } }, { maxSize: 2 }, [413, 'attachment_too_large', 'a']],
    ['what is not base64', { a: { data: 'a?==' } }, {}, [400, 'bad_request', 'Invalid attachment data for a']],
    ['no data', { a: {} }, {}, [400, 'bad_request', 'Invalid attachment data for a']],
    [
      'a name with an underscore in front',
      { _a: { data: '' } },
      {},
      [400, 'bad_request', "Attachment name '_a' starts with prohibited character '_'"],
    ],
  ])('refuses %s', (_, member, context, expected) => {
    expect(refusal(() => store(member, context))).toEqual(expected);
  });

  const sent: ContentDraft = {
    kind: 'content',
    name: 'a',
    contentType: 'text/plain',
    bytes: Buffer.from('hi'),
    revpos: 1,
  };

  test('checks the digest of what followed', () => {
    const digest = 'md5-SfaKXIST7CwL9ImCHCH8Ow==';
    expect(storeAttachments([{ ...sent, digest }], storing)).toHaveLength(1);
    const forged = [{ ...sent, digest: 'md5-AAAAAAAAAAAAAAAAAAAAAA==' }];
    expect(refusal(() => storeAttachments(forged, storing))).toEqual([
      400,
      'content_md5_mismatch',
      'Possible message corruption.',
    ]);
  });

  test('keeps what came compressed, with the size it is said to have', () => {
    const bytes = new Uint8Array(gzipSync('hello'));
    const [known] = storeAttachments([{ ...sent, bytes, encoding: 'gzip', length: 5 }], storing);
    expect(known).toMatchObject({ stored: bytes, encoding: 'gzip', length: 5 });
    const [unknown] = storeAttachments([{ ...sent, bytes, encoding: 'gzip' }], storing);
    expect(unknown).toMatchObject({ length: bytes.length });
  });
});

describe('takeFollowing', () => {
  const drafts: AttachmentDraft[] = readAttachments(
    parseJson(
      '{"a":{"follows":true,"length":2},"b":{"stub":true},"c":{"follows":true,"encoding":"gzip","encoded_length":3}}',
    ),
  );

  test('hands out the parts in order', () => {
    const taken = takeFollowing(drafts, [Buffer.from('hi'), Buffer.from('you')]);
    expect(taken.map((draft) => (draft.kind === 'content' ? Buffer.from(draft.bytes).toString() : draft.kind))).toEqual(
      ['hi', 'stub', 'you'],
    );
    expect(taken[2]).toMatchObject({ encoding: 'gzip', length: undefined });
  });

  test.each([
    [['hi'], 'attachment shorter than expected'],
    [['h', 'you'], 'attachment shorter than expected'],
    [['hi!', 'you'], 'attachment longer than expected'],
  ])('refuses %j', (parts, reason) => {
    expect(
      refusal(() =>
        takeFollowing(
          drafts,
          parts.map((part) => Buffer.from(part)),
        ),
      ),
    ).toEqual([400, 'bad_request', reason]);
  });
});

describe('attachmentsJson', () => {
  const attachments = store({
    old: { content_type: 'image/png', data: 'AAAA', revpos: 1 },
    new: { content_type: 'text/plain', data: btoa('hi'), revpos: 2 },
  });
  const old = '"old":{"content_type":"image/png","revpos":1,"digest":"md5-aTyHLJMECWxAkgCdABuSoA=="';
  const recent = '"new":{"content_type":"text/plain","revpos":2,"digest":"md5-Wcpiw7c/ZO1J3dT6jH+L4w=="';

  test('shows stubs', () => {
    const text = attachmentsJson(attachments, {}).replace(/md5-[^"]*/g, 'md5');
    expect(text).toBe(
      '{"old":{"content_type":"image/png","revpos":1,"digest":"md5","length":3,"stub":true},' +
        '"new":{"content_type":"text/plain","revpos":2,"digest":"md5","length":2,"stub":true}}',
    );
  });

  test('shows what is newer than the client knows, uncompressed', () => {
    const text = attachmentsJson(attachments, { content: 'inline', newerThan: 1 });
    expect(text).toContain(`${old.slice(0, 40)}`);
    expect(text).toContain('"length":3,"stub":true}');
    expect(text).toContain(`"data":"${btoa('hi')}"`);
    expect(recent).toContain('"new"');
    expect(withContent(attachments, { content: 'inline', newerThan: 1 }).map(({ name }) => name)).toEqual(['new']);
  });

  test('tells how contents are stored', () => {
    expect(attachmentsJson(attachments, { content: 'follows', encodingInfo: true })).toMatch(
      /"old":\{[^}]*"length":3,"follows":true\},"new":\{[^}]*"follows":true,"encoding":"gzip","encoded_length":22\}/,
    );
  });
});

describe('knownGeneration', () => {
  const path = ['3-c', '2-b', '1-a'];

  test.each([
    [['2-b', '1-a'], 2],
    [['3-x', '1-a'], 1],
    [['9-z'], 0],
    [[], 0],
  ])('%j', (known, generation) => {
    expect(knownGeneration(path, known)).toBe(generation);
  });
});
