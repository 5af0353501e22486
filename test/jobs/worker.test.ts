import type { Subscription } from 'rxjs';
import { describe, expect, onTestFinished, test } from 'vitest';
import { ClosedError, isClosedError, isInputError, isLeaseLostError } from '../../src/core/errors.ts';
import type { JsonObject } from '../../src/core/json-value.ts';
import { type WorkOptions, work } from '../../src/jobs/work.ts';
import type { JobContext, JobEvent, JobHandler } from '../../src/jobs/worker.ts';
import type { WorkerRecord } from '../../src/jobs/worker-record.ts';
import { memoryKv } from '../../src/kv/memory.ts';
import { alteredKv } from '../contract/altered-kv.ts';
import { deferred } from '../support/deferred.ts';
import { AlteredStore } from './altered-store.ts';
import { expectConsistency } from './invariants.ts';
import { PATIENCE, TIMEOUT, type TimedQueue, TYPE, timedQueue, turns } from './timed-queue.ts';

interface Working {
  /** What was told, as `started a`. */
  readonly told: string[];
  readonly events: JobEvent[];
  readonly subscription: Subscription;
  /** Whether the feed is complete. */
  isComplete: boolean;
}

function begin({ queue }: Pick<TimedQueue, 'queue'>, handler: JobHandler, options: WorkOptions = {}): Working {
  const working = { told: [] as string[], events: [] as JobEvent[], isComplete: false };
  const subscription = work(queue, TYPE, handler, options).subscribe({
    next: (event) => {
      working.events.push(event);
      working.told.push(`${event.type} ${event.id}`);
    },
    complete: () => {
      working.isComplete = true;
    },
  });
  onTestFinished(async () => {
    subscription.unsubscribe();
    await turns();
  });
  return Object.assign(working, { subscription });
}

/** Works until the signal aborts, and then throws. */
function untilAborted(_: unknown, { signal }: JobContext): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason));
  });
}

describe('A worker', () => {
  test('works on what comes, one after the other, and keeps what each gives', async () => {
    const timed = await timedQueue();
    const working = begin(timed, async ({ id }) => ({ of: id }));
    for (const id of ['a', 'b']) {
      await timed.queue.add(TYPE, id, {});
      expect(await timed.wait(timed.queue.wait(TYPE, id))).toMatchObject({ state: 'finished', info: { of: id } });
    }
    expect(working.told).toEqual(['started a', 'finished a', 'started b', 'finished b']);
    expect(working.events[1]).toEqual({ type: 'finished', id: 'a', attempt: 1, epoch: 1 });
  });

  test('works on so many at once as was said, and on no more', async () => {
    const timed = await timedQueue();
    let [now, most] = [0, 0];
    const gate = deferred();
    begin(
      timed,
      async () => {
        now += 1;
        most = Math.max(most, now);
        await gate.promise;
        now -= 1;
      },
      { concurrency: 3 },
    );
    await timed.queue.addAll(
      TYPE,
      Array.from({ length: 10 }, (_, at) => ({ id: `${at}`, data: {} })),
    );
    await turns();
    expect(await timed.queue.counts(TYPE)).toMatchObject({ pending: 7, running: 3 });
    gate.resolve();
    await timed.pass(1000);
    expect([(await timed.queue.counts(TYPE)).finished, most]).toEqual([10, 3]);
  });

  test('keeps a job that takes long, and nobody else gets it', async () => {
    const timed = await timedQueue();
    const gate = deferred();
    const working = begin(timed, () => gate.promise);
    const other = begin(timed, () => gate.promise);
    await timed.queue.add(TYPE, 'a', {});
    await timed.pass(20 * TIMEOUT);
    gate.resolve();
    await timed.pass(100);
    expect([...working.told, ...other.told]).toEqual(['started a', 'finished a']);
  });

  test('tries again what fails, and tells why', async () => {
    const timed = await timedQueue({ type: { maxAttempts: 3, backoff: { base: 100, cap: 100 } } });
    const working = begin(timed, async ({ attempt }) => {
      throw new Error(`No ${attempt}`);
    });
    await timed.queue.add(TYPE, 'a', {});
    expect(await timed.wait(timed.queue.wait(TYPE, 'a'))).toMatchObject({ state: 'dead', error: 'No 3', attempt: 3 });
    await turns();
    expect(working.told).toEqual(['started a', 'failed a', 'started a', 'failed a', 'started a', 'dead a']);
    expect(working.events.at(-1)?.error).toEqual(new Error('No 3'));
  });

  test.each<[string, unknown]>([
    ['is no JSON', { big: 1n }],
    ['is no object', 'done'],
    ['does not fit into the store', { text: 'x'.repeat(200_000) }],
  ])('has an attempt fail that gives what %s', async (_, result) => {
    const timed = await timedQueue({
      kv: memoryKv({ limits: { valueBytes: 100_000 } }),
      type: { maxAttempts: 1 },
    });
    const working = begin(timed, async () => result as JsonObject);
    await timed.queue.add(TYPE, 'a', {});
    await timed.pass(100);
    expect(working.told).toEqual(['started a', 'dead a']);
    expect(working.events[1]?.error).toMatchObject({ message: (await timed.queue.get(TYPE, 'a'))?.error });
  });

  test('leaves a job as its handler has ended it', async () => {
    const timed = await timedQueue();
    const working = begin(timed, async (job) => {
      if (job.id === 'later') await job.fail(new Error('Not yet'), 8_000_000_000_000);
      else await job.finish({ by: 'itself' });
      return { by: 'the worker' };
    });
    await timed.queue.addAll(TYPE, [
      { id: 'done', data: {} },
      { id: 'later', data: {} },
    ]);
    expect(await timed.wait(timed.queue.wait(TYPE, 'done'))).toMatchObject({ info: { by: 'itself' } });
    while (working.told.length < 4) await turns();
    expect(await timed.queue.get(TYPE, 'later')).toMatchObject({
      runAt: 8_000_000_000_000,
      error: 'Not yet',
      info: {},
    });
    expect(working.told.slice().sort()).toEqual(['failed later', 'finished done', 'started done', 'started later']);
  });

  test('takes another handler from the next job on', async () => {
    const timed = await timedQueue();
    const handlers: JobHandler[] = [async () => ({ by: 'first' }), async () => ({ by: 'second' })];
    let at = 0;
    const feed = work(timed.queue, TYPE, { find: () => handlers[at] ?? handlers[0] ?? (async () => {}) });
    const subscription = feed.subscribe();
    for (const id of ['first', 'second']) {
      await timed.queue.add(TYPE, id, {});
      expect((await timed.wait(timed.queue.wait(TYPE, id)))?.info).toEqual({ by: id });
      at += 1;
    }
    subscription.unsubscribe();
    await turns();
  });

  test('takes none but those that were asked for', async () => {
    const timed = await timedQueue();
    begin(timed, async () => {}, { maxPriority: 4, noSchedule: true });
    await timed.queue.add(TYPE, 'of a greater priority', {});
    await timed.queue.add(TYPE, 'with a time', {}, { priority: 0, runAt: 1 });
    await timed.queue.add(TYPE, 'wanted', {}, { priority: 4 });
    await timed.pass(60_000);
    const finished = await timed.queue.list(TYPE, { state: 'finished' });
    expect(finished.map(({ id }) => id)).toEqual(['wanted']);
  });

  test.each([{ concurrency: 0 }, { concurrency: 1.5 }, { maxPriority: 10 }])('is refused %o', async (options) => {
    const { queue } = await timedQueue();
    expect(() => work(queue, TYPE, async () => {}, options)).toThrow(expect.toSatisfy(isInputError));
  });

  test('is refused a type that nobody has defined', async () => {
    const timed = await timedQueue();
    const events = work(timed.queue, 'other', async () => {});
    await expect(timed.wait(events.batches()[Symbol.asyncIterator]().next())).rejects.toThrow('no job type "other"');
  });
});

describe('A worker that is left', () => {
  test('aborts its handlers, and gives the jobs back when they have settled', async () => {
    const timed = await timedQueue();
    const gate = deferred();
    let isAborted = false;
    const working = begin(timed, async (_, { signal }) => {
      signal.addEventListener('abort', () => {
        isAborted = true;
      });
      await gate.promise;
      signal.throwIfAborted();
    });
    await timed.queue.add(TYPE, 'a', {});
    await turns();
    working.subscription.unsubscribe();
    await turns();
    expect([isAborted, (await timed.queue.get(TYPE, 'a'))?.state]).toEqual([true, 'running']);
    gate.resolve();
    await turns();
    expect(await timed.queue.get(TYPE, 'a')).toMatchObject({ state: 'pending', attempt: 0 });
    await expectConsistency(timed.kv);
  });

  test('gives back a job that it was just being given', async () => {
    const store = new AlteredStore();
    const timed = await timedQueue({ kv: store.kv });
    const working = begin(timed, async () => {
      throw new Error('It was begun');
    });
    await turns();
    const held = store.hold('ready');
    await timed.queue.add(TYPE, 'a', {});
    await held.reached;
    working.subscription.unsubscribe();
    held.release();
    await turns();
    expect(await timed.queue.get(TYPE, 'a')).toMatchObject({ state: 'pending', attempt: 0, error: undefined });
    await expectConsistency(store.under);
  });

  test('by draining brings to an end what it has, and takes no more', async () => {
    const timed = await timedQueue();
    const [drain, gate] = [new AbortController(), deferred()];
    const working = begin(timed, () => gate.promise, { drain: drain.signal });
    await timed.queue.add(TYPE, 'a', {});
    await turns();
    await timed.queue.add(TYPE, 'b', {});
    drain.abort();
    await timed.pass(3 * TIMEOUT);
    expect([working.isComplete, (await timed.queue.get(TYPE, 'a'))?.state]).toEqual([false, 'running']);
    gate.resolve();
    await timed.pass(100);
    expect([working.told, working.isComplete]).toEqual([['started a', 'finished a'], true]);
    expect((await timed.queue.get(TYPE, 'b'))?.state).toBe('pending');
  });
});

describe('A worker that loses its job', () => {
  test('hears of it at its next heartbeat, and says so', async () => {
    const timed = await timedQueue();
    let reason: unknown;
    const working = begin(timed, (_, context) => {
      context.signal.addEventListener('abort', () => {
        reason = context.signal.reason;
      });
      return untilAborted(_, context);
    });
    await timed.queue.add(TYPE, 'a', {});
    await turns();
    await timed.queue.remove(TYPE, 'a');
    await timed.pass(TIMEOUT / 3);
    expect(isLeaseLostError(reason)).toBe(true);
    expect(working.told).toEqual(['started a', 'lost a']);
    // It goes on with others.
    await timed.queue.add(TYPE, 'b', {});
    await turns();
    expect(working.told.at(-1)).toBe('started b');
  });

  test.each([
    ['is away', (store: AlteredStore) => void Object.assign(store, { isAway: true })],
    ['does not answer', (store: AlteredStore) => void store.hold('job')],
  ])('assumes so when the store %s for the whole timeout', async (_, spoil) => {
    const store = new AlteredStore();
    const timed = await timedQueue({ kv: store.kv });
    const reasons: unknown[] = [];
    begin(timed, (_, { signal }) => untilAborted(_, { signal }).catch((reason) => void reasons.push(reason)));
    await timed.queue.add(TYPE, 'a', {});
    await turns();
    spoil(store);
    await timed.pass(TIMEOUT - 1);
    expect(reasons).toEqual([]);
    await timed.pass(TIMEOUT);
    expect(reasons.map(isLeaseLostError)).toEqual([true]);
  });

  test('says so too when it did not look and came too late', async () => {
    const timed = await timedQueue();
    const store = new AlteredStore(timed.kv);
    const gate = deferred();
    const working = begin({ queue: timed.on({ kv: store.kv }) }, () => gate.promise);
    await timed.queue.add(TYPE, 'a', {});
    await turns();
    // Its store is cut off from that of the others.
    store.isAway = true;
    const stop = timed.watch();
    await timed.pass(3 * PATIENCE);
    store.isAway = false;
    gate.resolve();
    await timed.pass(1000);
    // It is free then, and takes the job again.
    expect(working.told).toEqual(['started a', 'lost a', 'started a', 'finished a']);
    expect(working.events.map(({ epoch }) => epoch)).toEqual([1, 1, 2, 2]);
    await stop();
  });
});

describe('A worker whose store', () => {
  test('fails for a while goes on when it is back', async () => {
    const store = new AlteredStore();
    const timed = await timedQueue({ kv: store.kv });
    const working = begin(timed, async () => {});
    await turns();
    store.isAway = true;
    await timed.pass(60_000);
    store.isAway = false;
    await timed.queue.add(TYPE, 'a', {});
    await timed.pass(30_000);
    expect(working.told).toEqual(['started a', 'finished a']);
  });

  test('fails for less than the timeout keeps its job', async () => {
    const store = new AlteredStore();
    const timed = await timedQueue({ kv: store.kv });
    const gate = deferred();
    const working = begin(timed, () => gate.promise);
    await timed.queue.add(TYPE, 'a', {});
    await timed.pass(TIMEOUT / 3);
    store.isAway = true;
    await timed.pass(TIMEOUT / 2);
    store.isAway = false;
    await timed.pass(10 * TIMEOUT);
    gate.resolve();
    await timed.pass(100);
    expect(working.told).toEqual(['started a', 'finished a']);
  });
});

test('A worker whose store is closed ends with that, and its job goes on elsewhere', async () => {
  const timed = await timedQueue();
  const own = new AlteredStore(timed.kv);
  let isClosed = false;
  const closed = () => Promise.reject(new ClosedError('The store is closed'));
  const kv = alteredKv(own.kv, {
    read: (keys) => (isClosed ? closed() : own.kv.read(keys)),
    page: (range, options) => (isClosed ? closed() : own.kv.page(range, options)),
    update: (guards, decide, options) => (isClosed ? closed() : own.kv.update(guards, decide, options)),
  });
  const reading = work(timed.on({ kv }), TYPE, untilAborted, { concurrency: 2 });
  const ended = (async () => {
    for await (const _ of reading);
  })();
  ended.catch(() => {});
  await timed.queue.add(TYPE, 'a', {});
  await turns();
  isClosed = true;
  const other = begin(timed, async () => {});
  await expect(timed.wait(ended)).rejects.toSatisfy(isClosedError);
  await timed.pass(2 * PATIENCE);
  expect(other.told).toEqual(['started a', 'finished a']);
});

describe('The workers of a type', () => {
  test('are told: what they run on, and which jobs they have, until they leave', async () => {
    const timed = await timedQueue();
    const seen: (readonly WorkerRecord[])[] = [];
    expect(await firstOf(timed)).toEqual([]);
    const following = timed.queue.workers$(TYPE).subscribe((workers) => void seen.push(workers));
    const working = begin(timed, untilAborted, { workerId: 'w', runtime: 'Test/1', concurrency: 2 });
    await timed.queue.add(TYPE, 'a', {});
    await timed.pass(10_000);
    expect(await timed.queue.get(TYPE, 'a')).toMatchObject({ workerId: 'w' });
    expect(seen.at(-1)).toMatchObject([{ id: 'w', runtime: 'Test/1', concurrency: 2, jobs: ['a'] }]);
    working.subscription.unsubscribe();
    await timed.pass(10_000);
    expect(seen.at(-1)).toEqual([]);
    following.unsubscribe();
    await turns();
  });

  test('are not shown for ever when they vanish', async () => {
    const timed = await timedQueue();
    const store = new AlteredStore(timed.kv);
    begin({ queue: timed.on({ kv: store.kv }) }, async () => {}, { workerId: 'w' });
    await timed.pass(1000);
    store.isAway = true;
    const stop = timed.watch();
    await timed.pass(30 * PATIENCE);
    expect(await timed.wait(firstOf(timed))).toEqual([]);
    await stop();
  });
});

async function firstOf({ queue }: TimedQueue): Promise<readonly WorkerRecord[] | undefined> {
  for await (const workers of queue.workers$(TYPE)) return workers;
  return undefined;
}
