import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type CouchServer, startServer } from '../../../demo/server/index.ts';
import { isCouchError, isInputError } from '../../../src/core/errors.ts';
import { couch } from '../../../src/couch/couch.ts';
import type { Database } from '../../../src/couch/database.ts';
import type { Kv } from '../../../src/kv/kv.ts';
import { memoryKv } from '../../../src/kv/memory.ts';
import type { PullOptions } from '../../../src/pull/options.ts';
import { pull } from '../../../src/pull/pull.ts';
import { decodeHead, encodeHead } from '../../../src/replica/head.ts';
import { openReplica, type Replica } from '../../../src/replica/replica.ts';
import type { VerifyEvent, VerifyProblem, VerifySummary } from '../../../src/replica/verify/event.ts';
import type { VerifyOptions } from '../../../src/replica/verify/verify.ts';
import type { VerifyFeedEvent, VerifySource } from '../../../src/replica/verify/verify-source.ts';
import { mergePath } from '../../../src/revs/merge.ts';
import { emptyTree } from '../../../src/revs/tree.ts';
import { awkwardDocuments, generations, smallDocuments } from '../../support/documents.ts';
import { createDatabase, type SourceDatabase } from '../../support/source-database.ts';
import { Damager } from './damage.ts';

let server: CouchServer;
let source: SourceDatabase;
let database: Database;
let kv: Kv;
let replica: Replica;

beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server.close());
beforeEach(async () => {
  source = await createDatabase(server.url);
  database = couch.db(source.url, { retry: { base: 0, cap: 0 } });
  kv = memoryKv();
  replica = await openReplica(kv, 'recipes');
});
afterEach(async () => {
  server.faults.clear();
  await source.destroy();
});

async function bring(options: PullOptions = {}): Promise<void> {
  await pull(database, replica, options).done;
  server.requests.reset();
}

interface Outcome {
  readonly events: readonly VerifyEvent[];
  readonly problems: readonly VerifyProblem[];
  readonly summary: VerifySummary;
}

async function verify(options: VerifyOptions = {}): Promise<Outcome> {
  const events: VerifyEvent[] = [];
  for await (const event of replica.verify({ source: database, ...options })) events.push(event);
  const summary = events.at(-1);
  if (summary?.type !== 'summary') throw new Error('Verifying ended without a summary');
  return { events, problems: events.filter((event) => event.type === 'problem'), summary };
}

/**
 * Lets the replica say that it has all that the source has now: what it lacks of that is then no longer newer but lost.
 */
async function claimAll(): Promise<void> {
  const other = await openReplica(memoryKv(), 'other');
  await pull(database, other).done;
  const [checkpoint] = (await other.info()).checkpoints;
  if (checkpoint === undefined) throw new Error('The pull has left no checkpoint');
  await replica.writeBatch({ revisions: [], checkpoint });
}

describe('A replica against its source', () => {
  test('is sound after a pull, which takes one request to see', async () => {
    await source.replicate([...generations, ...awkwardDocuments]);
    await bring();
    const { problems, summary } = await verify();
    expect(problems).toEqual([]);
    const documents = new Set([...generations, ...awkwardDocuments].map(({ _id }) => _id)).size;
    expect(summary).toMatchObject({ documents, problems: 0, source: { documents, newer: 0 } });
    expect(server.requests.all.map(({ method, path }) => `${method} ${path}`)).toEqual([
      expect.stringMatching(/^GET .*_changes\?style=all_docs&seq_interval=\d+$/),
    ]);
  });

  test('is sound where both hold nothing', async () => {
    await bring();
    expect((await verify()).summary).toMatchObject({ problems: 0, source: { documents: 0, newer: 0 } });
  });

  test('is sound as a mirror without history', async () => {
    await source.replicate(generations);
    await bring({ history: 'leaves' });
    expect((await verify()).problems).toEqual([]);
  });

  test('is behind, not wrong, where the source has changed since the pull', async () => {
    await source.replicate(generations);
    await bring();
    await source.put({ _id: 'new' });
    await source.put({ _id: 'plain', _rev: '1-a', v: 2 });
    await source.put({ _id: 'edited', _rev: '3-c', _deleted: true });
    await source.replicate([{ _id: 'conflicted', _rev: '2-x', _revisions: { start: 2, ids: ['x', 'a'] } }]);
    server.requests.reset();
    const { problems, summary } = await verify();
    expect(problems).toEqual([]);
    expect(summary.source).toEqual({ documents: 11, newer: 4 });
    expect(server.requests.total).toBe(2);
    await bring();
    expect((await verify()).summary.source).toEqual({ documents: 11, newer: 0 });
  });

  test('lacks what its checkpoint says it has', async () => {
    await source.replicate(generations);
    await bring();
    await source.put({ _id: 'new' });
    const edited = await source.put({ _id: 'plain', _rev: '1-a', v: 2 });
    const deleted = await source.put({ _id: 'edited', _rev: '3-c', _deleted: true });
    await source.replicate([
      { _id: 'conflicted', _rev: '2-x', _revisions: { start: 2, ids: ['x', 'a'] } },
      { _id: 'never-here', _rev: '2-b', _revisions: { start: 2, ids: ['b', 'a'] }, _deleted: true },
    ]);
    await claimAll();
    const { problems, summary } = await verify();
    const other = 'The source has other leaf revisions than are here';
    const absent = 'The source has a document that is not here';
    expect(sorted(problems)).toEqual(
      sorted(
        [
          { id: 'new', message: absent, missing: [expect.stringMatching(/^1-/)] },
          { id: 'never-here', message: absent, missing: ['2-b'] },
          { id: 'plain', message: other, missing: [edited], surplus: ['1-a'] },
          { id: 'edited', message: other, missing: [deleted], surplus: ['3-c'] },
          { id: 'conflicted', message: 'The source has leaf revisions that are not here', missing: ['2-x'] },
        ].map((problem) => ({ type: 'problem', kind: 'source', ...problem })),
      ),
    );
    expect(summary).toMatchObject({ problems: 5, source: { newer: 0 } });
  });

  test('has what the source does not have', async () => {
    await source.replicate(generations);
    await bring();
    const own = { deleted: false, body: '{}' };
    await replica.writeBatch({
      revisions: [
        { id: 'own', rev: '1-o', revisions: { start: 1, ids: ['o'] }, ...own },
        { id: 'plain', rev: '1-o', revisions: { start: 1, ids: ['o'] }, ...own },
        { id: 'deleted', rev: '3-o', revisions: { start: 3, ids: ['o', 'd', 'a'] }, ...own },
      ],
    });
    const { problems } = await verify();
    expect(sorted(problems)).toEqual(
      sorted(
        [
          { id: 'own', message: 'The source does not have the document', surplus: ['1-o'] },
          { id: 'plain', message: 'The source does not have all leaf revisions that are here', surplus: ['1-o'] },
          {
            id: 'deleted',
            message: 'The source has other leaf revisions than are here',
            missing: ['2-d'],
            surplus: ['3-o'],
          },
        ].map((problem) => ({ type: 'problem', kind: 'source', ...problem })),
      ),
    );
  });

  test('keeps what the source has purged', async () => {
    await source.replicate(generations);
    await bring();
    await fetch(`${source.url}/_purge`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ conflicted: ['2-y'], plain: ['1-a'] }),
    });
    const { problems } = await verify();
    expect(problems.map(({ id, message, surplus }) => [id, message, surplus])).toEqual([
      ['plain', 'The source does not have the document', ['1-a']],
    ]);
    // A document of which something is left has a new place in the feed.
    expect((await verify()).summary.source).toMatchObject({ newer: 1 });
  });

  test('is told what is on record as failed, and that alone is no problem', async () => {
    await source.replicate(generations);
    await bring();
    const rev = await source.put({ _id: 'plain', _rev: '1-a', v: 2 });
    const other = await source.put({ _id: 'edited', _rev: '3-c', v: 4 });
    await source.put({ _id: 'unlisted' });
    await claimAll();
    const reason = 'The source could not give it';
    const failures = [
      { id: 'plain', rev, reason },
      { id: 'edited', rev: '9-x', reason },
      { id: 'unlisted', rev: '', reason },
    ];
    await replica.writeBatch({ revisions: [], failures });
    const { events, problems, summary } = await verify();
    const told = events.filter(({ type }) => type === 'failed');
    expect(sorted(told)).toEqual(sorted(failures.map((failure) => ({ type: 'failed', ...failure, attempts: 1 }))));
    expect(problems.map(({ id, missing }) => [id, missing])).toEqual([['edited', [other]]]);
    expect(summary).toMatchObject({ failed: 3, problems: 1 });
  });

  test('may hold a part of it', async () => {
    await source.replicate(generations);
    await bring({ docIds: ['plain', 'conflicted'] });
    expect((await verify()).summary.problems).toBe(8);
    const { problems, summary } = await verify({ partial: true });
    expect(problems).toEqual([]);
    expect(summary).toMatchObject({ documents: 2, source: { documents: 10 } });
    const other = { start: 1, ids: ['x'] };
    const { tree } = mergePath(emptyTree, other, false);
    // The pull has written both documents at once.
    await (await Damager.of(kv)).page(1, (entries) =>
      entries.map((entry) =>
        Buffer.from(entry.id).toString() === 'plain'
          ? { ...entry, head: encodeHead({ ...decodeHead(entry.head), tree }) }
          : entry,
      ),
    );
    expect((await verify({ partial: true })).problems).toMatchObject([
      { kind: 'source', id: 'plain', missing: ['1-a'], surplus: ['1-x'] },
      { kind: 'body', id: 'plain', rev: '1-x' },
    ]);
  });

  test('may have been pulled in several parts: newer than one of them is newer', async () => {
    await source.replicate(generations);
    await bring();
    await source.put({ _id: 'plain', _rev: '1-a', v: 2 });
    await source.put({ _id: 'new' });
    await bring({ docIds: ['plain'] });
    const { problems, summary } = await verify();
    expect(problems).toEqual([]);
    expect(summary.source).toMatchObject({ newer: 1 });
  });

  test('is compared document by document also where some cannot be read', async () => {
    await source.replicate(smallDocuments(700));
    await bring();
    const damager = await Damager.of(kv);
    const bent = ['doc-0000003', 'doc-0000005', 'doc-0000099'];
    await damager.page(1, (entries) =>
      entries.map((entry) =>
        bent.includes(Buffer.from(entry.id).toString()) ? { ...entry, head: Buffer.from('{}') } : entry,
      ),
    );
    const { problems, summary } = await verify();
    expect(problems.map(({ kind, id }) => [kind, id])).toEqual(bent.map((id) => ['document', id]));
    expect(summary).toMatchObject({ documents: 697, source: { documents: 700, newer: 0 } });
    await damager.remove('block', 1, 0);
    const without = await verify();
    expect(without.problems.map(({ kind, key }) => [kind, key])).toEqual([['document', damager.key('block', 1, 0)]]);
    expect(without.summary.documents).toBeGreaterThan(500);
  });

  test('with thousands of differences asks about a thousand at once', async () => {
    await bring();
    await source.replicate(smallDocuments(2300));
    server.requests.reset();
    const { problems, summary } = await verify();
    expect(problems).toEqual([]);
    expect(summary.source).toEqual({ documents: 2300, newer: 2300 });
    expect(server.requests.count('POST')).toBe(3);
    await claimAll();
    expect((await verify()).summary).toMatchObject({ problems: 2300, source: { documents: 2300, newer: 0 } });
  });

  test('takes a feed that breaks off for what it is', async () => {
    await source.replicate(smallDocuments(1500));
    await bring();
    await source.replicate(smallDocuments(10, 'newer'));
    await claimAll();
    for (const rows of [1, 250, 777, 1400]) server.faults.add({ path: /_changes/, cut: { rows }, times: 1 });
    server.requests.reset();
    const { problems, summary } = await verify();
    expect(server.requests.count('GET')).toBe(5);
    expect(problems.map(({ id }) => id).sort()).toEqual(smallDocuments(10, 'newer').map(({ _id }) => _id));
    expect(summary.source).toEqual({ documents: 1510, newer: 0 });
  });

  test('is compared once with each document, though a feed goes on where it last gave a sequence', async () => {
    const row = (at: number): VerifyFeedEvent => {
      return { type: 'row', seq: at === 99 || at === 649 ? at : null, id: `${at}`, changes: [{ rev: '1-a' }] };
    };
    const rows = Array.from({ length: 650 }, (_, at) => row(at));
    const url = 'http://127.0.0.1/recipes';
    await replica.writeBatch({ revisions: [], checkpoint: { id: 'pull', value: { source: url, seq: 649 } } });
    const source: VerifySource = {
      url,
      changes: ({ docIds }) => ({
        async *batches() {
          if (docIds !== undefined) return;
          yield rows.slice(0, 550);
          yield [...rows.slice(100), { type: 'end' }];
        },
      }),
    };
    const { problems, summary } = await verify({ source });
    expect(problems.map(({ id }) => id)).toEqual(rows.map((_, at) => `${at}`));
    expect(summary.source).toEqual({ documents: 650, newer: 0 });
  });

  test('cannot be judged by another database, nor by one that is not there', async () => {
    await source.replicate(generations);
    await bring();
    const other = couch.db(`${server.url}/other`);
    const error: unknown = await verify({ source: other }).catch((thrown: unknown) => thrown);
    expect(isInputError(error)).toBe(true);
    expect(String(error)).toBe(
      `InputError: The replica "recipes" has no checkpoint of ${server.url}/other; name the database that it was pulled from`,
    );
    server.faults.add({ answer: { status: 404, body: '{"error":"not_found","reason":"Database does not exist."}' } });
    await expect(verify()).rejects.toSatisfy(isCouchError);
  });

  test('knows the database by another scheme too, and hears first of a checkpoint that is damaged', async () => {
    await source.replicate(generations);
    await bring();
    const secure = { url: database.url.replace('http:', 'https:'), changes: database.changes.bind(database) };
    expect((await verify({ source: secure })).problems).toEqual([]);
    const [checkpoint] = (await replica.info()).checkpoints;
    await (await Damager.of(kv)).put(['checkpoint', checkpoint?.id ?? ''], '{');
    const told: VerifyEvent[] = [];
    const verifying = (async () => {
      for await (const event of replica.verify({ source: database })) told.push(event);
    })();
    await expect(verifying).rejects.toSatisfy(isInputError);
    expect(told).toMatchObject([{ type: 'problem', kind: 'checkpoint' }]);
  });
});

function sorted<T>(values: readonly T[]): T[] {
  const key = (value: T): string => String((value as { id?: string }).id);
  return [...values].sort((a, b) => (key(a) < key(b) ? -1 : 1));
}
