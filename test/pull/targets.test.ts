import { filter, firstValueFrom } from 'rxjs';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type CouchServer, startServer } from '../../demo/server/index.ts';
import { ContentionError, StoreError } from '../../src/core/errors.ts';
import { platform } from '../../src/core/platform.ts';
import { couch } from '../../src/couch/couch.ts';
import type { Kv } from '../../src/kv/kv.ts';
import { memoryKv } from '../../src/kv/memory.ts';
import type { PullOptions } from '../../src/pull/options.ts';
import { type Pull, pull } from '../../src/pull/pull.ts';
import type { PullEvent, PullResult } from '../../src/pull/status.ts';
import { openReplica } from '../../src/replica/replica.ts';
import type { Target } from '../../src/replica/target.ts';
import { alteredKv } from '../contract/altered-kv.ts';
import { alteredTarget } from '../contract/altered-target.ts';
import { textOf } from '../contract/tiny.ts';
import { leavesOf, TinyData, TinyTarget } from '../contract/tiny-target.ts';
import { TinyRecords, TinyTargetWithCheckpoints, TinyTargetWithRecords } from '../contract/tiny-target-records.ts';
import { deferred } from '../support/deferred.ts';
import { generations, smallDocuments } from '../support/documents.ts';
import { expectFaithful } from '../support/faithful.ts';
import { type Fault, faultyTarget, type TargetCall } from '../support/faulty-target.ts';
import { createDatabase, type SourceDatabase } from '../support/source-database.ts';

let server: CouchServer;
let source: SourceDatabase;
let running: Pull | undefined;

beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server.close());
beforeEach(async () => {
  source = await createDatabase(server.url);
});
afterEach(async () => {
  await running?.stop();
  server.faults.clear();
  await source.destroy();
});

/** Without waits between tries: there is nothing to wait for. */
const hasty = platform({ sleep: (ms, signal) => platform().sleep(ms >= 20_000 ? ms : 0, signal) });

/** A pull in small batches, with all that it tells. */
interface Observed {
  readonly pull: Pull;
  readonly events: PullEvent[];
  readonly states: string[];
}

function start(target: Target, options: PullOptions = {}): Observed {
  const events: PullEvent[] = [];
  const states: string[] = [];
  running = pull(couch.db(source.url, { platform: hasty }), target, { batchSize: 10, platform: hasty, ...options });
  running.events$.subscribe((event) => events.push(event));
  running.status$.subscribe(({ state }) => {
    if (state !== states.at(-1)) states.push(state);
  });
  return { pull: running, events, states };
}

/** Every document with the texts of its leaves and the ids of its whole ancestry. */
type Shown = Record<string, { readonly leaves: string[]; readonly revisions: string[] }>;

function shown(data: TinyData): Shown {
  const documents = [...data.documents].map(([id, revisions]) => {
    const leaves = leavesOf(data, id).map((rev) => textOf(data, id, rev) ?? '');
    return [id, { leaves: leaves.sort(), revisions: [...revisions.keys()].sort() }] as const;
  });
  return Object.fromEntries(documents);
}

/** What the source has, by way of a replica. */
async function expected(): Promise<Shown> {
  const replica = await openReplica(memoryKv(), 'expected');
  await pull(couch.db(source.url), replica).done;
  const found: Shown = {};
  for await (const { id, text } of replica.texts({ leaves: true })) {
    const paths = (await replica.leaves(id, { revs: true })).flatMap(({ revisions }) => revisions ?? []);
    const revisions = paths.flatMap(({ start, ids }) => ids.map((name, back) => `${start - back}-${name}`));
    const leaves = [...(found[id]?.leaves ?? []), text].sort();
    found[id] = { leaves, revisions: [...new Set(revisions)].sort() };
  }
  return found;
}

/** An application's data, and how a target is opened on it. */
interface Kind {
  readonly data: TinyData;
  readonly open: () => Target;
  readonly options: PullOptions;
}

const kinds: readonly (readonly [name: string, begin: () => Kind])[] = [
  [
    'that takes its checkpoints with the documents',
    () => {
      const data = new TinyRecords();
      return { data, open: () => new TinyTargetWithRecords(data), options: {} };
    },
  ],
  [
    'that takes its checkpoints after the documents',
    () => {
      const data = new TinyRecords();
      return { data, open: () => new TinyTargetWithCheckpoints(data), options: {} };
    },
  ],
  [
    'whose checkpoints are kept apart',
    () => {
      const data = new TinyData();
      return { data, open: () => new TinyTarget(data), options: { checkpoints: memoryKv() } };
    },
  ],
];

const busy = (): StoreError => new StoreError('Another process writes', 'busy');

describe.each(kinds)('A target of an application, %s,', (_, begin) => {
  test('has everything after a pull, and of another one only what is new', async () => {
    await source.replicate([...smallDocuments(35), ...generations]);
    const { data, open, options } = begin();
    expect(await start(open(), options).pull.done).toMatchObject({ state: 'completed', docsFailed: 0 });
    expect(shown(data)).toEqual(await expected());
    expect(await start(open(), options).pull.done).toMatchObject({ docsRead: 0, requests: 2 });
    await source.put({ _id: 'new', v: 1 });
    expect(await start(open(), options).pull.done).toMatchObject({ docsRead: 1, docsWritten: 1 });
    expect(shown(data)).toEqual(await expected());
  });

  test('is given its checkpoints where it can take them, and never before what they cover', async () => {
    await source.replicate(smallDocuments(35));
    const { data, open, options } = begin();
    const target = open();
    const { atomic = false } = await target.open();
    const carried: unknown[] = [];
    /** Of each checkpoint how many documents it covers, and how many are there. */
    const covered: [number, number][] = [];
    const onCheckpoint = (seq: unknown): void => {
      covered.push([Number.parseInt(String(seq), 10), data.documents.size]);
    };
    const writeCheckpoint = target.writeCheckpoint?.bind(target);
    const observed = alteredTarget(target, {
      async writeBatch(batch) {
        const result = await target.writeBatch(batch);
        carried.push(batch.checkpoint?.value['seq']);
        if (batch.checkpoint !== undefined) onCheckpoint(batch.checkpoint.value['seq']);
        return result;
      },
      ...(writeCheckpoint && {
        async writeCheckpoint(checkpoint) {
          onCheckpoint(checkpoint.value['seq']);
          await writeCheckpoint(checkpoint);
        },
      }),
    });
    const { checkpoints } = options;
    const apart = checkpoints && {
      checkpoints: alteredKv(checkpoints, {
        update: (guards, decide, how) =>
          checkpoints.update(
            guards,
            (seen) => {
              const decision = decide(seen);
              for (const [, value] of decision.set ?? []) onCheckpoint(JSON.parse(new TextDecoder().decode(value)).seq);
              return decision;
            },
            how,
          ),
      }),
    };
    await start(observed, apart).pull.done;
    expect(covered).toEqual([
      [10, 10],
      [20, 20],
      [30, 30],
      [35, 35],
    ]);
    expect(carried.filter((seq) => seq !== undefined)).toHaveLength(atomic ? 4 : 0);
    expect(carried).toHaveLength(4);
  });

  test('moves on where a selection passes nothing', async () => {
    await source.replicate(smallDocuments(5));
    const { data, open, options } = begin();
    let batches = 0;
    const target = open();
    const observed = faultyTarget(target, (call) => {
      if (call === 'writeBatch') batches += 1;
      return undefined;
    });
    const selector = { none: true };
    const { seq } = await start(observed, { ...options, selector }).pull.done;
    expect(seq).toMatch(/^5-/);
    await source.replicate(smallDocuments(2, 'later'));
    server.requests.reset();
    await start(observed, { ...options, selector }).pull.done;
    const asked = server.requests.all.map(({ path }) => decodeURIComponent(path)).join(' ');
    expect(asked).toContain(`since=${String(seq)}`);
    expect([batches, data.documents.size]).toEqual([0, 0]);
  });

  test('is waited for while it is busy, whatever call it is, and nothing is fetched again', async () => {
    await source.replicate([...smallDocuments(35), ...generations]);
    const undisturbed = await calls(begin, () => undefined);
    expect(new Set(undisturbed.calls)).toContain('writeBatch');
    for (const loses of ['call', 'answer'] as const) {
      for (let at = 0; at < undisturbed.calls.length; at += 1) {
        const error = at % 2 === 0 ? busy() : new ContentionError('Others were first');
        const fault = { error, loses };
        // The second may meet another call than the first: several are under way at once.
        const { result, observed, data } = await calls(begin, (_call, number) =>
          number === at || number === at + 1 ? fault : undefined,
        );
        const what = `${undisturbed.calls[at]}, call ${at}, losing its ${loses}`;
        expect(result, what).toMatchObject({
          state: 'completed',
          docsRead: undisturbed.result.docsRead,
          docsFailed: 0,
          requests: undisturbed.result.requests,
        });
        if (loses === 'call') expect(result.docsWritten, what).toBe(undisturbed.result.docsWritten);
        const retries = observed.events.filter(({ type }) => type === 'retry');
        expect(retries.length, what).toBeGreaterThan(0);
        for (const retry of retries) expect(retry, what).toMatchObject({ error });
        expect(observed.states, what).toContain('backing-off');
        expect(observed.states.at(-1), what).toBe('completed');
        expect(shown(data), what).toEqual(shown(undisturbed.data));
      }
    }
  });

  test.each([
    ['a full disk', () => new StoreError('The disk is full', 'full')],
    ['an exception of its own', () => new TypeError('Cannot read properties of undefined')],
    ['something that is no error', () => 'out of order'],
  ])('ends the pull with %s, whatever call it is, and the next one loses nothing', async (_what, errorOf) => {
    await source.replicate([...smallDocuments(35), ...generations]);
    const undisturbed = await calls(begin, () => undefined);
    for (let at = 0; at < undisturbed.calls.length; at += 1) {
      const kind = begin();
      const error = errorOf();
      const fault: Fault = { error, loses: at % 3 === 0 ? 'answer' : 'call' };
      const target = faultyTarget(kind.open(), (_call, number) => (number >= at ? fault : undefined));
      const observed = start(target, kind.options);
      const what = `${undisturbed.calls[at]}, call ${at}`;
      await expect(observed.pull.done, what).rejects.toBe(error);
      expect(observed.pull.status(), what).toMatchObject({ state: 'failed', error });
      expect(observed.events.at(-1), what).toEqual({ type: 'error', error });
      expect(observed.events.map(({ type }) => type)).not.toContain('retry');
      const next = await start(kind.open(), kind.options).pull.done;
      expect(next, what).toMatchObject({ state: 'completed', docsFailed: 0 });
      expect(shown(kind.data), what).toEqual(shown(undisturbed.data));
    }
  });

  test('tells what it rejects, which stops nothing', async () => {
    await source.replicate(smallDocuments(25));
    const { data, open, options } = begin();
    const target = open();
    const picky = alteredTarget(target, {
      async writeBatch(batch) {
        const isRefused = ({ id }: { readonly id: string }): boolean => id === 'doc-0000007';
        const refused = batch.revisions.filter(isRefused).map(({ id, rev }) => ({ id, rev, reason: 'It is too odd' }));
        const result = await target.writeBatch({
          ...batch,
          revisions: batch.revisions.filter((one) => !isRefused(one)),
          failures: [...(batch.failures ?? []), ...refused],
        });
        return { ...result, rejected: refused };
      },
    });
    const { pull: first, events } = start(picky, options);
    const rejected = { id: 'doc-0000007', rev: `1-${'7'.padStart(32, '0')}`, reason: 'It is too odd' };
    expect(await first.done).toMatchObject({
      state: 'completed',
      docsWritten: 24,
      docsFailed: 1,
      seq: expect.stringMatching(/^25-/),
    });
    expect(events.filter(({ type }) => type === 'rejected')).toEqual([{ type: 'rejected', ...rejected }]);
    expect(data.documents.size).toBe(24);
    // Where it is on record it is tried again, and nowhere else is it asked for again.
    const isRecorded = target.failed !== undefined;
    expect(await start(open(), options).pull.done).toMatchObject({ docsRead: isRecorded ? 1 : 0, docsFailed: 0 });
    expect(data.documents.size).toBe(isRecorded ? 25 : 24);
  });
});

/** One pull, all calls of its target seen, some of them failing. */
async function calls(
  begin: () => Kind,
  faultOf: (call: TargetCall, number: number) => Fault | undefined,
): Promise<{ calls: TargetCall[]; result: PullResult; observed: Observed; data: TinyData }> {
  const { data, open, options } = begin();
  const made: TargetCall[] = [];
  const target = faultyTarget(open(), (call, number) => {
    made.push(call);
    return faultOf(call, number);
  });
  const observed = start(target, options);
  return { calls: made, result: await observed.pull.done, observed, data };
}

describe('A target that stays busy', () => {
  test('ends a pull that has tried as often as it may; the next one goes on there', async () => {
    await source.replicate(smallDocuments(25));
    const data = new TinyRecords();
    let writes = 0;
    const error = busy();
    const target = faultyTarget(new TinyTargetWithRecords(data), (call) => {
      if (call === 'writeBatch') writes += 1;
      return call === 'writeBatch' && writes > 1 ? { error, loses: 'call' } : undefined;
    });
    const { pull: first, events, states } = start(target, { retry: { attempts: 3 } });
    await expect(first.done).rejects.toBe(error);
    expect(writes).toBe(1 + 3);
    expect(events.filter(({ type }) => type === 'retry')).toMatchObject([
      { failures: 1, error },
      { failures: 2, error },
    ]);
    expect(states).toEqual(['starting', 'catching-up', 'backing-off', 'failed']);
    expect(data.documents.size).toBe(10);
    expect(await start(new TinyTargetWithRecords(data)).pull.done).toMatchObject({ docsRead: 15, docsWritten: 15 });
  });

  test('is waited for without end by a pull that goes on for ever', async () => {
    await source.replicate(smallDocuments(5));
    const data = new TinyRecords();
    let left = 0;
    const target = faultyTarget(new TinyTargetWithRecords(data), (call) => {
      if (call !== 'writeBatch' || left === 0) return undefined;
      left -= 1;
      return { error: busy(), loses: 'call' };
    });
    const { pull: live, events, states } = start(target, { mode: 'continuous', retry: { attempts: 2, cap: 1 } });
    await live.caughtUp;
    left = 30;
    const batch = firstValueFrom(live.events$.pipe(filter(({ type }) => type === 'batch')));
    await source.put({ _id: 'new', v: 1 });
    await batch;
    await firstValueFrom(live.status$.pipe(filter(({ state }) => state === 'live')));
    expect(data.documents.has('new')).toBe(true);
    expect(events.filter(({ type }) => type === 'retry')).toHaveLength(30);
    expect(states.slice(states.indexOf('live'))).toEqual(['live', 'backing-off', 'catching-up', 'live']);
  });

  test('for a while is not shown as busy any longer than that', async () => {
    const deep = { _rev: '2-b', _revisions: { start: 2, ids: ['b', 'a'] } };
    await source.replicate([{ _id: 'one', ...deep }]);
    const data = new TinyRecords();
    await start(new TinyTargetWithRecords(data)).pull.done;
    await source.replicate([{ _id: 'other', ...deep }]);
    let failures = 2;
    const target = faultyTarget(new TinyTargetWithRecords(data), (call) =>
      call === 'diff' && failures-- > 0 ? { error: busy(), loses: 'call' } : undefined,
    );
    let state = '';
    const database = couch.db(source.url, {
      fetch(url, init) {
        if (url.includes('_bulk_get')) state = running?.status().state ?? '';
        return fetch(url, init);
      },
    });
    running = pull(database, target, { platform: hasty });
    expect(await running.done).toMatchObject({ docsWritten: 1 });
    expect([failures, state]).toEqual([-1, 'catching-up']);
  });

  test('as a replica over a busy store does, gets everything once', async () => {
    await source.replicate([...smallDocuments(35), ...generations]);
    const { docsRead, docsWritten, requests } = await start(await openReplica(memoryKv(), 'quiet')).pull.done;
    const kv = memoryKv();
    let left = 0;
    const refused = async (): Promise<void> => {
      left = left === 0 ? 2 : left - 1;
      if (left > 0) throw busy();
    };
    const replica = await openReplica(kv, 'busy');
    const held = await openReplica(
      alteredKv(kv, {
        update: async (guards, decide, options) => {
          await refused();
          return kv.update(guards, decide, options);
        },
      }),
      'busy',
    );
    const { pull: waiting, events } = start(held);
    expect(await waiting.done).toMatchObject({ docsRead, docsWritten, requests, docsFailed: 0 });
    expect(events.filter(({ type }) => type === 'retry').length).toBeGreaterThan(4);
    await expectFaithful(replica, source);
  });

  test('is not asked while the pull is paused, and no more once it is stopped', async () => {
    await source.replicate(smallDocuments(5));
    const asleep = deferred();
    const awake = deferred();
    let writes = 0;
    const target = faultyTarget(new TinyTargetWithRecords(new TinyRecords()), (call) => {
      if (call === 'writeBatch') writes += 1;
      return call === 'writeBatch' ? { error: busy(), loses: 'call' } : undefined;
    });
    const sleepy = platform({
      async sleep(_ms, signal) {
        asleep.resolve();
        await Promise.race([
          awake.promise,
          new Promise((_, reject) => signal?.addEventListener('abort', () => reject(signal.reason))),
        ]);
      },
    });
    const { pull: held } = start(target, { platform: sleepy, retry: { attempts: 50 } });
    await asleep.promise;
    expect(held.status().state).toBe('backing-off');
    held.pause();
    awake.resolve();
    for (let turn = 0; turn < 50; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    expect([held.status().state, writes]).toEqual(['paused', 1]);
    await held.stop();
    expect([(await held.done).state, writes]).toEqual(['stopped', 1]);
  });

  test('in the store of its checkpoints keeps the documents, and fetches none of them again', async () => {
    await source.replicate(smallDocuments(25));
    const data = new TinyData();
    let failures = 3;
    const kv = memoryKv();
    const checkpoints: Kv = alteredKv(kv, {
      update: async (guards, decide, options) => {
        if (failures-- > 0) throw busy();
        return kv.update(guards, decide, options);
      },
    });
    const { pull: first, events } = start(new TinyTarget(data), { checkpoints });
    expect(await first.done).toMatchObject({ docsRead: 25, docsWritten: 25, seq: expect.stringMatching(/^25-/) });
    expect(events.filter(({ type }) => type === 'retry')).toHaveLength(3);
    const error = new StoreError('A row is damaged', 'corrupt');
    const broken = alteredKv(kv, { read: () => Promise.reject(error) });
    await expect(start(new TinyTarget(data), { checkpoints: broken }).pull.done).rejects.toBe(error);
    expect(await start(new TinyTarget(data), { checkpoints }).pull.done).toMatchObject({ docsRead: 0 });
  });
});

describe('A target that is closed', () => {
  test.each(['oneshot', 'continuous'] as const)('ends a %s pull with the reason', async (mode) => {
    await source.replicate(smallDocuments(25));
    const data = new TinyRecords();
    const target = new TinyTargetWithRecords(data);
    const { pull: ended, events } = start(target, { mode });
    const reason = new Error('The user has signed out');
    await firstValueFrom(
      ended.events$.pipe(filter((event) => event.type === (mode === 'oneshot' ? 'batch' : 'caught-up'))),
    );
    await target.close(reason);
    if (mode === 'continuous') await source.put({ _id: 'new', v: 1 });
    await expect(ended.done).rejects.toMatchObject({ name: 'ClosedError', cause: reason });
    expect(ended.status()).toMatchObject({ state: 'failed', error: { name: 'ClosedError' } });
    expect(events.at(-1)).toMatchObject({ type: 'error', error: { cause: reason } });
    await start(new TinyTargetWithRecords(data)).pull.done;
    expect(shown(data)).toEqual(await expected());
  });

  test('is never closed by a pull', async () => {
    await source.replicate(smallDocuments(5));
    const target = new TinyTargetWithRecords(new TinyRecords());
    await start(target).pull.done;
    await start(target, { mode: 'continuous' }).pull.stop();
    expect(await target.open()).toMatchObject({ empty: false });
  });
});

describe('A target that keeps no', () => {
  test.each(['readCheckpoint', 'writeCheckpoint'] as const)(
    'checkpoints is refused without a store for them: no %s',
    (part) => {
      const { [part]: _, ...parts } = alteredTarget(new TinyTargetWithCheckpoints(new TinyRecords()), {});
      expect(() => pull(couch.db(source.url), parts)).toThrow(
        expect.objectContaining({ name: 'InputError', message: expect.stringContaining('keeps no checkpoints') }),
      );
    },
  );

  test('checkpoints shares a store with others that are the same but for their data', async () => {
    await source.replicate(smallDocuments(5));
    const checkpoints = memoryKv();
    for (const data of [new TinyData(), new TinyData()]) {
      expect(await start(new TinyTarget(data), { checkpoints }).pull.done).toMatchObject({ docsWritten: 5 });
      expect(await start(new TinyTarget(data), { checkpoints }).pull.done).toMatchObject({ docsRead: 0 });
    }
  });

  test('record of failures has one for as long as the pull runs', async () => {
    await source.replicate([
      { _id: 'deep', _rev: '2-b', _revisions: { start: 2, ids: ['b', 'a'] }, v: 1 },
      ...smallDocuments(5),
    ]);
    const relent = server.faults.add({
      method: 'POST',
      path: /_bulk_get/,
      answer: {
        status: 200,
        body: JSON.stringify({ results: [{ id: 'deep', docs: [{ error: 'timeout', reason: 'later' }] }] }),
      },
    });
    const data = new TinyData();
    const { pull: live, events } = start(new TinyTarget(data), {
      mode: 'continuous',
      checkpoints: memoryKv(),
      retry: { attempts: 1 },
    });
    await live.caughtUp;
    await live.inSync();
    expect(events.filter(({ type }) => type === 'failed')).toMatchObject([{ id: 'deep', rev: '2-b' }]);
    expect(data.documents.size).toBe(5);
    relent();
    // A pull that begins anew tries first what it could not have before.
    server.faults.add({ method: 'POST', path: /_bulk_get/, answer: { status: 503 }, times: 1 });
    await source.replicate([{ _id: 'other', _rev: '2-b', _revisions: { start: 2, ids: ['b', 'a'] }, v: 1 }]);
    while (!data.documents.has('deep')) await new Promise((resolve) => setImmediate(resolve));
    await live.inSync();
    expect(shown(data)).toEqual(await expected());
  });
});
