import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type CouchServer, type DatabaseHandle, startServer } from '../../demo/server/index.ts';
import { type CouchOptions, couch } from '../../src/couch/couch.ts';
import { memoryKv } from '../../src/kv/memory.ts';
import type { PullOptions } from '../../src/pull/options.ts';
import { pull } from '../../src/pull/pull.ts';
import type { PullResult, StartReason } from '../../src/pull/status.ts';
import { openReplica, type Replica } from '../../src/replica/replica.ts';
import { smallDocuments } from '../support/documents.ts';
import { startPouchDbServer } from '../support/pouchdb-server.ts';
import { createDatabase } from '../support/source-database.ts';

let server: CouchServer;
let source: DatabaseHandle;
let replica: Replica;

beforeEach(async () => {
  server = await startServer();
  source = server.createDatabase('source');
  replica = await openReplica(memoryKv(), 'replica');
});
afterEach(() => server.close());

interface Pulled extends PullResult {
  readonly reasons: readonly StartReason[];
  /** How many revisions were asked for one by one. */
  readonly asked: number;
}

async function run(options: PullOptions, connection: CouchOptions = {}): Promise<Pulled> {
  server.requests.reset();
  let asked = 0;
  const counting: typeof fetch = (input, init) => {
    if (String(input).includes('_bulk_get')) asked += JSON.parse(String(init?.body)).docs.length;
    return (connection.fetch ?? fetch)(String(input), init ?? {});
  };
  const running = pull(couch.db(`${server.url}/source`, { fetch: counting }), replica, options);
  const reasons: StartReason[] = [];
  running.events$.subscribe((event) => {
    if (event.type === 'started') reasons.push(event.reason);
  });
  return { ...(await running.done), reasons, asked };
}

async function idsHere(): Promise<string[]> {
  const ids: string[] = [];
  for await (const { _id } of replica.allDocs()) ids.push(_id);
  return ids;
}

/** Documents whose bodies do not come with the feed. */
function edited(count: number): object[] {
  const revisions = { start: 2, ids: ['b', 'a'] };
  return smallDocuments(count).map((document) => ({ ...document, _rev: '2-b', _revisions: revisions }));
}

describe('A selection that changes', () => {
  test('by one id more fetches the one document more', async () => {
    source.load(edited(600));
    const ids = smallDocuments(600).map(({ _id }) => _id);
    expect(await run({ docIds: ids.slice(0, 500) })).toMatchObject({
      reasons: ['first'],
      asked: 500,
      docsWritten: 500,
    });
    expect(await run({ docIds: ids.slice(0, 501) })).toMatchObject({ reasons: ['compared'], asked: 1, docsWritten: 1 });
    expect(await run({ docIds: ids.slice(0, 501) })).toMatchObject({ reasons: ['resumed'], asked: 0, requests: 2 });
  });

  test('to everything fetches what is missing, and back to less leaves what is here', async () => {
    source.load(edited(50));
    const selector = { number: { $lt: 10 } };
    await run({ selector });
    expect(await idsHere()).toHaveLength(10);
    expect(await run({})).toMatchObject({ reasons: ['compared'], asked: 40, docsWritten: 40 });
    source.put({ _id: 'doc-0000049', _rev: '2-b', number: 49, edited: true });
    source.put({ _id: 'doc-0000009', _rev: '2-b', number: 9, edited: true });
    expect(await run({ selector })).toMatchObject({ reasons: ['resumed'], docsWritten: 1 });
    expect(await replica.get('doc-0000049')).not.toHaveProperty('edited');
    expect(await run({ selector: { number: { $lt: 20 } } })).toMatchObject({ reasons: ['compared'], docsWritten: 0 });
    expect(await idsHere()).toHaveLength(50);
  });

  test.each<[string, PullOptions, PullOptions]>([
    ['another history', {}, { history: 'leaves' }],
    ['tombstones passed over', {}, { skipTombstones: true }],
    ['other parameters of a filter', { filter: filterOf('1') }, { filter: filterOf('2') }],
  ])('by %s is another', async (_what, before, after) => {
    source.put({ _id: '_design/app', filters: { least: LEAST } });
    source.load(edited(5));
    await run(before);
    const others = await run(after);
    expect(others.reasons).toEqual(['compared']);
    expect((await run(before)).reasons).toEqual(['resumed']);
  });

  test.each<[string, PullOptions, PullOptions]>([
    ['the order of ids', { docIds: ['a', 'b'] }, { docIds: ['b', 'a', 'b'] }],
    [
      'the order of members',
      { selector: { a: 1, b: { $gt: 1, $lt: 2 } } },
      { selector: { b: { $lt: 2, $gt: 1 }, a: 1 } },
    ],
    ['sizes of batches', {}, { batchSize: 7 }],
    ['what comes first', {}, { first: ['a'] }],
  ])('only in %s is the same', async (_what, before, after) => {
    source.put({ _id: 'a' });
    await run(before);
    expect((await run(after)).reasons).toEqual(['resumed']);
  });
});

const LEAST = 'function (doc, req) { return doc.number >= Number(req.query.least); }';

function filterOf(least: string): NonNullable<PullOptions['filter']> {
  return { name: 'app/least', params: { least } };
}

describe('A filter of a design document', () => {
  const views = { odd: { map: 'function (doc) { if (doc.number % 2) emit(doc._id); }' } };

  test.each<[string, PullOptions, object, docsWritten: number]>([
    ['function', { filter: filterOf('25') }, { filters: { least: LEAST.replace('>=', '<') }, views }, 25],
    [
      'view',
      { filter: { view: 'app/odd' } },
      { filters: { least: LEAST }, views: { odd: { map: views.odd.map.replace('% 2', '% 3') } } },
      16,
    ],
  ])('whose %s is rewritten is another one', async (_what, options, after, docsWritten) => {
    const rev = source.put({ _id: '_design/app', filters: { least: LEAST }, views });
    source.load(edited(50));
    const before = await run(options);
    expect(before).toMatchObject({ reasons: ['first'], docsWritten: 25 });
    const again = source.put({ _id: '_design/app', _rev: rev, filters: { least: LEAST }, views, other: 'member' });
    expect(await run(options)).toMatchObject({ reasons: ['resumed'], docsRead: 0, requests: 3 });
    source.put({ _id: '_design/app', _rev: again, ...after });
    expect(await run(options)).toMatchObject({ reasons: ['compared'], docsWritten });
  });

  test.each<[string, NonNullable<PullOptions['filter']>, string]>([
    ['a design document', { name: 'other/least' }, '_design/other does not exist'],
    ['a function', { name: 'app/other' }, '_design/app has no filter function "other"'],
    ['a function, but an inherited member', { name: 'app/toString' }, 'has no filter function "toString"'],
    ['a view', { view: 'app/other' }, '_design/app has no view "other"'],
  ])('that is not there is told of by name: %s', async (_what, filter, said) => {
    source.put({ _id: '_design/app', filters: { least: LEAST }, views });
    const refused = { name: 'CouchError', status: 404, message: expect.stringContaining(said) };
    await expect(run({ filter })).rejects.toMatchObject(refused);
    await expect(run({ filter, mode: 'continuous' })).rejects.toMatchObject(refused);
    expect(server.requests.count('GET', /_changes/)).toBe(0);
  });

  test('of CouchDB itself, and one that is named by the caller, cost no request', async () => {
    source.put({ _id: '_design/app', filters: { least: LEAST } });
    source.put({ _id: 'other' });
    expect(await run({ filter: { name: '_design' } })).toMatchObject({ docsWritten: 1 });
    expect(server.requests.count('GET', '/source/_design/app')).toBe(0);
    await run({ filter: filterOf('1'), id: 'mine' });
    expect(server.requests.count('GET', '/source/_design/app')).toBe(0);
    await run({ filter: filterOf('1') });
    expect(server.requests.count('GET', '/source/_design/app')).toBe(1);
  });
});

describe('Documents that are not selected', () => {
  test('are not stored though they come with the feed, as a winner does whose other leaf passes', async () => {
    source.load([
      { _id: 'conflicted', _rev: '1-z', kind: 'winner' },
      { _id: 'conflicted', _rev: '1-a', kind: 'loser' },
    ]);
    expect(await run({ selector: { kind: 'loser' } })).toMatchObject({ docsWritten: 1 });
    expect((await replica.leaves('conflicted')).map(({ rev }) => rev)).toEqual(['1-a']);
    expect(await replica.get('conflicted')).toMatchObject({ kind: 'loser' });
  });

  test.each(['oneshot', 'continuous'] as const)(
    'are not stored where a server heeds no list of ids: %s',
    async (mode) => {
      source.load(smallDocuments(20));
      const heedless: typeof fetch = (input, init) => {
        const url = String(input).replace('filter=_doc_ids&', '');
        return fetch(url, url.includes('_changes') ? { ...init, method: 'GET', body: null } : init);
      };
      const docIds = ['doc-0000003', 'doc-0000004'];
      const running = pull(couch.db(`${server.url}/source`, { fetch: heedless }), replica, { docIds, mode });
      await running.caughtUp;
      await running.stop();
      expect(await idsHere()).toEqual(docIds);
    },
  );

  test.each(['oneshot', 'continuous'] as const)('are all documents, where no id is given: %s', async (mode) => {
    source.load(smallDocuments(5));
    const running = pull(couch.db(`${server.url}/source`), replica, { docIds: [], mode });
    await running.caughtUp;
    await running.stop();
    expect(running.status()).toMatchObject({ docsRead: 0, docsWritten: 0 });
    expect(await replica.info()).toMatchObject({ docCount: 0 });
  });
});

test('A server that knows no selectors is told of, and nothing is stored', async () => {
  const pouchDb = await startPouchDbServer();
  try {
    const database = await createDatabase(pouchDb.url);
    await database.replicate(smallDocuments(3));
    for (const mode of ['oneshot', 'continuous'] as const) {
      const running = pull(couch.db(database.url), replica, { selector: { number: 1 }, mode });
      await expect(running.done).rejects.toMatchObject({
        name: 'CouchError',
        status: 404,
        message: expect.stringContaining('knows no selectors'),
      });
    }
    expect(await replica.info()).toMatchObject({ docCount: 0, checkpoints: [] });
  } finally {
    await pouchDb.close();
  }
});
