import { firstValueFrom } from 'rxjs';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type CouchServer, startServer } from '../../demo/server/index.ts';
import { StoreError } from '../../src/core/errors.ts';
import { couch } from '../../src/couch/couch.ts';
import { memoryKv } from '../../src/kv/memory.ts';
import type { PullOptions } from '../../src/pull/options.ts';
import { pull } from '../../src/pull/pull.ts';
import type { PullEvent, PullResult, PullStatus } from '../../src/pull/status.ts';
import { openReplica, type Replica } from '../../src/replica/replica.ts';
import type { FailedRevision, Target } from '../../src/replica/target.ts';
import { alteredTarget } from '../contract/altered-target.ts';
import { deferred } from '../support/deferred.ts';
import { generations, smallDocuments } from '../support/documents.ts';
import { expectFaithful } from '../support/faithful.ts';
import { hasty } from '../support/hasty.ts';
import { pathOf } from '../support/shown-leaves.ts';
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

/** Without waits between tries: there is nothing to wait for. */
const impatient = { retry: { base: 0, cap: 0 } };

function run(options: PullOptions = {}, target: Target = replica): Promise<PullResult> {
  return pull(couch.db(source.url, { platform: hasty }), target, { ...impatient, ...options }).done;
}

async function failed(): Promise<FailedRevision[]> {
  const all: FailedRevision[] = [];
  for await (const failure of replica.failed()) all.push(failure);
  return all;
}

async function idsOf(target: Replica): Promise<string[]> {
  const ids: string[] = [];
  for await (const { _id } of target.allDocs()) ids.push(_id);
  return ids;
}

describe('The handle of a pull', () => {
  test('shows where it stands, from the beginning to the end', async () => {
    await source.replicate(smallDocuments(30));
    const running = pull(couch.db(source.url), replica, { batchSize: 10 });
    const statuses: PullStatus[] = [];
    const events: PullEvent[] = [];
    const completed = deferred<void>();
    running.status$.subscribe({ next: (status) => statuses.push(status), complete: () => completed.resolve() });
    running.events$.subscribe((event) => events.push(event));
    expect(running.status()).toMatchObject({ state: 'starting', docsRead: 0, requests: 0 });
    const result = await running.done;
    await completed.promise;
    expect(statuses.map(({ state }) => state).filter((state, at, all) => state !== all[at - 1])).toEqual([
      'starting',
      'catching-up',
      'completed',
    ]);
    expect(statuses.map(({ pending }) => pending)).toEqual([undefined, 30, 20, 10, 0, 0, 0]);
    expect(statuses.map(({ docsWritten }) => docsWritten)).toEqual([0, 0, 10, 20, 30, 30, 30]);
    expect(events.map(({ type }) => type)).toEqual([
      'started',
      'batch',
      'checkpoint',
      'batch',
      'checkpoint',
      'batch',
      'checkpoint',
      'caught-up',
      'done',
    ]);
    expect(events.at(-1)).toEqual({ type: 'done', result });
    expect(result).toMatchObject({ state: 'completed', docsRead: 30, docsWritten: 30, docsFailed: 0, requests: 2 });
    expect(running.status()).toMatchObject({ state: 'completed', seq: result.seq });
    // Whoever comes later sees how it ended.
    expect(await firstValueFrom(running.status$)).toEqual(statuses.at(-1));
  });

  test('pauses at once and goes on with what it has read', async () => {
    await source.replicate(smallDocuments(100));
    const running = pull(couch.db(source.url), replica, { batchSize: 10 });
    const states: string[] = [];
    running.status$.subscribe(({ state }) => states.push(state));
    await new Promise<void>((resolve) => {
      running.events$.subscribe((event) => {
        if (event.type === 'batch' && running.status().docsWritten === 20) {
          running.pause();
          resolve();
        }
      });
    });
    expect(running.status().state).toBe('paused');
    const { updateSeq } = await replica.info();
    server.requests.reset();
    for (let turn = 0; turn < 200; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    expect((await replica.info()).updateSeq).toBe(updateSeq);
    running.resume();
    expect(running.status().state).toBe('catching-up');
    expect(await running.done).toMatchObject({ docsRead: 100, docsWritten: 100 });
    expect(states).toContain('paused');
    await expectFaithful(replica, source);
  });

  test('can be stopped in every phase, twice, and settles once', async () => {
    await source.replicate(smallDocuments(100));
    for (const prepare of [
      async () => {},
      async () => void server.faults.add({ silence: true }),
      async () => void server.faults.add({ path: /_changes/, silence: true }),
      async () => void server.faults.add({ answer: { status: 503 } }),
    ]) {
      await prepare();
      const running = pull(couch.db(source.url), replica, { retry: { base: 60_000, cap: 60_000 } });
      for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve));
      await Promise.all([running.stop(), running.stop()]);
      expect((await running.done).state).toMatch(/^(stopped|completed)$/);
      await running.stop();
      server.faults.clear();
    }
    const paused = pull(couch.db(source.url), replica);
    paused.pause();
    await paused.stop();
    expect((await paused.done).state).toBe('stopped');
  });

  test('stops with the signal of the caller', async () => {
    const controller = new AbortController();
    server.faults.add({ silence: true });
    const running = pull(couch.db(source.url), replica, { signal: controller.signal });
    controller.abort();
    expect(await running.done).toMatchObject({ state: 'stopped', docsWritten: 0 });
  });

  test('tells of waits between tries, and what it then does', async () => {
    server.faults.add({ path: /_changes/, times: 2, answer: { status: 503, headers: { 'retry-after': '0' } } });
    await source.replicate(smallDocuments(3));
    const running = pull(couch.db(source.url), replica, impatient);
    const states: string[] = [];
    const retries: PullEvent[] = [];
    running.status$.subscribe(({ state }) => states.push(state));
    running.events$.subscribe((event) => {
      if (event.type === 'retry') retries.push(event);
    });
    await running.done;
    expect(retries).toMatchObject([{ failures: 1, error: { status: 503 } }, { failures: 2 }]);
    expect(states.filter((state, at) => state !== states[at - 1])).toEqual([
      'starting',
      'catching-up',
      'backing-off',
      'catching-up',
      'completed',
    ]);
  });

  test('fails with what stopped it, and nobody has to listen', async () => {
    const running = pull(couch.db(`${source.url}-gone`), replica);
    const events: PullEvent[] = [];
    running.events$.subscribe((event) => events.push(event));
    await expect(running.done).rejects.toMatchObject({ name: 'CouchError', status: 404 });
    expect(running.status()).toMatchObject({ state: 'failed', error: { status: 404 } });
    expect(events).toMatchObject([{ type: 'source-deleted' }, { type: 'error', error: { status: 404 } }]);
  });

  test.each([
    { batchSize: 0 },
    { batchSize: 1.5 },
    { batchSize: 1e9 },
    { id: '' },
    { mode: 'forever' },
    { history: 'none' },
  ])('refuses the options %j', (options) => {
    expect(() => pull(couch.db(source.url), replica, options as PullOptions)).toThrow(
      expect.objectContaining({ name: 'InputError' }),
    );
  });
});

describe('What is selected', () => {
  test('docIds: only these, with a checkpoint of their own', async () => {
    await source.replicate([...generations, ...smallDocuments(20)]);
    const docIds = ['edited', 'conflicted', 'deleted', 'no-such', 'edited'];
    expect(await run({ docIds })).toMatchObject({ docsWritten: 4, docsFailed: 0 });
    expect(await idsOf(replica)).toEqual(['conflicted', 'edited']);
    expect((await replica.leaves('deleted')).map(({ rev }) => rev)).toEqual(['2-d']);
    expect(await run({ docIds: [...docIds].reverse() })).toMatchObject({ docsRead: 0, docsWritten: 0 });
    expect((await replica.info()).checkpoints).toHaveLength(1);
    expect((await run()).docsWritten).toBe(generations.length + 20 - 4);
    await expectFaithful(replica, source);
  });

  test('docIds: more than one feed takes', async () => {
    await source.replicate(smallDocuments(2500));
    const docIds = smallDocuments(2500)
      .map(({ _id }) => _id)
      .filter((_, index) => index % 2 === 0);
    const first = await run({ docIds });
    expect(first).toMatchObject({ docsWritten: 1250 });
    expect(first.seq).toBeDefined();
    await source.put({ _id: docIds[7] ?? '', _rev: '1-0000000000000000000000000000000e', changed: true });
    expect(await run({ docIds })).toMatchObject({ docsRead: 1, docsWritten: 1 });
  });

  test('selector: only what it matches, and the checkpoint moves on when nothing does', async () => {
    await source.replicate([...smallDocuments(10), ...generations]);
    const selector = { number: { $gte: 7 } };
    expect(await run({ selector })).toMatchObject({ docsWritten: 3 });
    expect(await idsOf(replica)).toEqual(['doc-0000007', 'doc-0000008', 'doc-0000009']);
    await source.replicate(smallDocuments(5, 'other'));
    const second = await run({ selector });
    expect(second).toMatchObject({ docsRead: 0, docsWritten: 0 });
    server.requests.reset();
    await run({ selector: { number: { $gte: 7 } } });
    expect(server.requests.all.map(({ path }) => decodeURIComponent(path)).join()).toContain(
      `since=${String(second.seq)}`,
    );
  });

  test('filter: a function of a design document with parameters, or a view', async () => {
    await source.replicate([
      ...smallDocuments(4),
      {
        _id: '_design/app',
        _rev: '1-a',
        filters: { least: 'function (doc, req) { return doc.number >= Number(req.query.least); }' },
        views: { odd: { map: 'function (doc) { if (doc.number % 2) emit(doc._id); }' } },
      },
    ]);
    expect(await run({ filter: { name: 'app/least', params: { least: '3' } } })).toMatchObject({ docsWritten: 1 });
    expect(await run({ filter: { view: 'app/odd' } })).toMatchObject({ docsWritten: 1 });
    expect(await idsOf(replica)).toEqual(['doc-0000001', 'doc-0000003']);
    await expect(run({ filter: { name: 'app/nosuch' } })).rejects.toMatchObject({ status: 404 });
  });

  test('filter and transform of the caller: asked about every leaf, one that throws is on record', async () => {
    await source.replicate([...smallDocuments(5), ...generations]);
    const seen: string[] = [];
    const result = await run({
      filter: (doc) => {
        seen.push(doc._rev);
        if (doc._id === 'plain') throw new Error('cannot tell');
        return doc['number'] !== 3;
      },
      transform: ({ _id, _rev, ...rest }) => ({ ...rest, _id: 'ignored', seen: true }),
    });
    expect(seen).toHaveLength(5 + generations.length);
    expect(result).toMatchObject({ docsWritten: 5 + generations.length - 2, docsFailed: 1 });
    expect(await replica.get('doc-0000003')).toBeUndefined();
    expect(await replica.get('doc-0000002')).toEqual({
      _id: 'doc-0000002',
      _rev: expect.any(String),
      number: 2,
      text: expect.any(String),
      seen: true,
    });
    expect(await failed()).toMatchObject([{ id: 'plain', reason: expect.stringContaining('cannot tell') }]);
    expect(await run()).toMatchObject({ docsFailed: 0 });
    expect(await replica.get('plain')).toMatchObject({ v: 1 });
  });

  test('first: these come before all others', async () => {
    await source.replicate([...smallDocuments(50), ...generations]);
    const running = pull(couch.db(source.url), replica, {
      batchSize: 10,
      first: ['conflicted', 'doc-0000049', 'no-such'],
    });
    const firstBatch = deferred<number>();
    running.events$.subscribe((event) => {
      if (event.type === 'batch') firstBatch.resolve(event.written);
    });
    expect(await firstBatch.promise).toBe(3);
    expect(await running.done).toMatchObject({ docsWritten: 50 + generations.length, docsFailed: 0 });
    await expectFaithful(replica, source);
  });

  test('checkpoints: kept apart from the documents', async () => {
    await source.replicate(smallDocuments(5));
    const checkpoints = memoryKv();
    const { seq } = await run({ checkpoints });
    expect((await replica.info()).checkpoints).toEqual([]);
    expect(await run({ checkpoints })).toMatchObject({ docsRead: 0, requests: 2, seq });
  });

  test.each([
    { docIds: ['a'], selector: {} },
    { selector: {}, filter: { view: 'a/b' } },
    { history: 'leaves', selector: {} },
    { history: 'leaves', filter: () => true },
  ] as PullOptions[])('refuses %j, which contradict each other', (options) => {
    expect(() => pull(couch.db(source.url), replica, options)).toThrow(expect.objectContaining({ name: 'InputError' }));
  });

  test('since: only what came later, while there is no checkpoint', async () => {
    await source.replicate(smallDocuments(5));
    const now = (await couch.db(source.url).info()).updateSeq;
    await source.replicate(smallDocuments(2, 'later'));
    expect(await run({ since: now })).toMatchObject({ docsWritten: 2 });
    expect(await run({ since: 0 })).toMatchObject({ docsWritten: 0 });
  });

  test('since now: the checkpoint is a real position', async () => {
    await source.replicate(smallDocuments(5));
    const { seq } = await run({ since: 'now' });
    expect(seq).toMatch(/^5-/);
    await source.replicate(smallDocuments(2, 'later'));
    expect(await run({ since: 'now' })).toMatchObject({ docsWritten: 2 });
  });

  test('history leaves: every winner without a request of its own, and leaves that the source dropped are dropped', async () => {
    await source.replicate(generations);
    server.requests.reset();
    await run({ history: 'leaves' });
    expect(server.requests.count('POST', /_bulk_get/)).toBe(1);
    for (const { _id } of generations) {
      const feed = JSON.parse((await source.read(`/${pathOf(_id)}?open_revs=all`)).text) as {
        ok: { _rev: string };
      }[];
      expect((await replica.leaves(_id)).map(({ rev }) => rev).sort()).toEqual(feed.map(({ ok }) => ok._rev).sort());
    }
    expect(await replica.get('edited', { revs: true })).toMatchObject({ v: 3, _revisions: { start: 3, ids: ['c'] } });

    await source.replicate([
      { _id: 'edited', _rev: '5-e', _revisions: { start: 5, ids: ['e', 'd', 'c'] }, v: 5 },
      { _id: 'conflicted', _rev: '3-w', _revisions: { start: 3, ids: ['w', 'y', 'a'] }, v: 'w' },
    ]);
    await run({ history: 'leaves' });
    expect((await replica.leaves('edited')).map(({ rev }) => rev)).toEqual(['5-e']);
    expect((await replica.leaves('conflicted')).map(({ rev }) => rev)).toEqual(['3-w', '2-z']);
  });

  test('skipTombstones: what was deleted before it was ever here stays away, what is here is still deleted', async () => {
    await source.replicate([...generations, ...smallDocuments(3)]);
    await run({ skipTombstones: true });
    expect(await replica.info()).toMatchObject({ docDelCount: 0 });
    expect(await replica.leaves('deleted')).toEqual([]);
    await source.replicate([
      {
        _id: 'doc-0000001',
        _rev: '2-gone',
        _revisions: { start: 2, ids: ['gone', '00000000000000000000000000000001'] },
        _deleted: true,
      },
      { _id: 'never-seen', _rev: '2-gone', _revisions: { start: 2, ids: ['gone', 'a'] }, _deleted: true },
    ]);
    await run({ skipTombstones: true });
    expect(await replica.get('doc-0000001')).toBeUndefined();
    expect((await replica.leaves('doc-0000001')).map(({ rev }) => rev)).toEqual(['2-gone']);
    expect(await replica.leaves('never-seen')).toEqual([]);
  });
});

describe('A revision that cannot be had', () => {
  /** Makes the server answer `_bulk_get` without one revision, as one does to whose node it has not come yet. */
  function withhold(id: string): () => void {
    return server.faults.add({
      method: 'POST',
      path: /_bulk_get/,
      answer: { status: 200, body: JSON.stringify({ results: [{ id, docs: [{}] }] }) },
    });
  }

  test('is recorded with the batch that passes it, and brought by the next pull', async () => {
    await source.replicate([
      { _id: 'deep', _rev: '2-b', _revisions: { start: 2, ids: ['b', 'a'] }, v: 1 },
      ...smallDocuments(5),
    ]);
    const relent = withhold('deep');
    const first = await run();
    expect(first).toMatchObject({ state: 'completed', docsWritten: 5, docsFailed: 1 });
    expect(first.seq).toBeDefined();
    expect(await failed()).toEqual([
      { id: 'deep', rev: '2-b', reason: expect.stringContaining('does not have'), attempts: 1 },
    ]);
    expect((await replica.info()).failed).toBe(1);
    // It has not come yet: neither given up, nor in the way of what has changed since.
    relent();
    const still = server.faults.add({
      method: 'POST',
      path: /_bulk_get/,
      answer: {
        status: 200,
        body: JSON.stringify({ results: [{ id: 'deep', docs: [{ error: 'timeout', reason: 'later' }] }] }),
      },
    });
    await source.replicate(smallDocuments(1, 'new'));
    expect(await run()).toMatchObject({ docsWritten: 1, docsFailed: 1 });
    expect(await failed()).toMatchObject([{ attempts: 2 }]);
    still();
    expect(await run()).toMatchObject({ docsWritten: 1, docsFailed: 0 });
    expect(await failed()).toEqual([]);
    await expectFaithful(replica, source);
  });

  test('is struck out when something that came after it has arrived', async () => {
    await source.replicate([{ _id: 'deep', _rev: '2-b', _revisions: { start: 2, ids: ['b', 'a'] }, v: 1 }]);
    const relent = withhold('deep');
    await run();
    relent();
    await source.replicate([{ _id: 'deep', _rev: '3-c', _revisions: { start: 3, ids: ['c', 'b', 'a'] }, v: 2 }]);
    expect(await run()).toMatchObject({ docsFailed: 0 });
    expect(await failed()).toEqual([]);
    await expectFaithful(replica, source);
  });

  test('is forgotten once the source has purged it', async () => {
    await source.replicate([{ _id: 'deep', _rev: '2-b', _revisions: { start: 2, ids: ['b', 'a'] }, v: 1 }]);
    const relent = withhold('deep');
    await run();
    relent();
    const purged = await fetch(`${source.url}/_purge`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{"deep":["2-b"]}',
    });
    expect(purged.status).toBe(201);
    const running = pull(couch.db(source.url, { platform: hasty }), replica, impatient);
    const skipped: PullEvent[] = [];
    running.events$.subscribe((event) => {
      if (event.type === 'skipped') skipped.push(event);
    });
    expect(await running.done).toMatchObject({ state: 'completed', docsFailed: 0 });
    expect(skipped).toMatchObject([{ id: 'deep', rev: '2-b' }]);
    expect(await failed()).toEqual([]);
  });

  test('that breaks every answer it is in is singled out, and the rest of its batch is stored', async () => {
    const deep = Array.from({ length: 40 }, (_, n) => ({
      _id: `deep-${n}`,
      _rev: '2-b',
      _revisions: { start: 2, ids: ['b', 'a'] },
      n,
    }));
    await source.replicate(deep);
    const database = couch.db(source.url, {
      fetch: async (url, init) => {
        const isPoisoned = String(init.body).includes('"deep-17"');
        return isPoisoned
          ? new Response('{"results":[{"id":"deep-17","docs":[{"ok":{"_id', { status: 200 })
          : fetch(url, init);
      },
    });
    const result = await pull(database, replica, { retry: { attempts: 2, base: 0, cap: 0 } }).done;
    expect(result).toMatchObject({ state: 'completed', docsWritten: 39, docsFailed: 1 });
    expect(await failed()).toMatchObject([{ id: 'deep-17', rev: '2-b', attempts: 1 }]);
    expect(result.requests).toBeLessThan(40);
  });

  test('is not taken for a server that gives nothing, however many of its kind come first', async () => {
    const deep = Array.from({ length: 16 }, (_, n) => ({
      _id: `deep-${String(n).padStart(2, '0')}`,
      _rev: '2-b',
      _revisions: { start: 2, ids: ['b', 'a'] },
      n,
    }));
    await source.replicate(deep);
    const database = couch.db(source.url, {
      fetch: async (url, init) => {
        const isPoisoned = /"deep-0\d"/.test(String(init.body));
        return isPoisoned
          ? new Response('{"error":"badmatch","reason":"{error,x}"}', { status: 500 })
          : fetch(url, init);
      },
    });
    expect(await pull(database, replica, impatient).done).toMatchObject({ docsWritten: 6, docsFailed: 10 });
    expect((await failed()).map(({ id }) => id)).toEqual(deep.slice(0, 10).map(({ _id }) => _id));
    expect(await run()).toMatchObject({ docsWritten: 10, docsFailed: 0 });
    await expectFaithful(replica, source);
  });

  test('in the feed itself is reached by bare rows', async () => {
    await source.replicate([...smallDocuments(20), { _id: 'bad', _rev: '1-x', text: 'POISON' }]);
    const database = couch.db(source.url, {
      fetch: async (url, init) => {
        const response = await fetch(url, init);
        // Bytes that are no UTF-8 in the place of one document's text, wherever it is shown.
        const bytes = Buffer.from(await response.arrayBuffer());
        const at = bytes.indexOf('POISON');
        if (at !== -1) bytes[at] = 0xff;
        return new Response(bytes, response);
      },
    });
    expect(await pull(database, replica, { retry: { attempts: 2, base: 0, cap: 0 } }).done).toMatchObject({
      docsWritten: 20,
      docsFailed: 1,
    });
    expect(await failed()).toMatchObject([{ id: 'bad', rev: '1-x' }]);
    expect(await run()).toMatchObject({ docsWritten: 1, docsFailed: 0 });
    await expectFaithful(replica, source);
  });

  test('is not blamed on documents when the server gives nothing at all', async () => {
    const deep = Array.from({ length: 40 }, (_, n) => ({
      _id: `deep-${n}`,
      _rev: '2-b',
      _revisions: { start: 2, ids: ['b', 'a'] },
      n,
    }));
    await source.replicate(deep);
    server.faults.add({
      method: 'POST',
      path: /_bulk_get/,
      answer: { status: 500, body: '{"error":"x","reason":"y"}' },
    });
    await expect(run({ retry: { attempts: 1 } })).rejects.toMatchObject({ status: 500 });
    expect(await failed()).toEqual([]);
    expect((await replica.info()).checkpoints).toEqual([]);
    server.faults.clear();
    expect(await run()).toMatchObject({ docsWritten: 40 });
  });

  test('and one that the target refuses, are both recorded', async () => {
    const rows = [
      { seq: 1, id: 'a\ud800', changes: [{ rev: '1-x' }], doc: { _id: 'a\ud800', _rev: '1-x' } },
      { seq: 2, id: 'b', changes: [{ rev: '1-x' }], doc: { _id: 'b', _rev: '1-x' } },
    ];
    const database = couch.db(source.url, {
      fetch: async (url, init) =>
        url.includes('_changes')
          ? new Response(JSON.stringify({ results: rows, last_seq: 2, pending: 0 }))
          : fetch(url, init),
    });
    const running = pull(database, replica);
    const rejected: PullEvent[] = [];
    running.events$.subscribe((event) => {
      if (event.type === 'rejected') rejected.push(event);
    });
    expect(await running.done).toMatchObject({ docsWritten: 1, docsFailed: 1, seq: 2 });
    expect(rejected).toEqual([
      { type: 'rejected', id: 'a\ud800', rev: '1-x', reason: expect.stringContaining('surrogate') },
    ]);
    expect(await failed()).toEqual([
      { id: 'a\ud800', rev: '1-x', reason: expect.stringContaining('surrogate'), attempts: 1 },
    ]);
    expect((await replica.get('b'))?._id).toBe('b');
  });
});

describe('A target that fails', () => {
  test('stops the pull with its error, and the next one loses nothing', async () => {
    await source.replicate(smallDocuments(50));
    let writes = 0;
    const full = alteredTarget(replica, {
      writeBatch: async (batch) => {
        writes += 1;
        if (writes === 3) throw new StoreError('The disk is full', 'full');
        return replica.writeBatch(batch);
      },
    });
    await expect(run({ batchSize: 10 }, full)).rejects.toMatchObject({ name: 'StoreError', failure: 'full' });
    expect((await replica.info()).docCount).toBe(20);
    expect(await run({ batchSize: 10 })).toMatchObject({ docsRead: 30, docsWritten: 30 });
    await expectFaithful(replica, source);
  });
});
