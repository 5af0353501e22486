import { describe, expect, test } from 'vitest';
import type { Job } from '../../src/jobs/job.ts';
import { keyOf } from '../../src/jobs/layout.ts';
import { memoryKv } from '../../src/kv/memory.ts';
import { denoKvLimits } from '../contract/memory.ts';
import { AlteredStore } from './altered-store.ts';
import { expectConsistency } from './invariants.ts';
import { PATIENCE, seededRandom, TIMEOUT, type TimedQueue, TYPE, timedQueue } from './timed-queue.ts';

describe('A monitor', () => {
  test('gives a silent worker its whole timeout, and no more than two of its own patience', async () => {
    for (const seed of [1, 2, 3, 4, 5]) {
      const timed = await timedQueue({ random: seededRandom(seed) });
      const stop = timed.watch();
      await timed.pass(seed * 777);
      const job = await accepted(timed);
      await timed.pass(seed * 100);
      await job.update();
      await timed.pass(TIMEOUT);
      expect((await timed.queue.get(TYPE, 'a'))?.state).toBe('running');
      await timed.pass(2 * PATIENCE - TIMEOUT);
      expect((await timed.queue.get(TYPE, 'a'))?.state).toBe('pending');
      await stop();
    }
  });

  test('keeps the job of who is heard of just within the timeout, for as long as he likes', async () => {
    const timed = await timedQueue();
    const stop = timed.watch();
    const job = await accepted(timed);
    for (let beat = 0; beat < 20; beat += 1) {
      await timed.pass(TIMEOUT - 1);
      await job.update();
    }
    await job.finish();
    await stop();
  });

  test('keeps the job of who may call once a minute alone, where three minutes are the timeout', async () => {
    const timed = await timedQueue({ type: { timeout: 180_000 } });
    const stop = timed.watch();
    const job = await accepted(timed);
    for (let minute = 0; minute < 30; minute += 1) {
      await timed.pass(60_000);
      await job.update();
    }
    await job.finish();
    await stop();
  });

  test('that begins late gives what it finds as much time as any', async () => {
    const timed = await timedQueue();
    const job = await accepted(timed);
    await timed.pass(100 * TIMEOUT);
    const stop = timed.watch();
    await timed.pass(TIMEOUT);
    await job.update();
    await stop();
  });

  test('needs no clock but its own: hours apart, jumping back and forth', async () => {
    const hour = 3_600_000;
    let skew = 0;
    const kv = memoryKv();
    const timed = await timedQueue({ kv });
    const worker = timed.on({ skew: () => -5 * hour });
    const stop = timed.watch(timed.on({ skew: () => skew }));
    await worker.add(TYPE, 'a', {});
    const job = await worker.accept(TYPE);
    for (let beat = 0; beat < 12; beat += 1) {
      skew = (beat % 2 === 0 ? 7 : -9) * hour;
      await timed.pass(TIMEOUT / 2);
      await job?.update();
    }
    expect((await worker.get(TYPE, 'a'))?.epoch).toBe(1);
    for (let half = 0; half < 6; half += 1) {
      skew = (half % 2 === 0 ? -7 : 9) * hour;
      await timed.pass(PATIENCE / 3);
    }
    expect((await worker.get(TYPE, 'a'))?.state).toBe('pending');
    await stop();
  });

  test('that was asleep with its machine robs nobody who wakes with it', async () => {
    const timed = await timedQueue();
    const stop = timed.watch();
    const job = await accepted(timed);
    await timed.pass(TIMEOUT / 3);
    timed.freeze(10 * TIMEOUT);
    // What was left of the time between two heartbeats, and as much again.
    await timed.pass((2 * TIMEOUT) / 3 - 100);
    await job.update();
    await stop();
  });

  test('that finds a new timeout begins anew, and keeps to it', async () => {
    for (const [before, after] of [
      [10 * TIMEOUT, TIMEOUT],
      [TIMEOUT, 10 * TIMEOUT],
    ] as const) {
      const timed = await timedQueue({ type: { timeout: before } });
      const stop = timed.watch();
      const job = await accepted(timed);
      await timed.pass(before - 1);
      await timed.queue.defineType(TYPE, { timeout: after });
      // By the old one it is late, or by the new one; not since the monitor knows of that.
      for (let passed = 0; passed < 2 * before; passed += TIMEOUT - 1) {
        await job.update();
        await timed.pass(TIMEOUT - 1);
      }
      await timed.pass(after - TIMEOUT);
      await job.update();
      await timed.pass(3 * after);
      expect(await timed.queue.get(TYPE, 'a')).toMatchObject({ state: 'pending', attempt: 1 });
      await stop();
    }
  });

  test('goes on after its store has failed', async () => {
    const store = new AlteredStore();
    const timed = await timedQueue({ kv: store.kv });
    const stop = timed.watch();
    await timed.pass(1000);
    store.isAway = true;
    await timed.pass(60_000);
    store.isAway = false;
    await accepted(timed);
    await timed.pass(2 * PATIENCE + 15_000);
    expect((await timed.queue.get(TYPE, 'a'))?.state).toBe('pending');
    await stop();
  });

  test('waits for a type that nobody has defined yet', async () => {
    const timed = await timedQueue();
    const stop = timed.watch(timed.queue, 'other');
    await timed.pass(60_000);
    await timed.queue.defineType('other', { timeout: TIMEOUT });
    await timed.queue.add('other', 'a', {});
    await timed.queue.accept('other');
    await timed.pass(2 * PATIENCE + 15_000);
    expect((await timed.queue.get('other', 'a'))?.state).toBe('pending');
    await stop();
  });

  test.each([
    ['a large store', {}],
    ['a store of small limits', denoKvLimits],
  ])('gives back hundreds of jobs in %s, each once', async (_, limits) => {
    const timed = await timedQueue({ kv: memoryKv({ limits }) });
    const ids = Array.from({ length: 300 }, (_, at) => ({ id: `${at}`, data: {} }));
    await timed.queue.addAll(TYPE, ids);
    for (const _ of ids) await timed.queue.accept(TYPE);
    const stop = timed.watch();
    await timed.pass(2 * PATIENCE);
    expect(await timed.queue.counts(TYPE)).toMatchObject({ pending: 300, running: 0 });
    expect((await timed.queue.list(TYPE, { limit: 300 })).every(({ attempt, seq }) => attempt === 1 && seq === 3)).toBe(
      true,
    );
    await stop();
    await expectConsistency(timed.kv);
  });
});

describe('Of several monitors', () => {
  test('one watches, the others look whether it is there, and write nothing', async () => {
    const timed = await timedQueue();
    const stores = Array.from({ length: 3 }, () => new AlteredStore(timed.kv));
    const stops = stores.map(({ kv }) => timed.watch(timed.on({ kv })));
    await timed.pass(10 * TIMEOUT);
    expect(stores.map(({ commits }) => commits > 0).filter(Boolean)).toEqual([true]);
    for (const stop of stops) await stop();
  });

  test('another takes over from one that leaves, at its next look', async () => {
    const timed = await timedQueue();
    const [first, second] = [timed.watch(), timed.watch()];
    await timed.pass(TIMEOUT);
    await first();
    await accepted(timed);
    await timed.pass(2 * PATIENCE);
    expect((await timed.queue.get(TYPE, 'a'))?.state).toBe('pending');
    await second();
    expect(await timed.kv.read([keyOf.monitor(TYPE)])).toEqual([undefined]);
  });

  test('another takes over from one that vanishes together with a worker, in time', async () => {
    for (const seed of [1, 2, 3]) {
      const timed = await timedQueue({ random: seededRandom(seed) });
      const store = new AlteredStore(timed.kv);
      timed.watch(timed.on({ kv: store.kv }));
      await timed.pass(100);
      const stop = timed.watch();
      await timed.pass(2 * TIMEOUT);
      const job = await accepted(timed);
      await job.update();
      store.isAway = true;
      await timed.pass(2 * PATIENCE);
      expect((await timed.queue.get(TYPE, 'a'))?.state).toBe('pending');
      await stop();
    }
  });

  test('two that find the same job silent give it back once', async () => {
    const timed = await timedQueue();
    const stores = [new AlteredStore(timed.kv), new AlteredStore(timed.kv)];
    await accepted(timed);
    const stops = stores.map(({ kv }) => timed.watch(timed.on({ kv })));
    // Both believe that they are the one.
    const both = stores.map((store) => store.hold('job'));
    await timed.pass(TIMEOUT / 2);
    await timed.kv.update([], () => ({ delete: [keyOf.monitor(TYPE)], result: undefined }));
    await timed.pass(2 * PATIENCE);
    for (const { release } of both) release();
    await timed.pass(PATIENCE);
    expect(await timed.queue.get(TYPE, 'a')).toMatchObject({ state: 'pending', attempt: 1, seq: 3 });
    await expectConsistency(timed.kv);
    for (const stop of stops) await stop();
  });

  test('each type has its own', async () => {
    const timed = await timedQueue();
    await timed.queue.defineType('other', { timeout: TIMEOUT });
    expect([...(await timed.queue.types()).keys()]).toEqual(['other', TYPE]);
    for (const type of [TYPE, 'other']) {
      await timed.queue.add(type, 'a', {});
      await timed.queue.accept(type);
    }
    const stop = timed.watch(timed.queue, 'other');
    await timed.pass(3 * PATIENCE);
    expect((await timed.queue.get(TYPE, 'a'))?.state).toBe('running');
    expect((await timed.queue.get('other', 'a'))?.state).toBe('pending');
    await stop();
  });
});

async function accepted({ queue }: TimedQueue): Promise<Job> {
  await queue.add(TYPE, 'a', {});
  const job = await queue.accept(TYPE);
  if (job === undefined) throw new Error('The job was not accepted');
  return job;
}
