import { gzipSync } from 'node:zlib';
import { afterEach, describe, expect, test } from 'vitest';
import type { ChangesEvent, ChangesOptions } from '../../../src/couch/changes.ts';
import { type CouchOptions, couch } from '../../../src/couch/couch.ts';
import { startHeldServer } from '../../support/held-server.ts';
import {
  answer,
  cutAfter,
  type Scripted,
  type ScriptedServer,
  startScriptedServer,
} from '../../support/scripted-server.ts';
import { virtualClock } from '../../support/virtual-clock.ts';

let server: ScriptedServer;

afterEach(() => server.close());

/** Without waits between tries: there is nothing to wait for. */
const impatient: CouchOptions = { retry: { attempts: 3, base: 0, cap: 0 } };

async function read(script: readonly Scripted[], options: ChangesOptions = {}): Promise<string[]> {
  server = await startScriptedServer(...script);
  const told: string[] = [];
  for await (const event of couch.db(`${server.url}/db`, impatient).changes(options)) told.push(textOf(event));
  return told;
}

function textOf(event: ChangesEvent): string {
  return event.type === 'row' ? event.id : `end ${String(event.lastSeq)} ${event.pending}`;
}

const row = (seq: unknown, id: string): string => JSON.stringify({ seq, id, changes: [{ rev: '1-a' }] });
const page = (...rows: string[]): string => `{"results":[\n${rows.join(',\n')}\n],\n"last_seq":"9-z","pending":0}\n`;

/** Where each request was to begin. */
const sinces = (): (string | null)[] => server.requests.map(({ query }) => query.get('since'));

describe('An answer that is laid out in another way', () => {
  const a = row('1-a', 'a');
  const b = row('2-b', 'b');

  test.each([
    ['in one line', `{"results":[${a},${b}],"last_seq":"9-z","pending":3}`],
    ['indented', JSON.stringify({ results: [JSON.parse(a), JSON.parse(b)], last_seq: '9-z', pending: 3 }, null, 2)],
    ['with the position first', `{"last_seq":"9-z","pending":3,"results":[${a},${b}]}`],
    ['with line ends of two characters', page(a, b).replaceAll('\n', '\r\n').replace('"pending":0', '"pending":3')],
    [
      'with heartbeats everywhere',
      `\n\n{"results":[\n\n\n${a}\n,\n\n${b}\n\n],\n\n"last_seq":"9-z",\n"pending":3}\n\n`,
    ],
    [
      'with members that are not known',
      `{"warning":["old"],"results":[${a},${b}],"last_seq":"9-z","pending":3,"x":{}}`,
    ],
  ])('is read: %s', async (_how, body) => {
    expect(await read([answer(body)])).toEqual(['a', 'b', 'end 9-z 3']);
  });

  test('is read byte by byte, whatever a piece ends in', async () => {
    const ids = ['süß 🥞', 'new\nline', '"\\'];
    const body = Buffer.from(
      page(...ids.map((id, at) => row(12_345_678 + at, id)), '{"seq":"4-d","id":"\\ud83e\\udd5e","changes":[]}'),
    );
    const byteByByte: Scripted = async (response) => {
      response.writeHead(200, { 'content-type': 'application/json' });
      for (const byte of body) await new Promise((sent) => response.write(Uint8Array.of(byte), sent));
      response.end();
    };
    expect(await read([byteByByte])).toEqual([...ids, '🥞', 'end 9-z 0']);
  });

  test.each([
    ['is left out', ''],
    ['is null', ',"pending":null'],
    ['is no number', ',"pending":"many"'],
    ['is less than nothing', ',"pending":-1'],
  ])('has an unknown number of rows after it where pending %s', async (_how, pending) => {
    expect(await read([answer(`{"results":[],"last_seq":7${pending}}`)])).toEqual(['end 7 undefined']);
  });

  test.each([
    ['compressed', gzipSync(page(row('1-a', 'a'))), { 'content-encoding': 'gzip' }],
    ['of another type', Buffer.from(page(row('1-a', 'a'))), { 'content-type': 'text/plain' }],
    ['of no type', Buffer.from(page(row('1-a', 'a'))), {}],
  ])('is read where a proxy has made it %s', async (_what, body, headers) => {
    const step: Scripted = (response) => response.writeHead(200, headers).end(body);
    expect(await read([step])).toEqual(['a', 'end 9-z 0']);
  });
});

describe('An answer that is not whole', () => {
  const a = row('1-a', 'a');

  test.each([
    ['breaks off in a row', cutAfter(`{"results":[\n${a},\n{"seq":"2-b","i`)],
    ['breaks off behind its rows', cutAfter(`{"results":[\n${a}\n],\n`)],
    ['breaks off in its position', cutAfter(`{"results":[\n${a}\n],\n"last_seq":"9-`)],
    ['ends in order, but behind its rows', answer(`{"results":[\n${a}\n],\n`)],
    ['has no position', answer(`{"results":[${a}],"pending":0}`)],
    ['has a position that is none', answer(`{"results":[${a}],"last_seq":null,"pending":0}`)],
    ['tells an error in the place of a position', answer(`{"results":[${a}],"error":"timeout","reason":"mine"}`)],
    ['tells an error behind its rows', answer(`{"results":[\n${a}\n{"error":"timeout","reason":"mine"}\n`)],
    ['tells an error behind its end', answer(`${page(a)}{"error":"timeout","reason":"mine"}\n`)],
    ['is longer than it says', (response) => response.writeHead(200, { 'content-length': '40' }).end(page(a))],
    [
      'is shorter than it says',
      (response) =>
        void response.writeHead(200, { 'content-length': '999' }).write(page(a).slice(0, 60), () => response.destroy()),
    ],
  ] as [string, Scripted][])('is not taken for one: it %s', async (_how, step) => {
    const told = await read([step, answer(page(row('2-b', 'b')))], { since: '0-start' });
    expect(told.slice(-2)).toEqual(['b', 'end 9-z 0']);
    expect(told.filter((text) => text.startsWith('end'))).toHaveLength(1);
    expect(server.requests).toHaveLength(2);
    // After the row if it was told, before it if it was not.
    expect(sinces()).toEqual(['0-start', told.includes('a') ? '1-a' : '0-start']);
  });

  test('is asked for from where it began as long as no row had a sequence', async () => {
    const begun = cutAfter(`{"results":[\n${row(null, 'a')},\n${row(null, 'b')},\n`);
    expect(await read([begun, answer(page(row(null, 'a'), row(null, 'b')))], { since: [3, 'x'] })).toEqual([
      'a',
      'b',
      'a',
      'b',
      'end 9-z 0',
    ]);
    expect(sinces()).toEqual(['[3,"x"]', '[3,"x"]']);
    await server.close();
    await read([begun, answer(page())]);
    expect(sinces()).toEqual([null, null]);
  });

  test('and goes backwards is not asked for again', async () => {
    const reading = read([cutAfter(`{"results":[\n${row('2-b', 'b')},\n`)], { descending: true });
    await expect(reading).rejects.toMatchObject({ name: 'NetworkError', failure: 'cut' });
    expect(server.requests).toHaveLength(1);
  });
});

describe('What is no answer of a feed', () => {
  test.each([
    ['no body', 204, ''],
    ['an empty body', 200, ''],
    ['nothing but line breaks', 200, '\n\n\n'],
    ['a page of HTML', 200, '<!DOCTYPE html><html>Sign in</html>'],
    ['a list', 200, '[]'],
    ['a text', 200, '"results"'],
    ['another object', 200, '{"ok":true}'],
    ['an error with status 200', 200, '{"error":"timeout","reason":"mine"}'],
    ['rows that are no list', 200, '{"results":{},"last_seq":"9-z"}'],
  ])('is never taken for one without changes: %s', async (_what, status, body) => {
    const reading = read([answer(body, status)]);
    await expect(reading).rejects.toMatchObject({ name: 'ProtocolError', retryable: true });
    expect(server.requests).toHaveLength(3);
    await server.close();
    expect(await read([answer(body, status), answer(page(row('1-a', 'a')))])).toEqual(['a', 'end 9-z 0']);
  });

  test('is not taken for one where a proxy says that nothing was modified', async () => {
    await expect(read([answer('', 304)])).rejects.toMatchObject({ name: 'CouchError', status: 304 });
  });
});

test('A server that for minutes says nothing but that it is there is waited for', async () => {
  const held = await startHeldServer();
  server = { url: held.url, requests: [], close: () => held.close() };
  const clock = virtualClock();
  const traffic = { requests: 0, bytes: 0 };
  const database = couch.db(`${held.url}/db`, { retry: { attempts: 1 }, platform: clock.platform });
  const reading = database.metered({ traffic }).changes()[Symbol.asyncIterator]();
  const first = reading.next();
  const request = await held.request();
  const write = async (piece: string): Promise<void> => {
    const before = traffic.bytes;
    await request.write(piece);
    while (traffic.bytes < before + piece.length) await new Promise((resolve) => setImmediate(resolve));
  };
  await write('{"results":[\n');
  for (let minute = 0; minute < 10; minute += 1) {
    await clock.advance(59_000);
    await write('\n');
  }
  await clock.advance(59_000);
  await request.write(`${row('1-a', 'a')}\n],"last_seq":"1-a","pending":0}`);
  request.end();
  expect((await first).value).toMatchObject({ id: 'a' });
  expect((await reading.next()).value).toMatchObject({ type: 'end' });
  await reading.return?.();
  expect(clock.sleeps).toEqual([]);
});
