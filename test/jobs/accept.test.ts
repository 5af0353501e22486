import { describe, expect, test } from 'vitest';
import { isContentionError, isInputError } from '../../src/core/errors.ts';
import { memoryKv } from '../../src/kv/memory.ts';
import { denoKvLimits } from '../contract/memory.ts';
import { AlteredStore } from './altered-store.ts';
import { everythingIn, expectConsistency } from './invariants.ts';
import { seededRandom, TYPE, timedQueue, turns } from './timed-queue.ts';

describe('Accepting', () => {
  test('gives a job that is due, running and held by who asked', async () => {
    const { queue, kv } = await timedQueue();
    await queue.add(TYPE, 'a', { size: 1 });
    const job = await queue.accept(TYPE);
    expect(job).toMatchObject({
      type: TYPE,
      id: 'a',
      state: 'running',
      data: { size: 1 },
      attempt: 1,
      epoch: 1,
      seq: 2,
    });
    expect(await queue.get(TYPE, 'a')).toMatchObject({ state: 'running', workerId: job?.workerId, seq: 2 });
    await expectConsistency(kv);
  });

  test('gives nothing when nothing is due, and writes nothing', async () => {
    const { queue, kv, now } = await timedQueue();
    await queue.add(TYPE, 'later', {}, { runAt: now() + 1 });
    const before = await everythingIn(kv);
    expect(await queue.accept(TYPE)).toBeUndefined();
    expect(await everythingIn(kv)).toEqual(before);
  });

  test('keeps to a bound: the one at 3000 before the one at 5000, and neither before its time', async () => {
    const { queue, kv } = await timedQueue();
    await queue.add(TYPE, 'a', {}, { runAt: 5000 });
    await queue.add(TYPE, 'b', {}, { runAt: 3000 });
    const accepted = async (until: number) => (await queue.accept(TYPE, { until }))?.id;
    expect([await accepted(1000), await accepted(2999)]).toEqual([undefined, undefined]);
    expect([await accepted(3000), await accepted(4999), await accepted(9000)]).toEqual(['b', undefined, 'a']);
    await expectConsistency(kv);
  });

  test('gives a job whose time has come to be due to nobody with an earlier bound', async () => {
    const { queue } = await timedQueue();
    await queue.add(TYPE, 'a', {}, { runAt: 5000 });
    await queue.add(TYPE, 'b', {}, { runAt: 6000 });
    const first = await queue.accept(TYPE);
    expect(await queue.accept(TYPE, { until: 4000 })).toBeUndefined();
    expect([first?.id, (await queue.accept(TYPE, { until: 6000 }))?.id].sort()).toEqual(['a', 'b']);
  });

  test('takes those without a time alone where that is wanted, each once', async () => {
    const { queue } = await timedQueue({ random: seededRandom(7) });
    await queue.add(TYPE, 'timed', {}, { runAt: 1 });
    const ids = Array.from({ length: 25 }, () => crypto.randomUUID());
    await queue.addAll(
      TYPE,
      ids.map((id) => ({ id, data: {} })),
    );
    const accepted = await Promise.all([...ids, ''].map(() => queue.accept(TYPE, { noSchedule: true })));
    expect(accepted.map((job) => job?.id ?? '').sort()).toEqual([...ids, ''].sort());
    expect((await queue.accept(TYPE))?.id).toBe('timed');
  });

  test.each([{ noSchedule: true, until: 1 }, { maxPriority: 10 }, { maxPriority: -1 }])(
    'refuses %o',
    async (options) => {
      const { queue } = await timedQueue();
      await expect(queue.accept(TYPE, options)).rejects.toSatisfy(isInputError);
    },
  );

  test('refuses a type that nobody has defined', async () => {
    const { queue } = await timedQueue();
    await expect(queue.accept('other')).rejects.toThrow('There is no job type "other"');
  });

  test('of one type does not touch another', async () => {
    const { queue } = await timedQueue();
    await queue.defineType('other');
    await queue.add(TYPE, 'a', {});
    expect(await queue.accept('other')).toBeUndefined();
    await queue.add('other', 'a', { other: true });
    expect((await queue.accept('other'))?.data).toEqual({ other: true });
    expect((await queue.get(TYPE, 'a'))?.state).toBe('pending');
  });

  test('while a type is paused gives nothing, and wakes who waits when it goes on', async () => {
    const { queue, wait, pass } = await timedQueue();
    await queue.add(TYPE, 'before', {});
    await queue.pause(TYPE);
    const running = queue.accept(TYPE, { wait: 60_000 });
    await queue.add(TYPE, 'meanwhile', {});
    await pass(1000);
    expect(await queue.counts(TYPE)).toMatchObject({ pending: 2, running: 0 });
    // Who defines the type again does not end the pause.
    await queue.defineType(TYPE, { timeout: 5000 });
    expect(await queue.accept(TYPE)).toBeUndefined();
    await queue.resume(TYPE);
    await turns();
    expect((await queue.counts(TYPE)).running).toBe(1);
    expect((await wait(running))?.state).toBe('running');
  });

  test.each([
    ['a large store', {}],
    ['a store of small limits', denoKvLimits],
  ])('finds in %s what one may take behind many due jobs that one may not', async (_, limits) => {
    const { queue, now, pass } = await timedQueue({ kv: memoryKv({ limits }) });
    const late = Array.from({ length: 120 }, (_, at) => ({
      id: `late-${at}`,
      data: {},
      runAt: now() + 1,
      priority: 9,
    }));
    await queue.addAll(TYPE, [...late, { id: 'wanted', data: {}, runAt: now() + 2, priority: 0 }]);
    await pass(10);
    expect((await queue.accept(TYPE, { maxPriority: 3 }))?.id).toBe('wanted');
  });

  test('costs one commit, and one more for many whose time has come', async () => {
    const store = new AlteredStore();
    const { queue, now, pass } = await timedQueue({ kv: store.kv });
    await queue.add(TYPE, 'a', {});
    store.commits = 0;
    await queue.accept(TYPE);
    expect(store.commits).toBe(1);
    await queue.addAll(
      TYPE,
      Array.from({ length: 50 }, (_, at) => ({ id: `${at}`, data: {}, runAt: now() + 1 })),
    );
    await pass(1);
    store.commits = 0;
    for (let at = 0; at < 50; at += 1) await queue.accept(TYPE);
    expect(store.commits).toBe(51);
  });
});

describe('Waiting for a job', () => {
  test('ends when one is added, and goes on for who got none', async () => {
    const { queue, wait, pass } = await timedQueue();
    const first = queue.accept(TYPE, { wait: Number.POSITIVE_INFINITY });
    await queue.add(TYPE, 'a', {});
    expect((await wait(first))?.id).toBe('a');
    let isOver = false;
    const second = queue.accept(TYPE, { wait: Number.POSITIVE_INFINITY }).finally(() => {
      isOver = true;
    });
    await pass(500);
    expect(isOver).toBe(false);
    await queue.add(TYPE, 'b', {});
    expect((await wait(second))?.id).toBe('b');
  });

  test('lasts as long as was said, also while others take every job that comes', async () => {
    const { queue, now, wait } = await timedQueue();
    const begun = now();
    const waiting = queue.accept(TYPE, { wait: 5000, maxPriority: 3 });
    for (const id of ['a', 'b', 'c']) {
      await queue.add(TYPE, id, {});
      await turns();
    }
    expect(await wait(waiting)).toBeUndefined();
    expect(now() - begun).toBe(5000);
  });

  test('ends with the reason of its signal', async () => {
    const { queue, wait } = await timedQueue();
    const ending = new AbortController();
    const waiting = queue.accept(TYPE, { wait: Number.POSITIVE_INFINITY, signal: ending.signal });
    waiting.catch(() => {});
    await turns();
    ending.abort(new Error('The page is left'));
    await expect(wait(waiting)).rejects.toThrow('The page is left');
  });

  test('ends when the time of a job comes, though nobody does anything', async () => {
    const { queue, now, wait } = await timedQueue();
    const runAt = now() + 1000;
    await queue.add(TYPE, 'a', {}, { runAt });
    const job = await wait(queue.accept(TYPE, { wait: Number.POSITIVE_INFINITY }));
    expect([job?.id, now()]).toEqual(['a', runAt]);
  });

  test('hears of a job that was added after the look that found none', async () => {
    const store = new AlteredStore();
    const { queue, wait, now } = await timedQueue({ kv: store.kv });
    const begun = now();
    const waiting = queue.accept(TYPE, { wait: Number.POSITIVE_INFINITY });
    // The look is over; its answers are on their way.
    await Promise.resolve();
    await queue.add(TYPE, 'a', {});
    expect((await wait(waiting))?.id).toBe('a');
    expect(now()).toBe(begun);
  });

  test('asks nothing of a store in which nothing happens, but a look now and then', async () => {
    const store = new AlteredStore();
    const { queue, pass, wait } = await timedQueue({ kv: store.kv });
    const ending = new AbortController();
    const waiting = queue.accept(TYPE, { wait: Number.POSITIVE_INFINITY, signal: ending.signal });
    waiting.catch(() => {});
    await turns();
    store.requests = 0;
    await pass(600_000);
    expect(store.requests).toBeLessThan(5 * 61);
    ending.abort();
    await wait(waiting.catch(() => {}));
  });

  test('finds a job within 30 seconds when no signal of it arrives', async () => {
    const store = new AlteredStore();
    const { queue, now, wait } = await timedQueue({ kv: store.kv });
    store.isDeaf = true;
    const waiting = queue.accept(TYPE, { wait: Number.POSITIVE_INFINITY });
    await turns();
    const added = now();
    await queue.add(TYPE, 'a', {});
    expect((await wait(waiting))?.id).toBe('a');
    expect(now() - added).toBeLessThanOrEqual(30_000);
  });
});

describe('Many who accept', () => {
  test('get one job once, however their commits fall', async () => {
    const store = new AlteredStore();
    const { queue } = await timedQueue({ kv: store.kv });
    for (let round = 0; round < 5; round += 1) {
      await queue.add(TYPE, 'a', { round });
      // All have chosen the job before the first of them takes it; then they go on, another first each time.
      const held = Array.from({ length: 5 }, () => store.hold());
      const accepting = held.map(() => queue.accept(TYPE));
      await Promise.all(held.map(({ reached }) => reached));
      for (const { release } of [...held.slice(round), ...held.slice(0, round)]) {
        release();
        await turns();
      }
      const winners = (await Promise.all(accepting)).filter((job) => job !== undefined);
      expect(winners.map(({ epoch }) => epoch)).toEqual([round + 1]);
      await winners[0]?.finish();
    }
    await expectConsistency(store.kv);
  });

  test('get as many jobs as they are, each one', async () => {
    const { queue, kv } = await timedQueue({ random: seededRandom(3) });
    const ids = Array.from({ length: 60 }, (_, at) => `${at}`);
    await queue.addAll(
      TYPE,
      ids.map((id) => ({ id, data: {} })),
    );
    const jobs = await Promise.all(ids.map(() => queue.accept(TYPE)));
    expect(jobs.map((job) => job?.id).sort()).toEqual([...ids].sort());
    expect(new Set(jobs.map((job) => job?.epoch))).toEqual(new Set([1]));
    await expectConsistency(kv);
  });

  test('seldom want the same one', async () => {
    const store = new AlteredStore();
    const { queue } = await timedQueue({ kv: store.kv, random: seededRandom(5) });
    await queue.addAll(
      TYPE,
      Array.from({ length: 100 }, (_, at) => ({ id: `${at}`, data: {} })),
    );
    const held = Array.from({ length: 8 }, () => store.hold());
    const jobs = held.map(() => queue.accept(TYPE));
    await Promise.all(held.map(({ reached }) => reached));
    store.requests = 0;
    for (const { release } of held) release();
    await Promise.all(jobs);
    // A loser looks again, and commits again.
    expect(store.requests).toBeLessThanOrEqual(2 * 8);
  });

  test('are told of contention when every job that they try is taken before', async () => {
    const store = new AlteredStore();
    const { queue, on } = await timedQueue({ kv: store.kv });
    const faster = on({ kv: store.under });
    await queue.add(TYPE, 'job-0', {});
    let next = store.hold();
    const accepting = queue.accept(TYPE);
    accepting.catch(() => {});
    for (let race = 1; race <= 40; race += 1) {
      const { reached, release } = next;
      await reached;
      await faster.accept(TYPE);
      await faster.add(TYPE, `job-${race}`, {});
      next = store.hold();
      release();
    }
    await expect(accepting).rejects.toSatisfy(isContentionError);
    expect(await queue.counts(TYPE)).toMatchObject({ running: 40, pending: 1 });
  });

  test('and one who removes it: it is not found, or lost', async () => {
    for (const isRemovedFirst of [true, false]) {
      const store = new AlteredStore();
      const { queue } = await timedQueue({ kv: store.kv });
      await queue.add(TYPE, 'a', {});
      const held = store.hold();
      const accepting = queue.accept(TYPE);
      await held.reached;
      if (isRemovedFirst) {
        await queue.remove(TYPE, 'a');
        held.release();
        expect(await accepting).toBeUndefined();
      } else {
        held.release();
        const job = await accepting;
        await queue.remove(TYPE, 'a');
        await expect(job?.update()).rejects.toThrow('is gone');
      }
      await expectConsistency(store.kv);
    }
  });
});
