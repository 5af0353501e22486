import { connect } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type CouchServer, startServer } from '../../demo/server/index.ts';
import { ask, askJson, lines, open } from './server-client.ts';

let server: CouchServer;
let url: string;
let slept: number[];

beforeEach(async () => {
  slept = [];
  server = await startServer({ platform: { sleep: async (ms) => void slept.push(ms) } });
  const database = server.createDatabase('db');
  database.bulkDocs(Array.from({ length: 20 }, (_, i) => ({ _id: `doc-${i}`, text: 'x'.repeat(100) })));
  url = `${server.url}/db/_changes`;
});

afterEach(() => server.close());

describe('a fault', () => {
  test('answers in the place of the server', async () => {
    server.faults.add({ answer: { status: 429, headers: { 'Retry-After': '7' }, body: 'later' } });
    const { status, headers, body } = await ask('GET', url);
    expect({ status, after: headers['retry-after'], body }).toEqual({ status: 429, after: '7', body: 'later' });
  });

  test('strikes only what it matches, after so many and for so many requests', async () => {
    server.faults.add({ method: 'GET', path: '/db', skip: 1, times: 2, answer: { status: 503 } });
    server.faults.add({ path: /limit=3/, answer: { status: 500 } });
    const statuses: (number | undefined)[] = [];
    for (const path of ['/db', '/db', '/db?x=1', '/db', '/', '/db/_changes?limit=3']) {
      statuses.push((await ask('GET', server.url + path)).status);
    }
    expect(statuses).toEqual([200, 503, 503, 200, 200, 500]);
  });

  test('can be taken back', async () => {
    const takeBack = server.faults.add({ answer: { status: 500 } });
    server.faults.add({ answer: { status: 503 } });
    takeBack();
    expect((await ask('GET', url)).status).toBe(503);
    server.faults.clear();
    expect((await ask('GET', url)).status).toBe(200);
  });

  test('delays the answer', async () => {
    server.latency = 5;
    server.faults.add({ delay: 20, times: 1 });
    await ask('GET', server.url);
    await ask('GET', server.url);
    expect(slept).toEqual([25, 5]);
  });

  test('resets the connection', async () => {
    server.faults.add({ reset: true });
    await expect(ask('GET', url)).rejects.toMatchObject({ code: 'ECONNRESET' });
  });

  test('never answers', async () => {
    server.faults.add({ silence: true, times: 1 });
    const asked = ask('GET', url).then(
      () => 'answered',
      () => 'cut',
    );
    expect((await ask('GET', server.url)).status).toBe(200);
    await server.close();
    expect(await asked).toBe('cut');
  });

  test('cuts the body after so many rows', async () => {
    server.faults.add({ cut: { rows: 6 } });
    const read: string[] = [];
    await expect(readInto(read)).rejects.toMatchObject({ code: 'ECONNRESET' });
    expect(read).toHaveLength(6);
    expect(() => JSON.parse(read.at(-1)?.replace(/,\r?$/, '') ?? '')).not.toThrow();
  });

  test('cuts the body after so many bytes, in the middle of a row', async () => {
    server.faults.add({ cut: { bytes: 100 } });
    const read: string[] = [];
    await expect(readInto(read)).rejects.toMatchObject({ code: 'ECONNRESET' });
    expect(read.join('\n').length).toBeLessThanOrEqual(100);
  });

  test('cuts a body of known length', async () => {
    server.faults.add({ cut: { bytes: 10 } });
    const response = await open('GET', `${server.url}/db`);
    expect(Number(response.headers['content-length'])).toBeGreaterThan(10);
    await expect(response.toArray()).rejects.toMatchObject({ code: 'ECONNRESET' });
  });

  test('pauses before every row', async () => {
    server.faults.add({ pause: { ms: 3, per: 'row' } });
    const { results } = await askJson('GET', url);
    expect(results).toHaveLength(20);
    // The head, the rows, the end in two lines, and the line break after it.
    expect(slept).toEqual(Array.from({ length: 24 }, () => 3));
  });

  test('drips a few bytes at a time', async () => {
    server.faults.add({ pause: { ms: 1, per: 10 } });
    const { body } = await ask('GET', `${server.url}/db/doc-1`);
    expect(JSON.parse(body)).toMatchObject({ _id: 'doc-1' });
    expect(slept).toHaveLength(Math.ceil(body.length / 10));
  });

  test('puts garbage into the body', async () => {
    server.faults.add({ garbage: { rows: 3, text: '<html>\n' } });
    const { body } = await ask('GET', url);
    expect(body.split('\n')[3]).toBe('<html>');
    expect(body.split('\n')[4]).toMatch(/^\{"seq":/);
  });

  test('says a wrong length', async () => {
    server.faults.add({ lengthBy: 5 });
    const response = await open('GET', `${server.url}/db/doc-1`);
    await expect(response.toArray()).rejects.toMatchObject({ code: 'ECONNRESET' });
  });
});

describe('the log of requests', () => {
  test('counts what was asked', async () => {
    await ask('GET', `${url}?limit=1`);
    await ask('GET', server.url);
    await ask('POST', `${server.url}/db/_bulk_get`, { docs: [] });
    const { requests } = server;
    expect(requests.total).toBe(3);
    expect(requests.count('GET')).toBe(2);
    expect(requests.count(undefined, '/db/_changes')).toBe(1);
    expect(requests.count('POST', /_bulk/)).toBe(1);
    requests.reset();
    expect(requests.all).toEqual([]);
  });

  test('tells status and size of each', async () => {
    const { body } = await ask('GET', url);
    await ask('GET', `${server.url}/nowhere`);
    const [feed, missing] = server.requests.all;
    expect(feed).toMatchObject({ method: 'GET', path: '/db/_changes', status: 200 });
    expect(feed?.bytes).toBeGreaterThan(body.length);
    expect(missing?.status).toBe(404);
    expect(server.requests.bytes).toBeGreaterThan(body.length);
  });

  test('counts connections', async () => {
    const feeds = await Promise.all([1, 2, 3].map(() => open('GET', `${url}?feed=continuous&heartbeat=true`)));
    expect(server.requests.connections).toEqual({ open: 3, peak: 3 });
    for (const feed of feeds) feed.destroy();
    while (server.requests.connections.open > 1) await ask('GET', server.url);
    expect(server.requests.connections.peak).toBeGreaterThanOrEqual(3);
  });
});

test('what is no HTTP, or too long for CouchDB, is refused without a word', async () => {
  for (const line of ['nonsense', `GET /${'a'.repeat(9000)} HTTP/1.1`]) {
    const socket = connect(server.port, '127.0.0.1');
    socket.write(`${line}\r\nHost: x\r\n\r\n`);
    const answer = Buffer.concat(await socket.toArray()).toString();
    expect(answer).toMatch(/^HTTP\/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n/);
    expect(answer).toMatch(/\r\n\r\n$/);
  }
});

async function readInto(read: string[]): Promise<void> {
  for await (const line of lines(await open('GET', url))) read.push(line);
}
