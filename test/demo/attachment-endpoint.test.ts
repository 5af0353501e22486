import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type CouchServer, startServer } from '../../demo/server/index.ts';

let server: CouchServer;

beforeAll(async () => {
  server = await startServer();
  server.createDatabase('db');
});

afterAll(async () => {
  await server.close();
});

interface Told {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

async function ask(method: string, path: string, body?: Uint8Array<ArrayBuffer> | string, headers = {}): Promise<Told> {
  const response = await fetch(`${server.url}/db/${path}`, { method, body: body ?? null, headers });
  return { status: response.status, headers: response.headers, text: await response.text() };
}

/** The current revision of a document. */
async function revOf(id: string): Promise<string> {
  return JSON.parse((await ask('GET', id)).text)['_rev'];
}

async function attachmentsOf(id: string): Promise<unknown> {
  return JSON.parse((await ask('GET', id)).text)['_attachments'];
}

describe('an attachment on its own', () => {
  test('makes a document, and belongs to its revisions from then on', async () => {
    const { status, headers, text } = await ask('PUT', 'a%2Fb/c%20d/e', 'hi', { 'Content-Type': 'image/png' });
    expect([status, JSON.parse(text)]).toEqual([201, { ok: true, id: 'a/b', rev: expect.stringMatching(/^1-/) }]);
    expect(headers.get('location')).toBe(`${server.url}/db/a%2Fb/c%20d%2Fe`);
    const rev = await revOf('a%2Fb');
    await ask('PUT', `a%2Fb?rev=${rev}`, '{"_attachments":{"c d/e":{"stub":true}},"x":1}');
    expect(await attachmentsOf('a%2Fb')).toMatchObject({
      'c d/e': { content_type: 'image/png', revpos: 1, length: 2 },
    });
    expect((await ask('GET', 'a%2Fb/c%20d%2Fe')).text).toBe('hi');
  });

  test('is replaced, the others and the rest of the document stay', async () => {
    await ask('PUT', 'replaced', `{"x":1,"_attachments":{"a":{"data":"${btoa('a')}"},"b":{"data":"${btoa('b')}"}}}`);
    await ask('PUT', 'replaced/b', 'B', { 'If-Match': `"${await revOf('replaced')}"` });
    expect(JSON.parse((await ask('GET', 'replaced')).text)).toMatchObject({
      _rev: expect.stringMatching(/^2-/),
      x: 1,
      _attachments: { a: { revpos: 1 }, b: { revpos: 2 } },
    });
    expect((await ask('GET', 'replaced/b')).text).toBe('B');
  });

  test('is deleted', async () => {
    await ask('PUT', 'deleted/a', 'a');
    const answer = await ask('DELETE', `deleted/a?rev=${await revOf('deleted')}`);
    expect([answer.status, answer.headers.get('location')]).toEqual([200, null]);
    expect((await ask('GET', 'deleted/a')).text).toContain('Document is missing attachment');
    expect(await attachmentsOf('deleted')).toBeUndefined();
  });

  test('that comes compressed stays so', async () => {
    const zipped = new Uint8Array(gzipSync('hello'));
    await ask('PUT', 'zipped/a.txt', zipped, { 'Content-Encoding': 'gzip', 'Content-Type': 'text/plain' });
    expect((await ask('GET', 'zipped/a.txt')).text).toBe('hello');
    const shown = await ask('GET', 'zipped?att_encoding_info=true');
    expect(JSON.parse(shown.text)['_attachments']['a.txt']).toMatchObject({
      encoding: 'gzip',
      encoded_length: zipped.length,
    });
  });

  test.each([
    ['PUT', 'stale/a', 'over a document without its revision', 409, 'Document update conflict.'],
    ['PUT', 'stale/a?rev=1-0123', 'over a revision that is not there', 409, 'missing_rev'],
    ['PUT', 'stale/a?rev=x', 'over what is no revision', 400, 'Invalid rev format'],
    [
      'PUT',
      'stale/_a',
      'with an underscore in front',
      400,
      "Attachment name '_a' starts with prohibited character '_'",
    ],
    ['PUT', '_stale/a', 'to an id that is none', 400, 'Only reserved document ids may start with underscore.'],
    ['DELETE', 'stale/a', 'without a revision', 409, 'Document update conflict.'],
    ['DELETE', 'stale/b', 'that is not there', 404, 'Document is missing attachment'],
    ['DELETE', 'nowhere/b', 'of no document', 404, 'missing'],
    ['PATCH', 'stale/a', 'by another method', 405, 'Only DELETE,GET,HEAD,PUT allowed'],
  ])('%s %s: %s', async (method, path, _, status, reason) => {
    await ask('PUT', 'stale/a', 'a');
    const answer = await ask(method, path, method === 'PUT' ? 'b' : undefined);
    expect([answer.status, JSON.parse(answer.text).reason]).toEqual([status, reason]);
  });

  test('of an encoding that CouchDB does not keep is refused', async () => {
    const { status, text } = await ask('PUT', 'encoded/a', 'x', { 'Content-Encoding': 'br' });
    expect([status, text]).toEqual([
      415,
      expect.stringContaining('Only gzip and identity content-encodings are supported'),
    ]);
  });
});

test('a document comes with its attachments as multipart/related, and goes so', async () => {
  const body = [
    '--x\r\nContent-Type: application/json\r\n\r\n',
    '{"_attachments":{"a.txt":{"follows":true,"content_type":"text/plain","length":3},"b":{"follows":true,"length":1}}}',
    '\r\n--x\r\n\r\nabc\r\n--x\r\n\r\nB\r\n--x--',
  ].join('');
  expect((await ask('PUT', 'parts', body, { 'Content-Type': 'multipart/related; boundary=x' })).status).toBe(201);
  const back = await ask('GET', 'parts?attachments=true', undefined, { Accept: 'multipart/related' });
  expect(back.headers.get('content-type')).toMatch(/^multipart\/related; boundary="[0-9a-f]{32}"$/);
  expect(back.text).toContain(
    'filename="b"\r\nContent-Type: application/octet-stream\r\nContent-Length: 1\r\n\r\nB\r\n--',
  );
  const inline = JSON.parse(
    (await ask('GET', 'parts?attachments=true', undefined, { Accept: 'application/json' })).text,
  );
  expect(inline['_attachments']).toMatchObject({ 'a.txt': { data: btoa('abc') }, b: { data: btoa('B') } });
});
