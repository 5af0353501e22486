import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type CouchServer, startServer } from '../../demo/server/index.ts';
import { platform } from '../../src/core/platform.ts';
import { couch } from '../../src/couch/couch.ts';
import { memoryKv } from '../../src/kv/memory.ts';
import type { PullOptions } from '../../src/pull/options.ts';
import { pull } from '../../src/pull/pull.ts';
import type { PullEvent, PullResult } from '../../src/pull/status.ts';
import { openReplica, type Replica } from '../../src/replica/replica.ts';
import type { FailedRevision } from '../../src/replica/target.ts';
import { expectFaithful } from '../support/faithful.ts';
import { createDatabase, type SourceDatabase } from '../support/source-database.ts';

let server: CouchServer;
let source: SourceDatabase;
let replica: Replica;
/** Short waits, which are not waited for. */
let waits: number[];
/** What the latest pull told. */
let events: PullEvent[];

beforeEach(async () => {
  server = await startServer();
  source = await createDatabase(server.url);
  replica = await openReplica(memoryKv(), source.name);
  await source.replicate([
    { _id: 'raced', _rev: '2-b', _revisions: { start: 2, ids: ['b', 'a'] }, v: 2 },
    { _id: 'still', _rev: '2-y', _revisions: { start: 2, ids: ['y', 'x'] }, v: 2 },
  ]);
});
afterEach(() => server.close());

/** An answer in the place of the server's, or nothing for the server's own. */
type Meanwhile = (asked: { readonly id: string; readonly rev?: string }[]) => Promise<object | undefined>;

/** Pulls once; something happens whenever revisions are about to be fetched that the feed has named. */
function pullWhile(...meanwhile: Meanwhile[]): Promise<PullResult> {
  return pullWith({}, ...meanwhile);
}

async function pullWith(options: PullOptions, ...meanwhile: Meanwhile[]): Promise<PullResult> {
  waits = [];
  events = [];
  const database = couch.db(source.url, {
    platform: {
      sleep: async (ms, signal) => (ms >= 20_000 ? platform().sleep(ms, signal) : void waits.push(ms)),
    },
    fetch: async (url, init) => {
      if (!String(url).includes('_bulk_get')) return fetch(url, init);
      const instead = await meanwhile.shift()?.(JSON.parse(String(init.body)).docs);
      return instead === undefined ? fetch(url, init) : new Response(JSON.stringify(instead));
    },
  });
  const running = pull(database, replica, { retry: { attempts: 1 }, ...options });
  running.events$.subscribe((event) => events.push(event));
  return running.done;
}

async function failed(): Promise<FailedRevision[]> {
  const all: FailedRevision[] = [];
  for await (const failure of replica.failed()) all.push(failure);
  return all;
}

async function post(path: string, body: object): Promise<void> {
  const { ok } = await fetch(`${source.url}/${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  expect(ok).toBe(true);
}

const edit = async (): Promise<void> => void (await source.put({ _id: 'raced', _rev: '2-b', v: 3 }));
const remove = async (): Promise<void> => void (await source.put({ _id: 'raced', _rev: '2-b', _deleted: true }));

/** What a node answers that does not have `raced` yet. */
const notHere: Meanwhile = async (asked) => ({
  results: asked.map(({ id, rev }) => ({
    id,
    docs: [
      id === 'still'
        ? { ok: { _id: id, _rev: '2-y', _revisions: { start: 2, ids: ['y', 'x'] }, v: 2 } }
        : { error: { id, rev, error: 'not_found', reason: 'missing' } },
    ],
  })),
});

describe('A document that changes between the feed that names it and the fetch', () => {
  test.each([
    ['edited', edit],
    ['deleted', remove],
  ])('comes as it was, and %s with the next pull', async (_how, change) => {
    expect(await pullWhile(async () => void (await change()))).toMatchObject({ docsWritten: 2, docsFailed: 0 });
    expect(await replica.get('raced')).toMatchObject({ _rev: '2-b', v: 2 });
    expect(waits).toEqual([]);
    expect(await pullWhile()).toMatchObject({ docsRead: 1, docsWritten: 1, docsFailed: 0 });
    await expectFaithful(replica, source);
  });

  test.each([
    ['edited', edit],
    ['deleted', remove],
  ])('and whose old body is compacted away is on record until it comes as %s', async (_how, change) => {
    const first = await pullWhile(async () => {
      await change();
      await post('_compact', {});
      return undefined;
    });
    expect(first).toMatchObject({ state: 'completed', docsWritten: 1, docsFailed: 1 });
    expect(await failed()).toMatchObject([{ id: 'raced', rev: '2-b', attempts: 1 }]);
    expect(await pullWhile()).toMatchObject({ docsWritten: 1, docsFailed: 0 });
    expect(await failed()).toEqual([]);
    await expectFaithful(replica, source);
  });

  test('and is purged is said to be given up by the next pull', async () => {
    const purge = (): Promise<void> => post('_purge', { raced: ['2-b'] });
    expect(await pullWhile(async () => void (await purge()))).toMatchObject({ docsWritten: 1, docsFailed: 1 });
    expect(await pullWhile()).toMatchObject({ docsFailed: 0 });
    expect(events).toContainEqual(expect.objectContaining({ type: 'skipped', id: 'raced', rev: '2-b' }));
    expect(await failed()).toEqual([]);
    await expectFaithful(replica, source);
  });
});

describe('A revision that the answering node cannot give', () => {
  test('as it does not have it yet is asked for again, alone, and the checkpoint waits for it', async () => {
    const asked: unknown[] = [];
    const result = await pullWhile(notHere, async (entries) => void asked.push(entries));
    expect(result).toMatchObject({ docsWritten: 2, docsFailed: 0 });
    expect(asked).toEqual([[{ id: 'raced', rev: '2-b' }]]);
    expect(waits).toEqual([2000]);
    expect(events.map(({ type }) => type)).toEqual(['started', 'batch', 'checkpoint', 'caught-up', 'done']);
    await expectFaithful(replica, source);
  });

  test('nor the second time is told, kept on record, and tried at each start', async () => {
    // Nor do its leaves, which are looked at first, lead to it or say that it is gone.
    const unclear: Meanwhile = async (asked) => ({
      results: asked.map(({ id }) => ({ id, docs: [{ error: 'timeout', reason: 'later' }] })),
    });
    expect(await pullWhile(notHere, notHere)).toMatchObject({ state: 'completed', docsWritten: 1, docsFailed: 1 });
    expect(events).toContainEqual(expect.objectContaining({ type: 'failed', id: 'raced', rev: '2-b' }));
    for (const attempts of [2, 3, 4]) {
      expect(await pullWhile(unclear, notHere, notHere)).toMatchObject({ docsWritten: 0, docsFailed: 1 });
      expect(await failed()).toMatchObject([{ id: 'raced', rev: '2-b', attempts }]);
    }
    expect(await pullWhile()).toMatchObject({ docsWritten: 1, docsFailed: 0 });
    await expectFaithful(replica, source);
  });

  test('in time is asked for again, alone, too', async () => {
    const asked: unknown[] = [];
    const overloaded: Meanwhile = async (entries) => ({
      results: entries.map(({ id, rev }) => ({
        id,
        docs: [
          id === 'still'
            ? { error: { id, rev, error: 'internal_fabric_error', reason: 'timeout' } }
            : { ok: { _id: id, _rev: '2-b', _revisions: { start: 2, ids: ['b', 'a'] }, v: 2 } },
        ],
      })),
    });
    const result = await pullWhile(overloaded, async (entries) => void asked.push(entries));
    expect(result).toMatchObject({ docsRead: 2, docsWritten: 2, docsFailed: 0 });
    expect(asked).toEqual([[{ id: 'still', rev: '2-y' }]]);
    await expectFaithful(replica, source);
  });
});

test('A document that is wanted first, of a node that has only an older state, comes in its own turn', async () => {
  const old: Meanwhile = async () => ({
    results: [{ id: 'raced', docs: [{ ok: { _id: 'raced', _rev: '1-a', _revisions: { start: 1, ids: ['a'] } } }] }],
  });
  const asked: unknown[] = [];
  const first: Meanwhile = (entries) => {
    asked.push(entries);
    return old(entries);
  };
  expect(await pullWith({ first: ['raced'] }, first)).toMatchObject({ docsWritten: 3, docsFailed: 0 });
  expect(asked).toEqual([[{ id: 'raced' }]]);
  await expectFaithful(replica, source);
});

test('A document that changes all the time while it is pulled is here in its newest form when it rests', async () => {
  const revs = ['2-b'];
  const change: Meanwhile = async () => {
    for (let times = 0; times < 200; times += 1) {
      revs.push(await source.put({ _id: 'raced', _rev: revs.at(-1) ?? '', v: revs.length }));
    }
    return undefined;
  };
  for (let round = 0; round < 5; round += 1) {
    expect(await pullWhile(change)).toMatchObject({ state: 'completed', docsFailed: 0 });
  }
  await pullWhile();
  expect(await replica.get('raced')).toMatchObject({ _rev: revs.at(-1), v: 1000 });
  await expectFaithful(replica, source);
});
