import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { StoredAttachment } from '../../demo/server/model.ts';
import { Refusal } from '../../demo/server/model.ts';
import {
  bulkGetBoundary,
  bulkGetPieces,
  type MultipartDocument,
  openRevsPieces,
  readRelated,
  relatedBody,
} from '../../demo/server/multipart.ts';

function attachment(name: string, content: Uint8Array): StoredAttachment {
  return { name, contentType: 'image/png', revpos: 1, digest: 'md5-x', stored: content, length: content.length };
}

function document(...attachments: StoredAttachment[]): MultipartDocument {
  return { id: 'id', rev: '1-a', json: '{"_id":"id"}', attachments };
}

describe('readRelated', () => {
  test('reads back what relatedBody writes, whatever the contents', () => {
    const contents = fc.array(fc.uint8Array({ maxLength: 40 }), { minLength: 1, maxLength: 4 });
    const delimiters = fc.constantFrom('\r\n', '--', '\r\n--', '\r\n--bound', '\n').map((text) => Buffer.from(text));
    const mixed = fc.array(fc.oneof(fc.uint8Array({ maxLength: 5 }), delimiters), { maxLength: 8 });
    const awkward = fc
      .array(mixed, { minLength: 1, maxLength: 3 })
      .map((lists) => lists.map((list) => Buffer.concat(list)));
    fc.assert(
      fc.property(fc.oneof(contents, awkward), (stored) => {
        const written = relatedBody(document(...stored.map((bytes) => attachment('a', bytes))), 'boundary');
        const { json, parts } = readRelated(written.contentType, written.body);
        expect(Buffer.from(json).toString()).toBe('{"_id":"id"}');
        expect(parts.map((part) => Buffer.from(part))).toEqual(stored.map((bytes) => Buffer.from(bytes)));
      }),
    );
  });

  test('passes over what stands before the first part, and takes a boundary without quotes', () => {
    const body = 'hello\r\n--b\r\ncontent-type: application/json; charset=utf-8\r\n\r\n{}\r\n--b--\r\nbye';
    const { json, parts } = readRelated('multipart/related; boundary=b; start="x"', Buffer.from(body));
    expect([Buffer.from(json).toString(), parts]).toEqual(['{}', []]);
  });

  const json = 'Content-Type: application/json';
  test.each([
    ['no boundary', 'multipart/related', `--b\r\n${json}\r\n\r\n{}\r\n--b--`, 400],
    ['another boundary', 'multipart/related; boundary=c', `--b\r\n${json}\r\n\r\n{}\r\n--b--`, 400],
    ['no end', 'multipart/related; boundary=b', `--b\r\n${json}\r\n\r\n{}\r\n`, 400],
    ['no headers', 'multipart/related; boundary=b', '--b\r\n{}\r\n--b--', 400],
    [
      'something else than JSON first',
      'multipart/related; boundary=b',
      '--b\r\nContent-Type: text/plain\r\n\r\n{}\r\n--b--',
      415,
    ],
  ])('refuses %s', (_, contentType, body, status) => {
    const act = (): unknown => readRelated(contentType, Buffer.from(body));
    expect(act).toThrow(Refusal);
    expect(act).toThrow(String(status));
  });
});

describe('relatedBody', () => {
  test('is bare JSON when nothing follows', () => {
    expect(relatedBody(document(), 'b')).toEqual({
      contentType: 'application/json',
      body: Buffer.from('{"_id":"id"}'),
    });
  });
});

describe('openRevsPieces', () => {
  test('uses one inner boundary for all documents', () => {
    const results = [document(attachment('a', Buffer.from('A'))), document(), { error: '{"missing":"2-b"}' }];
    expect([...openRevsPieces(results, 'outer', 'inner')].map((piece) => Buffer.from(piece).toString())).toEqual([
      '--outer',
      '\r\nContent-Type: multipart/related; boundary="inner"\r\n\r\n',
      '--inner\r\nContent-Type: application/json\r\n\r\n{"_id":"id"}\r\n--inner',
      '\r\nContent-Disposition: attachment; filename="a"',
      '\r\nContent-Type: image/png',
      '\r\nContent-Length: 1',
      '\r\n\r\n',
      'A',
      '\r\n--inner',
      '--',
      '\r\n--outer',
      '\r\nContent-Type: application/json\r\n\r\n',
      '{"_id":"id"}',
      '\r\n--outer',
      '\r\nContent-Type: application/json; error="true"\r\n\r\n{"missing":"2-b"}\r\n--outer',
      '--',
    ]);
  });
});

describe('bulkGetPieces', () => {
  async function pieces(entries: readonly (readonly MultipartDocument[])[]): Promise<string[]> {
    const texts: string[] = [];
    let made = 0;
    const all = bulkGetPieces(entries, bulkGetBoundary('outer'), () => bulkGetBoundary(`inner${made++}`));
    for await (const piece of all) texts.push(Buffer.from(piece).toString());
    return texts;
  }

  test('is nothing at all when nothing was asked', async () => {
    expect(await pieces([])).toEqual([]);
  });

  test('makes an inner boundary for each entry', async () => {
    const withOne = document(attachment('a', Buffer.alloc(0)));
    const text = (await pieces([[withOne, withOne], [withOne]])).join('');
    expect(text.match(/boundary=--inner\d/g)).toEqual(['boundary=--inner0', 'boundary=--inner0', 'boundary=--inner1']);
    expect(text.endsWith('\r\n----outer--\r\n')).toBe(true);
  });
});
