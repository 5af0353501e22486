import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type CouchServer, startServer } from '../../demo/server/index.ts';
import { couch } from '../../src/couch/couch.ts';
import type { Database } from '../../src/couch/database.ts';
import { memoryKv } from '../../src/kv/memory.ts';
import type { PullOptions } from '../../src/pull/options.ts';
import { pull } from '../../src/pull/pull.ts';
import type { PullResult } from '../../src/pull/status.ts';
import { openReplica, type Replica } from '../../src/replica/replica.ts';
import { generations, type Revision, smallDocuments } from '../support/documents.ts';
import { expectFaithful } from '../support/faithful.ts';
import { createDatabase, type SourceDatabase } from '../support/source-database.ts';

let server: CouchServer;
let source: SourceDatabase;
let replica: Replica;

beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server.close());
beforeEach(async () => {
  source = await createDatabase(server.url);
  replica = await openReplica(memoryKv(), source.name);
});
afterEach(async () => {
  server.faults.clear();
  await source.destroy();
});

/** Documents of the third generation, whose ancestry the feed does not tell. */
function deepDocuments(count: number): Revision[] {
  return smallDocuments(count, 'deep').map((document) => ({
    ...document,
    _rev: '3-c',
    _revisions: { start: 3, ids: ['c', 'b', 'a'] },
  }));
}

/** What a pull sends to `_bulk_get`, and what it gets instead of an answer, if anything. */
function watched(refuse: (entries: number) => Response | undefined = () => undefined): {
  database: Database;
  /** How many revisions each request asked for. */
  asked: number[];
} {
  const asked: number[] = [];
  const database = couch.db(source.url, {
    retry: { attempts: 1 },
    fetch: async (url, init) => {
      if (!url.includes('_bulk_get')) return fetch(url, init);
      const { docs } = JSON.parse(String(init.body)) as { docs: object[] };
      asked.push(docs.length);
      return refuse(docs.length) ?? fetch(url, init);
    },
  });
  return { database, asked };
}

function run(database = couch.db(source.url), options: PullOptions = {}): Promise<PullResult> {
  return pull(database, replica, options).done;
}

describe('A pull asks', () => {
  /** For so many requests a server takes few documents at once. */
  const BUSY = 12;

  test('for documents of later generations 500 at a time', async () => {
    await source.replicate(deepDocuments(1000));
    const { database, asked } = watched();
    expect(await run(database)).toMatchObject({ docsWritten: 1000, requests: 4 });
    expect(asked).toEqual([500, 500]);
    expect(await replica.get('deep-0000999', { revs: true })).toMatchObject({ _revisions: { ids: ['c', 'b', 'a'] } });
  });

  test('for bare rows alone where everything is here, also when its checkpoint is not', async () => {
    await source.replicate([...deepDocuments(30), ...smallDocuments(1000), ...generations]);
    await run();
    server.requests.reset();
    const again = await run(couch.db(source.url), { id: 'another' });
    expect(again).toMatchObject({ docsRead: 0, docsWritten: 0, requests: 2 });
    expect(server.requests.count('POST')).toBe(0);
    expect(server.requests.count('GET', /include_docs/)).toBe(0);
    expect(await run(couch.db(source.url), { id: 'another', since: 0 })).toMatchObject({ seq: again.seq, requests: 2 });
  });

  test('for nothing but rows and revisions, and writes nothing', async () => {
    await source.replicate([...deepDocuments(3), ...smallDocuments(3), ...generations]);
    server.requests.reset();
    await run();
    const sent = server.requests.all.map(({ method, path }) => `${method} ${path.split('?')[0]}`);
    const path = `/${source.name}`;
    expect(sent).toEqual([`GET ${path}`, `GET ${path}/_changes`, `POST ${path}/_bulk_get`]);
  });

  test.each([413, 502, 504])(
    'for less at once where the server answers %d, and for more again later',
    async (status) => {
      await source.replicate(deepDocuments(3000));
      let isBusy = true;
      const { database, asked } = watched((entries) => {
        isBusy &&= asked.length < BUSY;
        return isBusy && entries > 70 ? new Response('too much', { status }) : undefined;
      });
      expect(await run(database)).toMatchObject({ docsWritten: 3000, docsFailed: 0 });
      // Several batches are under way, and what comes next of the feed may be asked for between them.
      expect(asked.slice(0, BUSY)).toEqual(expect.arrayContaining([500, 250, 125, 63]));
      expect(Math.max(...asked.slice(BUSY))).toBe(500);
      expect(asked.length).toBeLessThan(2 * BUSY + 10);
      expect((await replica.info()).docCount).toBe(3000);
    },
  );

  test('again for the batch that failed, and for no other', async () => {
    await source.replicate(deepDocuments(90));
    server.faults.add({ method: 'POST', path: /_bulk_get/, skip: 1, times: 1, answer: { status: 503 } });
    server.requests.reset();
    const result = await run(couch.db(source.url, { retry: { base: 0, cap: 0 } }), { batchSize: 25 });
    expect(result).toMatchObject({ docsRead: 90, docsWritten: 90 });
    expect(server.requests.count('POST', /_bulk_get/)).toBe(5);
    expect(server.requests.count('GET', /_changes/)).toBe(1);
  });

  test('document by document of a server that has no _bulk_get, a bounded number at a time', async () => {
    await source.replicate(deepDocuments(1000));
    server.faults.add({ method: 'POST', path: /_bulk_get/, answer: { status: 405 } });
    let [underway, most] = [0, 0];
    const database = couch.db(source.url, {
      fetch: async (url, init) => {
        underway += 1;
        most = Math.max(most, underway);
        return fetch(url, init).finally(() => {
          underway -= 1;
        });
      },
    });
    expect(await run(database, { batchSize: 100 })).toMatchObject({ docsWritten: 1000, docsFailed: 0 });
    // All connections to one server, whatever is on its way.
    expect(most).toBeLessThanOrEqual(6);
    expect((await replica.info()).docCount).toBe(1000);
  });

  test('document by document of a server that turns out to have no _bulk_get any more', async () => {
    await source.replicate(deepDocuments(60));
    server.faults.add({ method: 'POST', path: /_bulk_get/, skip: 1, answer: { status: 405 } });
    server.requests.reset();
    const result = await run(couch.db(source.url), { batchSize: 10 });
    expect(result).toMatchObject({ docsWritten: 60, docsFailed: 0 });
    expect(server.requests.count('GET', /open_revs=/)).toBe(50);
    await expectFaithful(replica, source);
  });
});

describe('A document as large as CouchDB takes', () => {
  const eightMegabytes = 'x'.repeat(7_990_000);

  test.each([
    ['that comes with the feed', { _rev: '1-a' }],
    ['that has to be asked for', { _rev: '2-b', _revisions: { start: 2, ids: ['b', 'a'] } }],
  ])('%s passes, and its neighbours with it', async (_how, revision) => {
    await source.replicate(smallDocuments(10));
    await source.replicate([{ _id: 'large-1', ...revision, text: eightMegabytes }]);
    await source.replicate([{ _id: 'large-2', ...revision, text: eightMegabytes }]);
    await source.replicate([...smallDocuments(10, 'later'), ...deepDocuments(10)]);
    expect(await run()).toMatchObject({ docsWritten: 32, docsFailed: 0 });
    expect((await replica.get('large-1'))?.['text']).toBe(eightMegabytes);
    expect((await replica.get('large-2'))?.['text']).toBe(eightMegabytes);
    expect((await replica.info()).docCount).toBe(32);
  });
});
