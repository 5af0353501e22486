import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type CouchServer, startServer } from '../../demo/server/index.ts';
import { couch } from '../../src/couch/couch.ts';
import type { Database } from '../../src/couch/database.ts';
import { memoryKv } from '../../src/kv/memory.ts';
import { pull } from '../../src/pull/pull.ts';
import { openReplica, type Replica } from '../../src/replica/replica.ts';
import type { Target, WriteBatch, WriteResult } from '../../src/replica/target.ts';
import { alteredTarget } from '../contract/altered-target.ts';
import { deferred } from '../support/deferred.ts';
import { generations, smallDocuments } from '../support/documents.ts';
import { expectFaithful } from '../support/faithful.ts';
import { createDatabase, type SourceDatabase } from '../support/source-database.ts';

let server: CouchServer;
let source: SourceDatabase;
let replica: Replica;

beforeEach(async () => {
  server = await startServer();
  source = await createDatabase(server.url);
  replica = await openReplica(memoryKv(), source.name);
});
afterEach(() => server.close());

const BATCH = 10;

/** Documents that have to be asked for, one request a batch. */
async function fill(count: number): Promise<void> {
  const revisions = { _rev: '2-b', _revisions: { start: 2, ids: ['b', 'a'] } };
  await source.replicate(smallDocuments(count).map((document) => ({ ...document, ...revisions })));
}

/** The source, its requests for revisions in the hand of a test: told by their number, from 0 on. */
function held(before: (request: number) => Promise<void>): { database: Database; asked: () => number } {
  let requests = 0;
  const database = couch.db(source.url, {
    retry: { attempts: 1 },
    fetch: async (url, init) => {
      if (url.includes('_bulk_get')) await before(requests++);
      return fetch(url, init);
    },
  });
  return { database, asked: () => requests };
}

/** Batches that may be on their way at the same time. */
const AHEAD = 4;

/** Waits until so many requests are sent, and then for everything that could follow them. */
async function settled(asked: () => number, requests: number): Promise<void> {
  const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
  while (asked() < requests) await turn();
  for (let turns = 0; turns < 200; turns += 1) await turn();
}

/** The replica, its writes in the hand of a test. */
function writing(write: (batch: WriteBatch) => Promise<WriteResult>): Target {
  return alteredTarget(replica, { writeBatch: write });
}

describe('Batches are stored in the order of the feed', () => {
  test('also when the first one takes longest, and the others wait, few of them', async () => {
    await fill(200);
    const first = deferred();
    const { database, asked } = held((request) => (request === 0 ? first.promise : Promise.resolve()));
    const running = pull(database, replica, { batchSize: BATCH });
    await settled(asked, AHEAD);
    expect(await replica.info()).toMatchObject({ docCount: 0, checkpoints: [] });
    expect(asked()).toBe(AHEAD);
    first.resolve();
    expect(await running.done).toMatchObject({ docsWritten: 200 });
    await expectFaithful(replica, source);
  });

  test('so that one that fails is passed by no checkpoint, and those after it come again', async () => {
    await fill(50);
    const others = deferred();
    const { database, asked } = held(async (request) => {
      if (request === 1) {
        // Not before the third has its answer.
        await others.promise;
        throw new TypeError('fetch failed');
      }
      if (request === 3) others.resolve();
    });
    await expect(pull(database, replica, { batchSize: BATCH }).done).rejects.toMatchObject({ name: 'NetworkError' });
    expect(asked()).toBeGreaterThanOrEqual(4);
    expect((await replica.info()).docCount).toBe(BATCH);
    const rest = await pull(couch.db(source.url), replica, { batchSize: BATCH }).done;
    expect(rest).toMatchObject({ docsRead: 50 - BATCH, docsWritten: 50 - BATCH });
    await expectFaithful(replica, source);
  });

  test('and a target that writes slowly holds back what is fetched', async () => {
    await fill(200);
    const go = deferred();
    let writes = 0;
    const target = writing(async (batch) => {
      writes += 1;
      await go.promise;
      return replica.writeBatch(batch);
    });
    const { database, asked } = held(async () => {});
    const running = pull(database, target, { batchSize: BATCH });
    // One more is being written.
    await settled(asked, AHEAD + 1);
    expect([writes, asked()]).toEqual([1, AHEAD + 1]);
    go.resolve();
    expect(await running.done).toMatchObject({ docsWritten: 200 });
    await expectFaithful(replica, source);
  });
});

describe('A target that goes away under a pull', () => {
  test.each(['close', 'destroy'] as const)(
    'by %s ends it with a typed error, and nothing is written after',
    async (end) => {
      await fill(100);
      const kv = memoryKv();
      replica = await openReplica(kv, source.name);
      const running = pull(couch.db(source.url), replica, { batchSize: BATCH });
      let ended: Promise<void> | undefined;
      running.events$.subscribe((event) => {
        if (event.type === 'batch' && running.status().docsWritten === 3 * BATCH) ended = replica[end]();
      });
      await expect(running.done).rejects.toMatchObject({ name: 'ClosedError' });
      await ended;
      expect(running.status()).toMatchObject({ state: 'failed', error: { name: 'ClosedError' } });
      const again = await openReplica(kv, source.name);
      expect((await again.info()).docCount).toBe(end === 'close' ? 3 * BATCH : 0);
      await pull(couch.db(source.url), again).done;
      await expectFaithful(again, source);
    },
  );
});

test('Two pulls of one source into one replica at the same time do no harm', async () => {
  await source.replicate([...smallDocuments(300), ...generations]);
  const other = await openReplica(memoryKv(), 'other');
  const alone = await pull(couch.db(source.url), other).done;
  const results = await Promise.all([1, 2].map(() => pull(couch.db(source.url), replica, { batchSize: BATCH }).done));
  expect(results.map(({ state, docsFailed }) => [state, docsFailed])).toEqual([
    ['completed', 0],
    ['completed', 0],
  ]);
  expect(results.reduce((sum, { docsWritten }) => sum + docsWritten, 0)).toBe(alone.docsWritten);
  expect((await replica.info()).docCount).toBe((await other.info()).docCount);
  await expectFaithful(replica, source);
  expect(await pull(couch.db(source.url), replica).done).toMatchObject({ docsRead: 0, requests: 2 });
});
