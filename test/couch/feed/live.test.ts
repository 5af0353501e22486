import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { LiveChangesEvent, LiveChangesOptions } from '../../../src/couch/changes.ts';
import { couch } from '../../../src/couch/couch.ts';
import type { RetryNotice } from '../../../src/couch/request/retry.ts';
import { type HeldRequest, type HeldServer, startHeldServer } from '../../support/held-server.ts';
import { answer } from '../../support/scripted-server.ts';
import { type VirtualClock, virtualClock } from '../../support/virtual-clock.ts';

let server: HeldServer;
let clock: VirtualClock;
let notices: RetryNotice[];
let reader: AsyncIterator<LiveChangesEvent>;
/** How often the feed has told that it is connected again. */
let reconnects: number;

beforeEach(async () => {
  server = await startHeldServer();
  clock = virtualClock();
  notices = [];
  reconnects = 0;
});
afterEach(async () => {
  await reader.return?.();
  await server.close();
  expect(clock.sleeps).toEqual([]);
});

const row = (seq: unknown, id = `doc ${String(seq)}`): string => JSON.stringify({ seq, id, changes: [{ rev: '1-a' }] });
const page = (lastSeq: string, ...rows: string[]) =>
  answer(`{"results":[\n${rows.join(',\n')}\n],\n"last_seq":${JSON.stringify(lastSeq)},"pending":0}\n`);
const lastLine = (seq: string): string => `{"last_seq":"${seq}","pending":0}\n`;

/** Begins to read; what is told comes as short texts. */
function follow(options: LiveChangesOptions): void {
  const database = couch
    .db(`${server.url}/db`, { platform: clock.platform, retry: { attempts: 2 } })
    .metered({ traffic: { requests: 0, bytes: 0 }, onRetry: (notice) => notices.push(notice) });
  reader = database.changes(options)[Symbol.asyncIterator]();
}
async function next(): Promise<string> {
  const { done, value } = await reader.next();
  if (done) return 'done';
  if (value.type === 'reconnected') {
    reconnects += 1;
    return next();
  }
  return value.type === 'row' ? `row ${value.id}` : `${value.type} ${String(value.lastSeq)} ${value.pending}`;
}

/** Answers the request that catches up with nothing, and gives the live request after it. */
async function goLive(since: string): Promise<HeldRequest> {
  awaited = next();
  (await server.request()).answer(page(since));
  expect(await awaited).toMatch(`idle ${since} `);
  awaited = next();
  return server.request();
}
/** What is told next, where it has been asked for already. */
let awaited: Promise<string>;

describe('A live feed', () => {
  test('catches up by a normal request, tells that it is idle, and goes on from there', async () => {
    follow({ feed: 'live', style: 'all_docs', seqInterval: 10, includeDocs: true, since: '0-start' });
    const reading = next();
    const first = await server.request();
    expect(Object.fromEntries(first.query)).toEqual({
      style: 'all_docs',
      include_docs: 'true',
      seq_interval: '10',
      since: '0-start',
    });
    first.answer(page('2-b', row('1-a'), row('2-b')));
    expect([await reading, await next(), await next()]).toEqual(['row doc 1-a', 'row doc 2-b', 'idle 2-b 0']);
    awaited = next();
    const live = await server.request();
    expect(Object.fromEntries(live.query)).toEqual({
      feed: 'continuous',
      style: 'all_docs',
      include_docs: 'true',
      heartbeat: '10000',
      since: '2-b',
    });
    expect(live.headers['accept-encoding']).toBe('identity');
    await live.write(`${row('3-c')}\n`);
    expect(await awaited).toBe('row doc 3-c');
  });

  test('is idle after rows that nothing follows for a tenth of a second', async () => {
    follow({ feed: 'continuous' });
    const live = await goLive('1-a');
    await live.write(`${row('2-b')}\n`);
    expect(await awaited).toBe('row doc 2-b');
    awaited = next();
    await clock.sleeping(100);
    await clock.advance(100);
    expect(await awaited).toBe('idle 2-b undefined');
  });

  test('is idle at once where the server says so by an empty line, and says it once', async () => {
    follow({ feed: 'continuous' });
    const live = await goLive('1-a');
    await live.write(`${row('2-b')}\n\n`);
    expect([await awaited, await next()]).toEqual(['row doc 2-b', 'idle 2-b undefined']);
    awaited = next();
    for (let beat = 0; beat < 1000; beat += 1) await live.write('\n');
    await live.write(`${row('3-c')}\n`);
    expect(await awaited).toBe('row doc 3-c');
  });

  test('goes on at once, from the last line, after an orderly end', async () => {
    follow({ feed: 'continuous', timeout: 20_000 });
    const live = await goLive('1-a');
    expect([live.query.get('timeout'), live.query.get('heartbeat')]).toEqual(['20000', null]);
    await live.write('\n');
    await clock.advance(20_000);
    await live.write(lastLine('5-e'));
    live.end();
    expect(await awaited).toBe('idle 5-e 0');
    awaited = next();
    expect((await server.request()).query.get('since')).toBe('5-e');
    expect(notices).toEqual([]);
  });

  test('drops the row in which its connection breaks, waits, and goes on after the last whole one', async () => {
    follow({ feed: 'continuous' });
    const live = await goLive('1-a');
    await live.write(`${row('2-b')}\n{"seq":"3-`);
    expect(await awaited).toBe('row doc 2-b');
    awaited = next();
    live.tear();
    await clock.sleeping(125);
    expect(notices).toMatchObject([{ failures: 1, delay: 125, error: { failure: 'cut' } }]);
    await clock.advance(125);
    const again = await server.request();
    expect([again.query.get('feed'), again.query.get('since')]).toEqual([null, '2-b']);
    again.answer(page('3-c', row('3-c')));
    expect([await awaited, await next()]).toEqual(['row doc 3-c', 'idle 3-c 0']);
  });

  test('never goes on from a row without a sequence', async () => {
    follow({ feed: 'continuous' });
    const live = await goLive('1-a');
    await live.write(`${row('2-b')}\n${row(null, 'x')}\n`);
    expect([await awaited, await next()]).toEqual(['row doc 2-b', 'row x']);
    awaited = next();
    live.tear();
    await clock.sleeping(125);
    await clock.advance(125);
    expect((await server.request()).query.get('since')).toBe('2-b');
  });

  test('counts rows that come again towards its limit once', async () => {
    follow({ feed: 'continuous', limit: 3 });
    const live = await goLive('1-a');
    await live.write(`${row('2-b')}\n${row(null, 'x')}\n`);
    expect([await awaited, await next()]).toEqual(['row doc 2-b', 'row x']);
    awaited = next();
    live.tear();
    await clock.sleeping(125);
    await clock.advance(125);
    const again = await server.request();
    expect(again.query.get('limit')).toBe('2');
    again.answer(page('4-d', row('3-c', 'x'), row('4-d')));
    expect([await awaited, await next(), await next()]).toEqual(['row x', 'row doc 4-d', 'end 4-d undefined']);
  });

  test('takes an orderly end for one, whatever becomes of the connection after it', async () => {
    follow({ feed: 'continuous' });
    const live = await goLive('1-a');
    await live.write(`${row('2-b')}\n${lastLine('3-c')}`);
    live.tear();
    expect([await awaited, await next()]).toEqual(['row doc 2-b', 'idle 3-c 0']);
    awaited = next();
    expect(Object.fromEntries((await server.request()).query)).toMatchObject({ feed: 'continuous', since: '3-c' });
  });

  test('tries for ever, longer and longer apart, whatever the attempts of a single request are', async () => {
    follow({ feed: 'live' });
    awaited = next();
    for (const delay of [125, 250, 500, 1000, 2000, 4000, 8000, 15_000, 15_000]) {
      (await server.request()).tear();
      await clock.sleeping(delay);
      await clock.advance(delay);
    }
    (await server.request()).answer(page('1-a', row('1-a')));
    expect(await awaited).toBe('row doc 1-a');
    expect(notices).toHaveLength(9);
  });

  test('waits as long as the server asks', async () => {
    follow({ feed: 'live' });
    awaited = next();
    (await server.request()).answer(answer('', 503, { 'retry-after': '40' }));
    await clock.sleeping(40_000);
    await clock.advance(40_000);
    (await server.request()).answer(page('1-a'));
    expect(await awaited).toBe('idle 1-a 0');
  });

  test.each([
    ['an error inside the stream', '{"error":"timeout","reason":"mine"}\n', 'ended the feed with an error'],
    ['a page of HTML inside the stream', '<html>\n<body>\n', 'not JSON: "<html>"'],
    ['what maintenance mode leaves in the stream', 'HTTP/1.1 412 Precondition Failed\r\n\r\n', 'not JSON'],
    ['something else than an object', '[1]\n', 'not a JSON object'],
    ['an object of another kind', '{"ok":true}\n', "not CouchDB's"],
    ['bytes that are no UTF-8', Uint8Array.of(0x7b, 0xff, 0x0a), 'not UTF-8'],
  ])('takes %s for no change, and comes back', async (_what, garbage, said) => {
    follow({ feed: 'continuous' });
    const live = await goLive('1-a');
    await live.write(`${row('2-b')}\n`);
    expect(await awaited).toBe('row doc 2-b');
    awaited = next();
    await live.write(garbage);
    await clock.sleeping(125);
    expect(notices).toMatchObject([{ error: { name: 'ProtocolError', retryable: true } }]);
    expect(String(notices[0]?.error)).toContain(said);
    await live.closed;
    await clock.advance(125);
    (await server.request()).answer(page('2-b'));
    // Nothing is new, but that it is idle.
    expect(await awaited).toBe('idle 2-b 0');
  });

  test.each([
    ['an answer without a body', answer('', 204)],
    ['an empty body', answer('')],
    ['a body without an end', answer(`${row('2-b')}\n`.slice(0, -3))],
  ])('takes %s for no end', async (_what, step) => {
    follow({ feed: 'continuous' });
    const live = await goLive('1-a');
    live.answer(step);
    await clock.sleeping(125);
    expect(notices).toMatchObject([{ error: { name: 'ProtocolError', retryable: true } }]);
  });

  test('reads a character, a line end and a number that are cut in pieces', async () => {
    follow({ feed: 'continuous' });
    const live = await goLive('1-a');
    const bytes = new TextEncoder().encode(
      `${row('2-b', 'süß 🥞 "x\\')}\r\n${row(1234567, 'n')}\r\n\r\n${lastLine('4-d')}`,
    );
    for (const byte of bytes) await live.write(Uint8Array.of(byte));
    live.end();
    expect(await awaited).toBe('row süß 🥞 "x\\');
    expect(await next()).toBe('row n');
    expect(await next()).toMatch(/^idle (1234567 undefined|4-d 0)$/);
  });

  test('stays below the limit it was given, and ends, also on a server that goes on', async () => {
    follow({ feed: 'continuous', limit: 3 });
    awaited = next();
    const first = await server.request();
    expect(first.query.get('limit')).toBe('3');
    first.answer(page('2-b', row('1-a'), row('2-b')));
    expect([await awaited, await next(), await next()]).toEqual(['row doc 1-a', 'row doc 2-b', 'idle 2-b 0']);
    awaited = next();
    const live = await server.request();
    expect(live.query.get('limit')).toBe('1');
    await live.write(`${row('3-c')}\n${row('4-d')}\n`);
    expect([await awaited, await next(), await next()]).toEqual(['row doc 3-c', 'end 3-c undefined', 'done']);
    await live.closed;
  });

  test('ends with the error of a database that is not there any more', async () => {
    follow({ feed: 'live' });
    const live = await goLive('1-a');
    await live.write(lastLine('1-a'));
    live.end();
    await clock.sleeping(125);
    await clock.advance(125);
    (await server.request()).answer(answer({ error: 'not_found', reason: 'Database does not exist.' }, 404));
    await expect(awaited).rejects.toMatchObject({ name: 'CouchError', status: 404 });
  });

  test('asks for no other kind of feed of a database that is not there', async () => {
    follow({ feed: 'live' });
    (await goLive('1-a')).answer(answer({ error: 'not_found', reason: 'Database does not exist.' }, 404));
    await expect(awaited).rejects.toMatchObject({ name: 'CouchError', status: 404 });
  });

  test.each([401, 403, 404, 400])('ends with a refusal of status %d while it catches up', async (status) => {
    follow({ feed: 'live' });
    awaited = next();
    (await server.request()).answer(answer({ error: 'x', reason: 'y' }, status));
    await expect(awaited).rejects.toMatchObject({ name: 'CouchError', status });
    expect(server.waiting).toBe(0);
  });
});

describe('A feed that is silent', () => {
  test('is given up after three heartbeats, and comes back at once', async () => {
    follow({ feed: 'continuous', heartbeat: 20_000 });
    const live = await goLive('1-a');
    await live.write(`${row('2-b')}\n\n`);
    expect([await awaited, await next()]).toEqual(['row doc 2-b', 'idle 2-b undefined']);
    awaited = next();
    await clock.advance(59_000);
    await live.write(`${row('3-c')}\n\n`);
    expect([await awaited, await next()]).toEqual(['row doc 3-c', 'idle 3-c undefined']);
    awaited = next();
    await clock.advance(60_100);
    await live.closed;
    (await server.request()).answer(page('4-d', row('4-d')));
    expect(await awaited).toBe('row doc 4-d');
    expect(notices).toEqual([]);
  });

  test('is not, as long as there are heartbeats', async () => {
    follow({ feed: 'continuous' });
    const live = await goLive('1-a');
    await live.write(`${row('1-b')}\n\n`);
    expect([await awaited, await next()]).toEqual(['row doc 1-b', 'idle 1-b undefined']);
    awaited = next();
    for (let beat = 0; beat < 20; beat += 1) {
      await live.write('\n');
      // The piece has been read when its pause is being waited for.
      await clock.sleeping(100);
      await clock.advance(29_000);
    }
    await live.write(`${row('2-b')}\n`);
    expect(await awaited).toBe('row doc 2-b');
    expect(server.waiting).toBe(0);
  });

  test('gives way to a long poll that ends by itself, then to polling, and is tried again after an hour', async () => {
    follow({ feed: 'live' });
    const continuous = await goLive('1-a');
    expect(continuous.query.get('feed')).toBe('continuous');
    await clock.advance(30_000);
    await continuous.closed;
    (await server.request()).answer(page('2-b', row('2-b')));
    expect([await awaited, await next()]).toEqual(['row doc 2-b', 'idle 2-b 0']);
    awaited = next();
    const longpoll = await server.request();
    expect(Object.fromEntries(longpoll.query)).toEqual({ feed: 'longpoll', timeout: '20000', since: '2-b' });
    await clock.advance(50_000);
    await longpoll.closed;
    (await server.request()).answer(page('3-c', row('3-c')));
    expect([await awaited, await next()]).toEqual(['row doc 3-c', 'idle 3-c 0']);
    awaited = next();
    await clock.sleeping(10_000);
    await clock.advance(10_000);
    const poll = await server.request();
    expect(Object.fromEntries(poll.query)).toEqual({ since: '3-c' });
    poll.answer(page('4-d', row('4-d')));
    expect([await awaited, await next()]).toEqual(['row doc 4-d', 'idle 4-d 0']);
    awaited = next();
    await clock.sleeping(10_000);
    await clock.advance(3_600_000);
    (await server.request()).answer(page('5-e', row('5-e')));
    expect([await awaited, await next()]).toEqual(['row doc 5-e', 'idle 5-e 0']);
    awaited = next();
    expect((await server.request()).query.get('feed')).toBe('continuous');
  });
});

describe('A server that lacks a feed', () => {
  test.each([
    ['refuses it with 400', answer({ error: 'bad_request', reason: 'Supported `feed` types: normal' }, 400)],
    ['refuses it with 404', answer({ error: 'not_found', reason: 'missing' }, 404)],
    ['refuses it with 405', answer({ error: 'method_not_allowed', reason: 'x' }, 405)],
    ['answers with a normal feed', page('1-a')],
  ])('and %s is asked for long polls, once told', async (_how, step) => {
    follow({ feed: 'live' });
    (await goLive('1-a')).answer(step);
    (await server.request()).answer(page('1-a'));
    const longpoll = await server.request();
    expect(longpoll.query.get('feed')).toBe('longpoll');
    longpoll.answer(page('2-b', row('2-b')));
    expect(await awaited).toBe('row doc 2-b');
    expect(await next()).toBe('idle 2-b 0');
  });

  test('is not asked for another where one was named', async () => {
    follow({ feed: 'continuous' });
    (await goLive('1-a')).answer(answer({ error: 'bad_request', reason: 'mine' }, 400));
    await expect(awaited).rejects.toMatchObject({ name: 'CouchError', status: 400, reason: 'mine' });
  });

  test('and answers long polls at once is polled before long', async () => {
    follow({ feed: 'live' });
    (await goLive('1-a')).answer(answer('', 405));
    for (const delay of [250, 500, 1000]) {
      (await server.request()).answer(page('1-a'));
      if (delay > 250) {
        expect(await awaited).toBe('idle 1-a 0');
        awaited = next();
      }
      (await server.request()).answer(page('1-a'));
      await clock.sleeping(delay);
      await clock.advance(delay);
    }
    (await server.request()).answer(page('1-a'));
    expect(await awaited).toBe('idle 1-a 0');
    awaited = next();
    await clock.sleeping(10_000);
    await clock.advance(10_000);
    expect((await server.request()).query.get('feed')).toBeNull();
  });

  test('as event source answers with JSON', async () => {
    follow({ feed: 'eventsource' });
    const live = await goLive('1-a');
    live.answer(page('1-a'));
    await expect(awaited).rejects.toMatchObject({
      name: 'ProtocolError',
      message: expect.stringContaining('event source'),
    });
  });
});

describe('That it is connected again is told', () => {
  test('once a connection that was torn is back, and before its rows', async () => {
    follow({ feed: 'continuous' });
    const live = await goLive('1-a');
    live.tear();
    await clock.sleeping(125);
    await clock.advance(125);
    expect(reconnects).toBe(0);
    const again = await server.request();
    await again.write('{"results":[\n');
    await expect.poll(() => reconnects).toBe(1);
    await again.write(`${row('2-b')}\n],\n"last_seq":"2-b","pending":0}\n`);
    expect(await awaited).toBe('row doc 2-b');
    expect(reconnects).toBe(1);
  });

  test.each([
    ['a feed with heartbeats', { feed: 'continuous' }],
    ['a feed with a timeout, before its time', { feed: 'continuous', timeout: 20_000 }],
    ['a long poll, before its time', { feed: 'longpoll' }],
  ] as const)('after the orderly end of %s, as when the database is deleted', async (_what, options) => {
    follow(options);
    const live = await goLive('1-a');
    await live.write(options.feed === 'longpoll' ? '{"results":[\n' : '\n');
    await clock.advance(9_000);
    await live.write(options.feed === 'longpoll' ? '],\n"last_seq":"1-a","pending":0}\n' : lastLine('1-a'));
    live.end();
    const again = await server.request();
    expect(again.query.get('since')).toBe('1-a');
    await again.write('\n');
    await expect.poll(() => reconnects).toBe(1);
  });

  test('not after an end that was agreed', async () => {
    follow({ feed: 'longpoll' });
    let live = await goLive('1-a');
    for (const seq of ['2-b', '3-c']) {
      live.answer(page(seq, row(seq)));
      expect([await awaited, await next()]).toEqual([`row doc ${seq}`, `idle ${seq} 0`]);
      awaited = next();
      live = await server.request();
    }
    for (let quiet = 0; quiet < 3; quiet += 1) {
      await clock.advance(20_000);
      live.answer(page('3-c'));
      live = await server.request();
    }
    live.answer(page('4-d', row('4-d')));
    expect(await awaited).toBe('row doc 4-d');
    expect(reconnects).toBe(0);
  });
});

describe('After a jump of the clock', () => {
  test('a live feed comes back within seconds', async () => {
    follow({ feed: 'continuous' });
    const live = await goLive('1-a');
    await live.write('\n');
    clock.jump(8 * 3_600_000);
    await clock.advance(5000);
    await live.closed;
    (await server.request()).answer(page('2-b', row('2-b')));
    expect(await awaited).toBe('row doc 2-b');
    expect(notices).toEqual([]);
  });

  test('a feed that waits for another try has it at once', async () => {
    follow({ feed: 'live' });
    awaited = next();
    (await server.request()).answer(answer('', 503, { 'retry-after': '600' }));
    await clock.sleeping(600_000);
    clock.jump(60_000);
    await clock.advance(5000);
    (await server.request()).answer(page('1-a'));
    expect(await awaited).toBe('idle 1-a 0');
  });
});

describe('A connection that was kept, and died with the one of the feed,', () => {
  test.each([
    { after: 'a jump of the clock', jump: 8 * 3_600_000, noticed: 5000, failures: [1, 2, 3] },
    { after: 'silence', jump: 0, noticed: 30_000, failures: [2, 3, 4] },
  ])('is not waited for as long as a slow server, after $after', async ({ jump, noticed, failures }) => {
    follow({ feed: 'continuous' });
    const live = await goLive('1-a');
    await live.write('\n');
    // The piece has been read when its pause is being waited for.
    await clock.sleeping(100);
    clock.jump(jump);
    await clock.advance(noticed);
    await live.closed;
    for (const limit of [10_000, 20_000, 40_000]) {
      const dead = await server.request();
      await clock.advance(limit);
      await dead.closed;
      await clock.advance(notices.at(-1)?.delay ?? 0);
    }
    const slow = await server.request();
    await clock.advance(59_000);
    slow.answer(page('2-b', row('2-b')));
    expect(await awaited).toBe('row doc 2-b');
    expect(notices.map((notice) => notice.failures)).toEqual(failures);
  });
});

describe('A long poll', () => {
  test('follows the other as soon as one ends', async () => {
    follow({ feed: 'longpoll' });
    const first = await goLive('1-a');
    expect(Object.fromEntries(first.query)).toEqual({ feed: 'longpoll', timeout: '20000', since: '1-a' });
    first.answer(page('2-b', row('2-b')));
    expect([await awaited, await next()]).toEqual(['row doc 2-b', 'idle 2-b 0']);
    awaited = next();
    const second = await server.request();
    expect(second.query.get('since')).toBe('2-b');
    await clock.advance(20_000);
    second.answer(page('2-b'));
    // It has been told before that nothing is new.
    const third = await server.request();
    await clock.advance(20_000);
    third.answer(page('7-g'));
    expect(await awaited).toBe('idle 7-g 0');
  });

  test('in two writes, the second one without pending, is read', async () => {
    follow({ feed: 'longpoll' });
    const live = await goLive('1-a');
    await live.write('{"results":[\n');
    await live.write(`${row(2)}\n],\n"last_seq":2}`);
    live.end();
    expect([await awaited, await next()]).toEqual(['row doc 2', 'idle 2 undefined']);
  });
});

describe('An event source', () => {
  const event = (seq: string): string => `data: ${row(seq)}\nid: "${seq}-not-this"\n\n`;

  test('is read by its data, goes on from there, and asks where it is after an end', async () => {
    follow({ feed: 'eventsource' });
    const live = await goLive('1-a');
    expect(Object.fromEntries(live.query)).toEqual({ feed: 'eventsource', heartbeat: '10000', since: '1-a' });
    await live.write(event('2-b'), 'text/event-stream; charset=utf-8');
    expect(await awaited).toBe('row doc 2-b');
    await live.write('event: heartbeat\ndata: \n\n');
    expect(await next()).toBe('idle 2-b undefined');
    awaited = next();
    live.end();
    const again = await server.request();
    expect(Object.fromEntries(again.query)).toEqual({ since: '2-b' });
    again.answer(page('9-z'));
    expect(await awaited).toBe('idle 9-z 0');
  });

  test.each([
    ['an error', 'data: {"error":"timeout","reason":"mine"}\n\n', 'ended the feed with an error'],
    ['HTML', 'data: <html>\n\n', 'not JSON: "<html>"'],
    ['bytes that are no UTF-8', Uint8Array.of(0x64, 0xff, 0x0a), 'not UTF-8'],
  ])('that brings %s comes back', async (_what, garbage, said) => {
    follow({ feed: 'eventsource' });
    const live = await goLive('1-a');
    await live.write(event('2-b'), 'text/event-stream');
    expect(await awaited).toBe('row doc 2-b');
    awaited = next();
    await live.write(garbage);
    await clock.sleeping(125);
    expect(notices).toMatchObject([{ error: { name: 'ProtocolError' } }]);
    expect(String(notices[0]?.error)).toContain(said);
    await live.closed;
  });

  test('closes its connection when its limit is reached', async () => {
    follow({ feed: 'eventsource', limit: 1 });
    const live = await goLive('1-a');
    await live.write(event('2-b'), 'text/event-stream');
    expect([await awaited, await next(), await next()]).toEqual(['row doc 2-b', 'end 2-b undefined', 'done']);
    await live.closed;
  });

  test('that is torn comes back', async () => {
    follow({ feed: 'eventsource' });
    const live = await goLive('1-a');
    await live.write(`${event('2-b')}data: {"se`, 'text/event-stream');
    expect(await awaited).toBe('row doc 2-b');
    awaited = next();
    live.tear();
    await clock.sleeping(125);
    expect(notices).toMatchObject([{ error: { failure: 'cut' } }]);
  });
});

describe('A feed of selected documents', () => {
  test.each([
    ['docIds', { docIds: ['a'] }],
    ['a selector', { selector: { type: 'x' } }],
    ['a filter', { filter: { name: 'app/f' } }],
  ])('by %s is asked to end, so that its position is known', async (_by, selection) => {
    follow({ feed: 'continuous', ...selection });
    const live = await goLive('1-a');
    expect([live.query.get('timeout'), live.query.get('heartbeat')]).toEqual(['20000', null]);
    await clock.advance(20_000);
    await live.write(lastLine('5-e'));
    live.end();
    expect(await awaited).toMatch(/^idle 5-e/);
  });

  test('by docIds does not take for pending what CouchDB counts', async () => {
    follow({ feed: 'continuous', docIds: ['a', 'b'] });
    awaited = next();
    (await server.request()).answer(answer(`{"results":[${row('1-a', 'a')}],"last_seq":"1-a","pending":1}`));
    expect([await awaited, await next()]).toEqual(['row a', 'idle 1-a undefined']);
  });
});

test('A page that the server cut short is followed by the next, and is no reason to be idle', async () => {
  follow({ feed: 'polling' });
  awaited = next();
  (await server.request()).answer(answer(`{"results":[${row('1-a')}],"last_seq":"1-a","pending":1}`));
  expect(await awaited).toBe('row doc 1-a');
  awaited = next();
  const second = await server.request();
  expect(second.query.get('since')).toBe('1-a');
  second.answer(page('2-b', row('2-b')));
  expect([await awaited, await next()]).toEqual(['row doc 2-b', 'idle 2-b 0']);
});

test('Leaving while a feed waits for another try ends the wait', async () => {
  follow({ feed: 'live' });
  awaited = next();
  (await server.request()).tear();
  await clock.sleeping(125);
  await reader.return?.();
  expect(await awaited).toBe('done');
  // Nobody sleeps any more: the check after each test.
});

describe('A feed that is read once', () => {
  test('is resumed where it broke off, and tells its end', async () => {
    follow({ feed: 'continuous', once: true, since: '1-a' });
    awaited = next();
    const first = await server.request();
    expect(Object.fromEntries(first.query)).toEqual({ feed: 'continuous', timeout: '20000', since: '1-a' });
    expect(first.headers['accept-encoding']).toBe('identity');
    await first.write(`${row('2-b')}\n`);
    expect(await awaited).toBe('row doc 2-b');
    awaited = next();
    first.tear();
    await clock.sleeping(125);
    await clock.advance(125);
    const again = await server.request();
    expect(again.query.get('since')).toBe('2-b');
    await again.write(lastLine('3-c'));
    again.end();
    expect([await awaited, await next()]).toEqual(['end 3-c 0', 'done']);
  });

  test('gives up where it gets no further', async () => {
    follow({ feed: 'longpoll', once: true });
    awaited = next();
    const first = await server.request();
    await first.write(`{"results":[${row(null, 'x')},`);
    expect(await awaited).toBe('row x');
    awaited = next();
    first.tear();
    await clock.sleeping(125);
    await clock.advance(125);
    const again = await server.request();
    await again.write(`{"results":[${row(null, 'x')},`);
    expect(await awaited).toBe('row x');
    awaited = next();
    again.tear();
    // Two attempts is what this feed was given.
    await expect(awaited).rejects.toMatchObject({ name: 'NetworkError', failure: 'cut' });
  });
});
