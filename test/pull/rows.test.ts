import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type CouchServer, startServer } from '../../demo/server/index.ts';
import { couch } from '../../src/couch/couch.ts';
import { memoryKv } from '../../src/kv/memory.ts';
import type { PullOptions } from '../../src/pull/options.ts';
import { pull } from '../../src/pull/pull.ts';
import type { PullEvent, PullResult, PullStatus } from '../../src/pull/status.ts';
import { openReplica, type Replica } from '../../src/replica/replica.ts';
import type { FailedRevision } from '../../src/replica/target.ts';
import { smallDocuments } from '../support/documents.ts';
import { expectFaithful } from '../support/faithful.ts';
import { hasty } from '../support/hasty.ts';
import { createDatabase, type SourceDatabase } from '../support/source-database.ts';

let server: CouchServer;
let source: SourceDatabase;
let replica: Replica;
let events: PullEvent[];
let statuses: PullStatus[];

beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server.close());
beforeEach(async () => {
  source = await createDatabase(server.url);
  replica = await openReplica(memoryKv(), source.name);
});

/** Pulls from the source, but with answers to its `_changes` that a test makes of the true ones. */
async function pullFeed(
  change: (answer: string) => string | Promise<string>,
  options: PullOptions = {},
): Promise<PullResult> {
  const database = couch.db(source.url, {
    platform: hasty,
    fetch: async (url, init) => {
      const response = await fetch(url, init);
      return String(url).includes('/_changes') ? new Response(await change(await response.text())) : response;
    },
  });
  events = [];
  statuses = [];
  const running = pull(database, replica, { retry: { attempts: 3 }, ...options });
  running.events$.subscribe((event) => events.push(event));
  running.status$.subscribe((status) => statuses.push(status));
  return running.done;
}

/** Adds rows before those that there are. */
function withRows(...rows: object[]): (answer: string) => string {
  return (answer) => {
    const feed = JSON.parse(answer) as { results: unknown[] };
    return JSON.stringify({ ...feed, results: [...rows, ...feed.results] });
  };
}

async function failed(): Promise<FailedRevision[]> {
  const all: FailedRevision[] = [];
  for await (const failure of replica.failed()) all.push(failure);
  return all;
}

async function checkpoint(): Promise<unknown> {
  return (await replica.info()).checkpoints.map(({ value }) => value['seq']);
}

test('A source without rows is pulled, and where it stood is kept', async () => {
  let last: unknown;
  const result = await pullFeed((answer) => {
    last = JSON.parse(answer).last_seq;
    return answer;
  });
  expect(last).toMatch(/^0-/);
  expect(result).toMatchObject({ state: 'completed', docsRead: 0, requests: 2, seq: last });
  expect(statuses.at(-1)).toMatchObject({ pending: 0, seq: last });
  expect(await checkpoint()).toEqual([last]);
  expect(events.map(({ type }) => type)).toEqual(['started', 'checkpoint', 'caught-up', 'done']);
});

describe('Rows', () => {
  test('that are of no document, or name no revision, are passed over', async () => {
    await source.replicate(smallDocuments(3));
    const result = await pullFeed(
      withRows(
        { seq: '1-a', id: '_user/reader', changes: [] },
        { seq: '1-b', id: '_user/reader', changes: [{ rev: '1-x' }] },
        { seq: '1-c', id: '__proto__', changes: [{ rev: '1-x' }], doc: { _id: '__proto__', _rev: '1-x' } },
        { seq: '1-d', id: 'nothing', changes: [] },
      ),
    );
    expect(result).toMatchObject({ docsRead: 3, docsWritten: 3, docsFailed: 0 });
    await expectFaithful(replica, source);
  });

  test.each([
    ['without its document', {}],
    ['with null in its place', { doc: null }],
    ['with something else in its place', { doc: 'text' }],
    ['with another revision of it', { doc: { _id: 'doc', _rev: '1-other' } }],
    ['with another document', { doc: { _id: 'other', _rev: '1-a' } }],
    ['that says it was removed from a channel', { removed: ['channel'] }],
  ])('%s are as good as any: the document is fetched', async (_how, more) => {
    await source.replicate([{ _id: 'doc', _rev: '1-a', v: 1 }]);
    const result = await pullFeed((answer) => {
      const { results, ...rest } = JSON.parse(answer) as { results: { doc?: unknown }[] };
      return JSON.stringify({ results: results.map(({ doc: _, ...row }) => ({ ...row, ...more })), ...rest });
    });
    expect(result).toMatchObject({ docsWritten: 1, docsFailed: 0, requests: 3 });
    await expectFaithful(replica, source);
  });

  test('of a document without an id are on record as failed, and passed', async () => {
    await source.replicate(smallDocuments(2));
    const result = await pullFeed(
      withRows(
        { seq: '1-a', id: '', changes: [{ rev: '1-x' }], doc: { _id: '', _rev: '1-x' } },
        { seq: '1-b', id: '', changes: [{ rev: '2-x' }] },
      ),
      { batchSize: 1 },
    );
    expect(result).toMatchObject({ state: 'completed', docsWritten: 2, docsFailed: 2 });
    expect(await checkpoint()).toEqual([result.seq]);
    expect((await failed()).map(({ id, rev }) => [id, rev]).sort()).toEqual([
      ['', '1-x'],
      ['', '2-x'],
    ]);
    expect((await replica.info()).docCount).toBe(2);
  });

  test.each([1, 2, 500])('that come twice, in batches of %i, are stored once', async (batchSize) => {
    await source.replicate([
      ...smallDocuments(3),
      { _id: 'deep', _rev: '2-b', _revisions: { start: 2, ids: ['b', 'a'] }, v: 2 },
    ]);
    const result = await pullFeed(
      (answer) => {
        const { results, ...rest } = JSON.parse(answer) as { results: object[] };
        return JSON.stringify({ results: [...results, ...[...results].reverse()], ...rest });
      },
      { batchSize },
    );
    expect(result).toMatchObject({ docsWritten: 4, docsFailed: 0 });
    expect(await replica.info()).toMatchObject({ docCount: 4, updateSeq: 4 });
    await expectFaithful(replica, source);
  });

  test('that tell of a change and of the next one leave no leaf of the former in a mirror', async () => {
    const _rev = await source.put({ _id: 'edited', v: 1 });
    await source.put({ _id: 'edited', _rev, v: 2 });
    const earlier = { seq: null, id: 'edited', changes: [{ rev: _rev }], doc: { _id: 'edited', _rev, v: 1 } };
    expect(await pullFeed(withRows(earlier), { history: 'leaves' })).toMatchObject({ docsRead: 2, docsFailed: 0 });
    await expectFaithful(replica, source, { leavesAlone: true });
  });

  test('of an older state come after newer ones without harm, as when a source rewinds', async () => {
    await source.replicate([{ _id: 'doc', _rev: '1-a', v: 1 }]);
    let old: object | undefined;
    await pullFeed((answer) => {
      old = (JSON.parse(answer) as { results: object[] }).results[0];
      return answer;
    });
    await source.replicate([{ _id: 'doc', _rev: '2-b', _revisions: { start: 2, ids: ['b', 'a'] }, v: 2 }]);
    await pullFeed(
      (answer) => {
        const { results, ...rest } = JSON.parse(answer) as { results: object[] };
        return JSON.stringify({ results: [...results, old], ...rest });
      },
      { batchSize: 1 },
    );
    expect(await replica.get('doc')).toMatchObject({ _rev: '2-b', v: 2 });
    await expectFaithful(replica, source);
  });
});

test('What is left is never no number where the source does not count it', async () => {
  await source.replicate(smallDocuments(25));
  for (const pending of [undefined, null]) {
    replica = await openReplica(memoryKv(), 'uncounted');
    const result = await pullFeed((answer) => JSON.stringify({ ...JSON.parse(answer), pending }), { batchSize: 3 });
    expect(result).toMatchObject({ docsWritten: 25 });
    for (const status of statuses) expect(status.pending ?? 0).toBeGreaterThanOrEqual(0);
    expect(statuses.at(-1)?.pending).toBe(0);
  }
});

test.each([
  ['a page of HTML', '<!DOCTYPE html><html>Sign in</html>'],
  ['nothing', ''],
  ['a list', '[]'],
  ['another object', '{"ok":true}'],
  ['an error', '{"error":"timeout","reason":"mine"}'],
  ['rows without an end', '{"results":['],
])('%s in the place of the feed moves no checkpoint, and is got over', async (_what, text) => {
  await source.replicate(smallDocuments(3));
  const { seq } = await pullFeed((answer) => answer);
  await source.put({ _id: 'later' });
  await expect(pullFeed(() => text)).rejects.toMatchObject({ name: 'ProtocolError', retryable: true });
  expect(await checkpoint()).toEqual([seq]);
  let turn = 0;
  expect(await pullFeed((answer) => (++turn < 3 ? text : answer))).toMatchObject({ docsRead: 1, docsWritten: 1 });
  expect(events.filter(({ type }) => type === 'retry')).toHaveLength(2);
  await expectFaithful(replica, source);
});
