import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type CouchServer, type DatabaseHandle, shuffled, startServer } from '../../demo/server/index.ts';
import { ask, askJson, lines, open } from './server-client.ts';

let server: CouchServer;
let database: DatabaseHandle;
let url: string;

beforeEach(async () => {
  server = await startServer();
  database = server.createDatabase('db');
  url = `${server.url}/db/_changes`;
});

afterEach(() => server.close());

interface Row {
  readonly seq: string;
  readonly id: string;
  readonly changes: readonly { readonly rev: string }[];
  readonly deleted?: boolean;
}

describe('feed=continuous', () => {
  test('tells a change when it happens', async () => {
    const feed = lines(await open('GET', `${url}?feed=continuous&heartbeat=60000`));
    expect((await feed.next()).value).toBe('');
    const rev = database.put({ _id: 'a' });
    expect((await feed.next()).value).toBe('');
    expect(JSON.parse((await feed.next()).value ?? '')).toMatchObject({ id: 'a', changes: [{ rev }] });
    await feed.return();
  });

  test('loses nothing that happens while rows are being sent', async () => {
    const body = 'x'.repeat(1000);
    database.bulkDocs(Array.from({ length: 5000 }, (_, i) => ({ _id: `before-${i}`, body })));
    const feed = lines(await open('GET', `${url}?feed=continuous&heartbeat=60000&include_docs=true`));
    await feed.next();
    database.put({ _id: 'meanwhile' });
    for await (const line of feed) if (line.includes('"id":"meanwhile"')) break;
  });

  test('ends when nothing happens for long enough, told by the clock it was given', async () => {
    const slept: number[] = [];
    const asleep = await startServer({ platform: { sleep: async (ms) => void slept.push(ms) } });
    asleep.createDatabase('db');
    const { body } = await ask('GET', `${asleep.url}/db/_changes?feed=continuous&timeout=1234`);
    expect(body).toMatch(/^\n\{"last_seq":"0-[^"]+","pending":0\}\n\n$/);
    expect(slept).toEqual([1234]);
    await asleep.close();
  });

  test('waits a minute at most', async () => {
    const slept: number[] = [];
    const asleep = await startServer({ platform: { sleep: async (ms) => void slept.push(ms) } });
    asleep.createDatabase('db');
    await ask('GET', `${asleep.url}/db/_changes?feed=longpoll&timeout=3600000`);
    expect(slept).toEqual([60_000]);
    await asleep.close();
  });

  test('ends with its database', async () => {
    const feed = lines(await open('GET', `${url}?feed=continuous&heartbeat=60000`));
    await feed.next();
    server.deleteDatabase('db');
    expect((await feed.next()).value).toMatch(/^\{"last_seq":/);
  });
});

describe('a sequence', () => {
  test('of another database reads everything again', async () => {
    database.put({ _id: 'a' });
    const { last_seq } = await askJson('GET', url);
    server.createDatabase('other').put({ _id: 'b' });
    const { results } = await askJson('GET', `${server.url}/other/_changes?since=${last_seq}`);
    expect(results).toHaveLength(1);
  });

  test('of a database that was deleted and made again reads everything again', async () => {
    database.put({ _id: 'a' });
    const { last_seq } = await askJson('GET', url);
    server.createDatabase('db').put({ _id: 'a' });
    expect((await askJson('GET', `${url}?since=${last_seq}`)).results).toHaveLength(1);
  });

  test('of a database with other shards reads everything again', async () => {
    database.put({ _id: 'a' });
    const { last_seq } = await askJson('GET', url);
    server.createDatabase('db', { q: 3 }).put({ _id: 'a' });
    expect((await askJson('GET', `${url}?since=${last_seq}`)).results).toHaveLength(1);
  });

  test.each(['garbage', '5', '5-g1AAAA', '5-g1AAAAbm9uc2Vuc2U', '%220%22', ''])('%s is refused', async (since) => {
    const { status, body } = await ask('GET', `${url}?since=${since}`);
    expect(status).toBe(400);
    expect(JSON.parse(body).reason).toBe("Malformed sequence supplied in 'since' parameter.");
  });
});

test('going on from the sequence of any row, in any order of shards, misses no document', async () => {
  const seeded = fc.record({
    q: fc.integer({ min: 1, max: 5 }),
    seed: fc.integer({ min: 0, max: 1000 }),
    edits: fc.array(fc.integer({ min: 0, max: 15 }), { minLength: 1, maxLength: 40 }),
    stop: fc.nat(),
  });
  await fc.assert(
    fc.asyncProperty(seeded, async ({ q, seed, edits, stop }) => {
      const random = generator(seed);
      const shuffling = await startServer({ q, interleave: shuffled(random) });
      const handle = shuffling.createDatabase('db');
      const revs = new Map<string, string>();
      for (const [i, number] of edits.entries()) {
        const id = `doc-${number}`;
        const _rev = revs.get(id);
        revs.set(id, handle.put({ _id: id, i, ...(_rev !== undefined && { _rev }) }));
      }
      const all: Row[] = (await askJson('GET', `${shuffling.url}/db/_changes`)).results;
      const read = all.slice(0, (stop % all.length) + 1);
      const since = read.at(-1)?.seq ?? '0';
      const rest: Row[] = (await askJson('GET', `${shuffling.url}/db/_changes?since=${since}`)).results;
      expect(new Map([...read, ...rest].map(({ id, changes }) => [id, changes[0]?.rev]))).toEqual(revs);
      expect(read.length + rest.length).toBe(revs.size);
      await shuffling.close();
    }),
    { numRuns: 40 },
  );
});

test('pages of a feed add up to the whole', async () => {
  database.bulkDocs(Array.from({ length: 57 }, (_, i) => ({ _id: `doc-${i}` })));
  const seen: string[] = [];
  let since = '0';
  for (let pending = 1; pending > 0; ) {
    const page = await askJson('GET', `${url}?limit=10&since=${since}`);
    seen.push(...page.results.map(({ id }: Row) => id));
    expect(page.pending).toBe(57 - seen.length);
    ({ last_seq: since, pending } = page);
  }
  expect(new Set(seen).size).toBe(57);
});

test('a client that does not read holds the server back', async () => {
  const body = 'x'.repeat(10_000);
  database.bulkDocs(Array.from({ length: 5000 }, (_, i) => ({ _id: `doc-${i}`, body })));
  const response = await open('GET', `${url}?include_docs=true`);
  response.pause();
  // So many round trips, and still the feed of 50 MB is not sent.
  for (let i = 0; i < 50; i++) await ask('GET', server.url);
  const [feed] = server.requests.all;
  expect(feed?.path).toBe('/db/_changes?include_docs=true');
  response.destroy();
  for (let i = 0; i < 5; i++) await ask('GET', server.url);
  expect(feed?.bytes).toBeGreaterThan(0);
  expect(feed?.bytes).toBeLessThan(20_000_000);
});

describe('_db_updates', () => {
  test('is not there without its database', async () => {
    expect((await ask('GET', `${server.url}/_db_updates`)).status).toBe(404);
  });

  test('tells what becomes of databases', async () => {
    server.createDatabase('_global_changes');
    server.createDatabase('made').put({ _id: 'a' });
    server.deleteDatabase('made');
    const { results, last_seq } = await askJson('GET', `${server.url}/_db_updates`);
    expect(
      new Set(results.map(({ type, db_name }: { type: string; db_name: string }) => `${type} ${db_name}`)),
    ).toEqual(new Set(['created made', 'updated made', 'deleted made']));
    expect((await askJson('GET', `${server.url}/_db_updates?since=${last_seq}`)).results).toEqual([]);
  });

  test('tells as it happens', async () => {
    server.createDatabase('_global_changes');
    const feed = lines(await open('GET', `${server.url}/_db_updates?feed=continuous&heartbeat=60000&since=now`));
    await feed.next();
    database.put({ _id: 'a' });
    await feed.next();
    expect(JSON.parse((await feed.next()).value ?? '')).toMatchObject({ type: 'updated', db_name: 'db' });
    await feed.return();
  });
});

/** Random numbers that are the same for the same seed (mulberry32). */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let value = Math.imul(state ^ (state >>> 15), state | 1);
    value ^= value + Math.imul(value ^ (value >>> 7), value | 61);
    return ((value ^ (value >>> 14)) >>> 0) / 2 ** 32;
  };
}
