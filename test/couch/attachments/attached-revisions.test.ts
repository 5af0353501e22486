import { createHash } from 'node:crypto';
import { gunzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type CouchServer, type DatabaseHandle, startServer } from '../../../demo/server/index.ts';
import { isCouchError, isNetworkError, isProtocolError } from '../../../src/core/errors.ts';
import type { AttachedRevision } from '../../../src/couch/attachments/attached-revisions.ts';
import { couch } from '../../../src/couch/couch.ts';
import type { Database } from '../../../src/couch/database.ts';
import type { RevisionResult } from '../../../src/couch/revisions/revisions-row.ts';
import { collect } from '../../support/byte-pieces.ts';
import { deferred } from '../../support/deferred.ts';
import { hasty } from '../../support/hasty.ts';
import { answer, type Scripted, type ScriptedServer, startScriptedServer } from '../../support/scripted-server.ts';

/** A revision and its contents, read whole. */
interface Whole {
  readonly result: RevisionResult;
  readonly contents: readonly { readonly name: string; readonly length: number; readonly bytes: Buffer }[];
}

async function readAll(revisions: AsyncIterable<AttachedRevision>): Promise<Whole[]> {
  const all: Whole[] = [];
  for await (const { result, contents } of revisions) {
    const read: Whole['contents'][number][] = [];
    for await (const { stub, length, bytes } of contents) {
      read.push({ name: stub.name, length, bytes: await collect(bytes()) });
    }
    all.push({ result, contents: read });
  }
  return all;
}

describe('Attached revisions of CouchDB', () => {
  let server: CouchServer;
  let source: DatabaseHandle;
  let database: Database;

  beforeEach(async () => {
    server = await startServer();
    source = server.createDatabase('db');
    database = couch.db(`${server.url}/db`);
  });
  afterEach(() => server.close());

  const attach = (contents: Record<string, readonly [type: string, content: string | Uint8Array]>) =>
    Object.fromEntries(
      Object.entries(contents).map(([name, [type, content]]) => [
        name,
        { content_type: type, data: Buffer.from(content).toString('base64') },
      ]),
    );

  test('come in the order asked, with the bytes that the server keeps', async () => {
    const photo = new Uint8Array(70_000).map((_, index) => (index * index) % 251);
    const first = source.put({
      _id: 'ü/1',
      n: 1,
      _attachments: attach({
        '2': ['image/png', photo],
        'a "b".txt': ['text/plain', 'hello '.repeat(100)],
        '1': ['x/y', ''],
      }),
    });
    const second = source.put({ _id: 'plain', n: 2 });
    const wanted = [
      { id: 'plain', rev: second },
      { id: 'ü/1', rev: '7-abc' },
      { id: 'ü/1', rev: first },
      { id: 'nobody', rev: '1-abc' },
    ];
    const all = await readAll(database.attachedRevisions(wanted));
    expect(all.map(({ result: { id, rev }, contents }) => [id, rev, contents.length])).toEqual([
      ['plain', second, 0],
      ['ü/1', '7-abc', 0],
      ['ü/1', first, 3],
      ['nobody', '1-abc', 0],
    ]);
    expect(all[1]?.result).toMatchObject({ missing: true });
    const contents = new Map(all[2]?.contents.map(({ name, bytes }) => [name, bytes]));
    expect(contents.get('2')?.equals(photo)).toBe(true);
    expect(contents.get('1')).toHaveLength(0);
    expect(String(gunzipSync(contents.get('a "b".txt') ?? ''))).toBe('hello '.repeat(100));
    expect(server.requests.all.map(({ path }) => path)).toEqual(['/db/_bulk_get?revs=true']);
  });

  test('have the text that comes with stubs', async () => {
    const rev = source.put({
      _id: 'doc',
      big: 1,
      _attachments: attach({ b: ['text/plain', 'x'], a: ['image/png', 'y'] }),
    });
    const [attached] = await readAll(database.attachedRevisions([{ id: 'doc', rev }]));
    const response = await fetch(`${server.url}/db/_bulk_get?revs=true&att_encoding_info=true`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'application/json' },
      body: JSON.stringify({ docs: [{ id: 'doc', rev }] }),
    });
    const text = await response.text();
    expect(attached?.result).toMatchObject({ id: 'doc', rev, deleted: false });
    expect(text).toContain(`{"ok":${attached && 'text' in attached.result ? attached.result.text : '?'}}`);
  });

  test('leave out what came with their ancestors', async () => {
    const first = source.put({ _id: 'doc', _attachments: attach({ old: ['image/png', 'old'] }) });
    const second = source.put({
      _id: 'doc',
      _rev: first,
      _attachments: { old: { stub: true }, ...attach({ new: ['image/png', 'new'] }) },
    });
    const names = async (since?: readonly string[]) => {
      const [attached] = await readAll(database.attachedRevisions([{ id: 'doc', rev: second, since }]));
      return attached?.contents.map(({ name }) => name);
    };
    expect(await names([first])).toEqual(['new']);
    expect(await names([])).toHaveLength(2);
    expect(await names()).toHaveLength(2);
    expect(await names(['1-other'])).toHaveLength(2);
    expect(await names([second])).toEqual([]);
  });

  test('need not be read to the end, nor in whole', async () => {
    const big = new Uint8Array(300_000).fill(0x0d);
    const wanted = ['a', 'b', 'c'].map((id) => ({
      id,
      rev: source.put({ _id: id, _attachments: attach({ x: ['image/png', big], y: ['image/png', big] }) }),
    }));
    const ids: string[] = [];
    for await (const { result, contents } of database.attachedRevisions(wanted)) {
      ids.push(result.id);
      if (result.id === 'a') continue;
      for await (const { bytes } of contents) {
        for await (const _ of bytes()) break;
        if (result.id === 'b') break;
      }
    }
    expect(ids).toEqual(['a', 'b', 'c']);
  });

  test('cost no request when none are wanted', async () => {
    expect(await readAll(database.attachedRevisions([]))).toEqual([]);
    expect(server.requests.all).toHaveLength(0);
  });

  test('break off with an error that says whether it is worth another try', async () => {
    const rev = source.put({ _id: 'doc', _attachments: attach({ a: ['image/png', new Uint8Array(200_000)] }) });
    server.faults.add({ cut: { bytes: 100_000 } });
    await expect(readAll(database.attachedRevisions([{ id: 'doc', rev }]))).rejects.toSatisfy(isNetworkError);
    server.faults.clear();
    server.faults.add({ garbage: { bytes: 150_000, text: '\r\n' } });
    await expect(readAll(database.attachedRevisions([{ id: 'doc', rev }]))).rejects.toSatisfy(
      (error) => isProtocolError(error) && error.retryable,
    );
  });

  test('are asked for again while nothing of the answer has come', async () => {
    const rev = source.put({ _id: 'doc' });
    server.faults.add({ reset: true, times: 1 });
    server.faults.add({ answer: { status: 503 }, times: 1 });
    const patient = couch.db(`${server.url}/db`, { platform: hasty });
    expect(await readAll(patient.attachedRevisions([{ id: 'doc', rev }]))).toHaveLength(1);
    server.deleteDatabase('db');
    await expect(readAll(patient.attachedRevisions([{ id: 'doc', rev }]))).rejects.toSatisfy(
      (error) => isCouchError(error) && error.status === 404,
    );
  });

  test('come whatever the names: those that break the form are refused, none is taken for another', async () => {
    const line = '\r\n';
    const names = ['a"b', 'new\nline', `cr${line}X-Injected: 1`, `x${line}Content-Length: 3`, '1', '0', '日本'];
    const rev = source.put(
      `{"_id":"doc","_attachments":{${names
        .map((name, index) => `${JSON.stringify(name)}:{"content_type":"image/png","data":"${btoa(`${index}!`)}"}`)
        .join(',')}}}`,
    );
    const [{ contents = [] } = {}] = await readAll(database.attachedRevisions([{ id: 'doc', rev }]));
    expect(new Map(contents.map(({ name, bytes }) => [name, String(bytes)]))).toEqual(
      new Map(names.map((name, index) => [name, `${index}!`])),
    );
    const forged = source.put({ _id: 'forged', _attachments: attach({ [`x${line}${line}y`]: ['image/png', 'z'] }) });
    await expect(readAll(database.attachedRevisions([{ id: 'forged', rev: forged }]))).rejects.toSatisfy(
      (error) => isProtocolError(error) && error.retryable,
    );
  });

  test('are never taken from the id of another document', async () => {
    const victim = source.put({ _id: 'victim', v: 'true' });
    const text = JSON.stringify({
      _id: 'victim',
      _rev: victim,
      v: 'false',
      _revisions: { start: 1, ids: [victim.slice(2)] },
    });
    const lines = [
      'x',
      'Content-Type: multipart/related; boundary=evil',
      '',
      '--evil',
      'Content-Type: application/json',
      '',
      text,
      '--evil--',
    ];
    const id = lines.join('\r\n');
    const rev = source.put({ _id: id, _attachments: attach({ a: ['image/png', 'a'] }) });
    const wanted = [
      { id, rev },
      { id: 'victim', rev: victim },
    ];
    const given: RevisionResult[] = [];
    const reading = async () => {
      for await (const { result } of database.attachedRevisions(wanted)) given.push(result);
    };
    await expect(reading()).rejects.toSatisfy(isProtocolError);
    expect(given.some((result) => 'text' in result && result.text.includes('false'))).toBe(false);
  });
});

describe('Attached revisions of what a server may send', () => {
  let server: ScriptedServer;
  afterEach(() => server.close());

  async function databaseOf(...script: Scripted[]): Promise<Database> {
    server = await startScriptedServer(...script);
    return couch.db(`${server.url}/db`, { platform: hasty, retry: { attempts: 2 } });
  }

  const md5 = (content: string): string => `md5-${createHash('md5').update(content).digest('base64')}`;
  const documentText = (attachments: object = {}, more: object = {}): string =>
    JSON.stringify({
      _id: 'doc',
      _rev: '1-a',
      _revisions: { start: 1, ids: ['a'] },
      ...more,
      _attachments: attachments,
    });
  const stub = (content: string) => ({
    content_type: 'image/png',
    revpos: 1,
    digest: md5(content),
    length: content.length,
    follows: true,
  });
  const related = (text: string, ...contents: string[]): string =>
    `Content-Type: multipart/related; boundary=I\r\n\r\n--I\r\nContent-Type: application/json\r\n\r\n${text}\r\n` +
    `${contents.map((content) => `--I\r\n\r\n${content}\r\n`).join('')}--I--`;
  const plain = (text: string): string => `Content-Type: application/json\r\n\r\n${text}`;
  const mixed = (...parts: string[]): Scripted =>
    answer(`${parts.map((part) => `--O\r\n${part}\r\n`).join('')}--O--`, 200, {
      'content-type': 'multipart/mixed; boundary=O',
    });

  const wanted = [{ id: 'doc', rev: '1-a' }];

  test('ask for nothing but multipart', async () => {
    const database = await databaseOf(mixed(related(documentText({ a: stub('hello') }), 'hello')));
    expect(await readAll(database.attachedRevisions(wanted))).toMatchObject([
      { result: { rev: '1-a' }, contents: [{ name: 'a', length: 5, bytes: Buffer.from('hello') }] },
    ]);
    expect(server.requests[0]?.headers.accept).toBe('multipart/mixed');
    expect(JSON.parse(server.requests[0]?.body ?? '')).toEqual({ docs: wanted });
  });

  test('may be JSON where multipart is said, as CouchDB did up to 3.1', async () => {
    const text = documentText({ a: { ...stub('hello'), follows: undefined, stub: true } });
    const database = await databaseOf(mixed(`Content-Type: multipart/related; boundary="I"\r\n\r\n${text}`));
    expect(await readAll(database.attachedRevisions(wanted))).toMatchObject([{ result: { text }, contents: [] }]);
  });

  test.each([
    ['JSON', answer({ results: [] })],
    ['that there is no such endpoint', answer({ error: 'not_found', reason: 'missing' }, 404)],
    ['that it cannot be had', answer({ error: 'not_acceptable', reason: 'x' }, 406)],
  ])('are nothing where a server answers %s, and are not asked for again for an hour', async (_, script) => {
    let now = 0;
    server = await startScriptedServer(script);
    const database = couch.db(`${server.url}/db`, { platform: { ...hasty, elapsed: () => now } });
    expect(await readAll(database.attachedRevisions(wanted))).toEqual([]);
    now = 3_599_000;
    expect(await readAll(database.attachedRevisions(wanted))).toEqual([]);
    expect(server.requests).toHaveLength(1);
    now = 3_601_000;
    expect(await readAll(database.attachedRevisions(wanted))).toEqual([]);
    expect(server.requests).toHaveLength(2);
  });

  const hello = { a: stub('hello') };
  test.each([
    ['too few revisions', []],
    ['too many revisions', [plain(documentText()), plain(documentText())]],
    ['another revision', [plain(documentText({}, { _rev: '1-b', _revisions: { start: 1, ids: ['b'] } }))]],
    ['too few attachments', [related(documentText({ ...hello, b: stub('x') }), 'hello')]],
    ['too many attachments', [related(documentText(hello), 'hello', 'x')]],
    ['attachments without a document', ['Content-Type: multipart/related; boundary=I\r\n\r\n--I--']],
    ['no attachment at all', [plain(documentText(hello))]],
    ['fewer bytes', [related(documentText(hello), 'hell')]],
    ['more bytes', [related(documentText(hello), 'hello!')]],
    ['other bytes', [related(documentText(hello), 'hallo')]],
    ['what is no JSON', [plain('hello')]],
    ['what is no stub', [related(documentText({ a: { follows: true } }), 'hello')]],
  ])('are refused with %s', async (_, parts) => {
    const database = await databaseOf(mixed(...parts));
    await expect(readAll(database.attachedRevisions(wanted))).rejects.toSatisfy(isProtocolError);
    expect(server.requests).toHaveLength(1);
  });

  test('tell of an error that is of one revision alone', async () => {
    const error = 'Content-Type: application/json; error="true"\r\n\r\n';
    const database = await databaseOf(
      mixed(
        `${error}{"id":"doc","rev":"1-a","error":"forbidden","reason":"no"}`,
        plain(documentText({}, { _id: 'other' })),
        plain(documentText({}, { _rev: '2-b', _revisions: { start: 2, ids: ['b', 'a'] } })),
      ),
    );
    const all = await readAll(database.attachedRevisions([...wanted, ...wanted, { id: 'doc', rev: '2-b' }]));
    expect(all.map(({ result }) => result)).toMatchObject([
      { id: 'doc', rev: '1-a', error: { error: 'forbidden', reason: 'no' } },
      { id: 'doc', rev: '1-a', error: { error: 'wrong_document' } },
      { id: 'doc', rev: '2-b', deleted: false },
    ]);
  });

  test('take a digest of another kind as it is', async () => {
    const sha = { ...stub('hello'), digest: 'sha1-qvTGHdzF6KLavt4PO0gs2a6pQ00=' };
    const database = await databaseOf(mixed(related(documentText({ a: sha }), 'hallo')));
    expect(await readAll(database.attachedRevisions(wanted))).toMatchObject([{ contents: [{ name: 'a', length: 5 }] }]);
  });

  test('close the connection when they are left', async () => {
    const closed = deferred<void>();
    const database = await databaseOf((response) => {
      response.on('close', closed.resolve);
      response.writeHead(200, { 'content-type': 'multipart/mixed; boundary=O' });
      response.write(`--O\r\n${related(documentText({ a: { ...stub('x'), length: 10 ** 9 } }), 'x'.repeat(100_000))}`);
    });
    for await (const { contents } of database.attachedRevisions(wanted)) {
      for await (const { bytes } of contents) {
        for await (const _ of bytes()) break;
        break;
      }
      break;
    }
    await closed.promise;
  });
});
