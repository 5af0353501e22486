import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { platform } from '../../../src/core/platform.ts';
import { afterTurn } from '../../../src/couch/budget/turn.ts';
import { type CouchOptions, couch } from '../../../src/couch/couch.ts';
import type { Database } from '../../../src/couch/database.ts';
import { type HeldServer, startHeldServer } from '../../support/held-server.ts';
import { answer, hangUp, type ScriptedServer, startScriptedServer } from '../../support/scripted-server.ts';
import { type VirtualClock, virtualClock } from '../../support/virtual-clock.ts';

const info = answer({ db_name: 'db', update_seq: 1, doc_count: 7 });
const row = (n: number): string =>
  JSON.stringify({ seq: `${n}-s`, id: `d${n}`, changes: [{ rev: '1-a' }], padding: 'x'.repeat(50_000) });
const page = (from: number, to: number): string => {
  const rows = Array.from({ length: to - from }, (_, n) => row(from + n + 1));
  return `{"results":[\n${rows.join(',\n')}\n],\n"last_seq":"${to}-s","pending":0}\n`;
};

describe('Handles that ask the same origin', () => {
  let server: HeldServer;

  beforeEach(async () => {
    server = await startHeldServer();
  });
  afterEach(() => server.close());

  const open = (options: CouchOptions = {}): Database =>
    couch.db(`${server.url}/db`, { retry: { attempts: 1 }, ...options });
  /** Answers requests one after the other, once it is certain that no more of them have come. */
  async function answerAll(expected: number, most: number): Promise<void> {
    for (let answered = 0; answered < expected; answered += 1) {
      const next = await server.request();
      if (answered === 0) await expect.poll(() => server.waiting).toBe(most - 1);
      else expect(server.waiting).toBeLessThan(most);
      next.answer(info);
    }
    expect(server.waiting).toBe(0);
  }

  test('have six connections between them', async () => {
    const asking = Array.from({ length: 20 }, () => open().info());
    await answerAll(20, 6);
    await Promise.all(asking);
  });

  test('have as few as any of those that are in use wants, and as many as are wanted once it is not', async () => {
    const asking = [open({ connections: 2 }), ...Array.from({ length: 9 }, () => open({ connections: 4 }))];
    const first = asking.map((database) => database.info());
    await answerAll(10, 2);
    await Promise.all(first);
    await afterTurn();
    const second = asking.slice(1).map((database) => database.info());
    await answerAll(9, 4);
    await Promise.all(second);
  });

  test('have any number, or do not share them, where they say so', async () => {
    const unbound = Array.from({ length: 10 }, () => open({ connections: Number.POSITIVE_INFINITY }).info());
    await answerAll(10, 10);
    await Promise.all(unbound);
    const fetches = [1, 2].map(() => platform({ fetch: (url, init) => fetch(url, init) }));
    const apart = fetches.flatMap((on) => [1, 2].map(() => open({ connections: 1, platform: on }).info()));
    await answerAll(4, 2);
    await Promise.all(apart);
  });

  test.each([0, 0.5, -1, Number.NaN])('cannot have %d', (connections) => {
    expect(() => open({ connections })).toThrow(`Option connections must be at least 1, not ${connections}`);
  });

  test('wait without a limit of time, and give up waiting when they are told to', async () => {
    const only = open({ connections: 1, limits: { head: 5000, body: 5000 } });
    const clock = virtualClock();
    const late = open({ connections: 1, limits: { head: 10, body: 10 }, platform: clock.platform });
    const first = only.info();
    const request = await server.request();
    const second = late.info();
    const controller = new AbortController();
    const third = late.info({ signal: controller.signal });
    await clock.sleeping(250);
    await clock.advance(100_000);
    controller.abort(new Error('enough'));
    await expect(third).rejects.toThrow('enough');
    request.answer(info);
    await first;
    (await server.request()).answer(info);
    expect((await second).docCount).toBe(7);
    expect(server.waiting).toBe(0);
  });
});

describe('On a single connection', () => {
  let server: ScriptedServer;
  afterEach(() => server.close());

  test.each([
    ['a feed', (database: Database) => database.changes()],
    ['a live feed', (database: Database) => database.changes({ feed: 'live', limit: 20 })],
    ['a feed of few sequences', (database: Database) => database.changes({ seqInterval: 1000 })],
  ])('a reader of %s can ask for something else for every row, and misses none', async (_what, read) => {
    server = await startScriptedServer((response, { path, query }) => {
      if (!path.includes('_changes')) return info(response, { path, query } as never);
      const from = Number.parseInt(query.get('since') ?? '0', 10);
      const text = page(from, 20);
      answer(query.has('seq_interval') ? text.replaceAll(/"seq":"\d+-s"/g, '"seq":null') : text)(response, {} as never);
    });
    // Patience is not what is tested.
    const on = platform({ sleep: (ms, signal) => platform().sleep(ms === 250 ? 1 : ms, signal) });
    const database = couch.db(`${server.url}/db`, { connections: 1, platform: on });
    const seen = new Set<string>();
    for await (const event of read(database)) {
      if (event.type !== 'row') continue;
      seen.add(event.id);
      expect((await database.info()).docCount).toBe(7);
    }
    expect([...seen]).toEqual(Array.from({ length: 20 }, (_, n) => `d${n + 1}`));
  });

  test('a reader of revisions can ask for something else for each', async () => {
    const documents = Array.from({ length: 20 }, (_, n) => ({ id: `d${n}`, revs: ['1-a'] }));
    server = await startScriptedServer((response, seen) => {
      if (seen.method !== 'POST') return info(response, seen);
      const { docs } = JSON.parse(seen.body) as { docs: { id: string; rev: string }[] };
      const results = docs.map(({ id, rev }) => ({
        id,
        docs: [{ ok: { _id: id, _rev: rev, _revisions: { start: 1, ids: ['a'] }, padding: 'x'.repeat(50_000) } }],
      }));
      answer({ results })(response, seen);
    });
    const on = platform({ sleep: (ms, signal) => platform().sleep(ms === 250 ? 1 : ms, signal) });
    const database = couch.db(`${server.url}/db`, { connections: 1, platform: on });
    const seen: string[] = [];
    for await (const { id } of database.revisions(documents)) {
      seen.push(id);
      await database.info();
    }
    expect(seen.sort()).toEqual(documents.map(({ id }) => id).sort());
  });
});

describe('A feed that others wait for', () => {
  let server: HeldServer;
  let clock: VirtualClock;

  beforeEach(async () => {
    server = await startHeldServer();
    clock = virtualClock();
  });
  afterEach(() => server.close());

  test.each([
    ['a feed', {}],
    ['a live feed that catches up', { feed: 'live' }],
  ] as const)(
    'ends when its time is over and it has come on, as %s, and goes on from there in its turn',
    async (_what, options) => {
      const open = (name: string): Database =>
        couch.db(`${server.url}/${name}`, { connections: 2, platform: clock.platform }).metered({
          traffic: { requests: 0, bytes: 0 },
        });
      const reader = open('long').changes(options)[Symbol.asyncIterator]();
      let next = reader.next();
      const long = await server.request();
      await long.write(`{"results":[\n${row(1)},\n`);
      expect((await next).value).toMatchObject({ id: 'd1' });
      const other = open('other').changes()[Symbol.asyncIterator]();
      const otherNext = other.next();
      await clock.sleeping(250);
      next = reader.next();
      await clock.advance(4000);
      await long.write(`${row(2)},\n`);
      expect((await next).value).toMatchObject({ id: 'd2' });
      next = reader.next();
      await clock.advance(1000);
      expect(server.waiting).toBe(0);
      await long.write(`${row(3)},\n`);
      expect((await next).value).toMatchObject({ id: 'd3' });
      next = reader.next();
      await long.closed;
      const others = await server.request();
      expect(others.path).toMatch('/other/_changes');
      others.answer(answer(page(0, 1)));
      expect((await otherNext).value).toMatchObject({ id: 'd1' });
      expect((await other.next()).value).toMatchObject({ type: 'end' });
      expect((await other.next()).done).toBe(true);
      const again = await server.request();
      expect([again.path.split('?')[0], again.query.get('since')]).toEqual(['/long/_changes', '3-s']);
      again.answer(answer(page(3, 4)));
      expect((await next).value).toMatchObject({ id: 'd4' });
      await reader.return?.();
    },
  );
});

describe('After a status 429', () => {
  let server: ScriptedServer;
  let clock: VirtualClock;

  beforeEach(() => {
    clock = virtualClock();
  });
  afterEach(() => server.close());

  const tooMany = (headers = {}) => answer({ error: 'too_many_requests', reason: 'slow down' }, 429, headers);
  const open = (attempts = 1): Database =>
    couch.db(`${server.url}/db`, { platform: clock.platform, retry: { attempts } });

  test.each([
    ['as long as it says in seconds', { 'retry-after': '7' }, 7000],
    ['as long as it says by a date', { 'retry-after': new Date(1_700_000_009_000).toUTCString() }, 9000],
    ['for a moment where it says nothing', {}, 187.5],
  ])('all handles of the origin pause, %s, and no try is counted', async (_how, headers, ms) => {
    server = await startScriptedServer(tooMany(headers), info);
    const first = open().info();
    await clock.sleeping(ms);
    const second = open().info();
    await clock.advance(ms - 1);
    expect(server.requests).toHaveLength(1);
    await clock.advance(1);
    expect([(await first).docCount, (await second).docCount]).toEqual([7, 7]);
    expect(server.requests).toHaveLength(3);
  });

  test('a request is sent again for ten minutes, as often as it takes, and tells that it waits', async () => {
    server = await startScriptedServer(tooMany({ 'retry-after': '100' }));
    const delays: number[] = [];
    const database = open(1).metered({
      traffic: { requests: 0, bytes: 0 },
      onRetry: ({ delay }) => delays.push(delay),
    });
    const asking = database.info();
    let error: unknown;
    asking.catch((reason: unknown) => {
      error = reason;
    });
    for (let time = 0; time < 6; time += 1) {
      await clock.sleeping(100_000);
      await clock.advance(100_000);
      await expect.poll(() => server.requests.length).toBe(time + 2);
    }
    await expect.poll(() => error).toMatchObject({ name: 'CouchError', status: 429, retryable: true });
    expect(delays).toEqual(Array.from({ length: 6 }, () => 100_000));
  });

  test('failures of other kinds are counted as ever', async () => {
    server = await startScriptedServer(hangUp, tooMany({ 'retry-after': '1' }), hangUp);
    const asking = open(2).info();
    asking.catch(() => {});
    await clock.sleeping(125);
    await clock.advance(125);
    await clock.sleeping(1000);
    await clock.advance(1000);
    await expect(asking).rejects.toMatchObject({ name: 'NetworkError' });
    expect(server.requests).toHaveLength(3);
  });

  test('a live feed waits like all others, and then goes on as before', async () => {
    server = await startScriptedServer(
      answer('{"results":[],"last_seq":"1-a","pending":0}'),
      tooMany({ 'retry-after': '40' }),
      answer('{"results":[],"last_seq":"1-a","pending":0}'),
      (response) => {
        response.writeHead(200, { 'content-type': 'application/json' });
        response.write('\n');
      },
    );
    const reader = open().changes({ feed: 'live' })[Symbol.asyncIterator]();
    await reader.next();
    const waiting = reader.next();
    await clock.sleeping(40_000);
    await clock.advance(40_000);
    await expect.poll(() => server.requests.length).toBe(4);
    expect(server.requests.map(({ query }) => query.get('feed'))).toEqual([null, 'continuous', null, 'continuous']);
    await reader.return?.();
    await waiting;
  });

  test('fewer requests are sent at once, and one more with each round of answers', async () => {
    const held = await startHeldServer();
    server = { ...held, requests: [] };
    const ask = (count: number): Promise<unknown> =>
      Promise.all(Array.from({ length: count }, () => couch.db(`${held.url}/db`, { platform: clock.platform }).info()));
    const first = ask(6);
    await expect.poll(() => held.waiting).toBe(6);
    (await held.request()).answer(tooMany({ 'retry-after': '5' }));
    for (let n = 0; n < 5; n += 1) (await held.request()).answer(info);
    await clock.sleeping(5000);
    await clock.advance(5000);
    (await held.request()).answer(info);
    await first;
    const second = ask(20);
    // Half of six; the one before was the first of this round.
    for (const atOnce of [3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 5, 6, 6]) {
      await expect.poll(() => held.waiting).toBe(atOnce);
      (await held.request()).answer(info);
    }
    for (let n = 0; n < 7; n += 1) (await held.request()).answer(info);
    await second;
  });
});
