import { describe, expect, test } from 'vitest';
import { isJobCancelledError, isLeaseLostError } from '../../src/core/errors.ts';
import { work } from '../../src/jobs/work.ts';
import { everythingIn, expectConsistency } from './invariants.ts';
import { PATIENCE, TIMEOUT, TYPE, timedQueue, turns } from './timed-queue.ts';

describe('A job that is cancelled', () => {
  test('while it is pending has ended at once, due or not, and repeats no more', async () => {
    const { queue, kv, now } = await timedQueue();
    await queue.add(TYPE, 'due', {}, { repeat: 1000 });
    await queue.add(TYPE, 'later', {}, { runAt: now() + 5000 });
    for (const id of ['due', 'later'])
      expect(await queue.cancel(TYPE, id)).toMatchObject({ state: 'cancelled', endedAt: now(), attempt: 0 });
    expect(await queue.accept(TYPE, { until: now() + 10_000 })).toBeUndefined();
    await expectConsistency(kv);
  });

  test('twice is cancelled once', async () => {
    const { queue, kv } = await timedQueue();
    await queue.add(TYPE, 'a', {});
    await queue.accept(TYPE);
    for (let time = 0; time < 2; time += 1) {
      const view = await queue.cancel(TYPE, 'a');
      expect(view).toMatchObject({ state: 'running', cancelRequested: true, seq: 3 });
    }
    await expectConsistency(kv);
  });

  test('while it runs says so at the next heartbeat, and may still finish cleanly', async () => {
    const { queue, kv } = await timedQueue();
    await queue.add(TYPE, 'a', {}, { repeat: 1000 });
    const job = await queue.accept(TYPE);
    await queue.cancel(TYPE, 'a');
    expect(job?.cancelRequested).toBe(false);
    await job?.update();
    expect(job?.cancelRequested).toBe(true);
    await job?.finish({ half: true });
    expect(job?.state).toBe('cancelled');
    const view = await queue.get(TYPE, 'a');
    expect(view).toMatchObject({ state: 'cancelled', info: { half: true }, cancelRequested: false });
    await expectConsistency(kv);
  });

  test('and added again before its run has ended runs once more', async () => {
    const { queue, kv } = await timedQueue();
    await queue.add(TYPE, 'a', { size: 1 });
    const job = await queue.accept(TYPE);
    await queue.cancel(TYPE, 'a');
    expect(await queue.add(TYPE, 'a', { size: 2 })).toMatchObject({ state: 'running', resubmitted: true });
    await job?.release();
    expect(await queue.get(TYPE, 'a')).toMatchObject({ state: 'pending', data: { size: 2 }, attempt: 0 });
    await expectConsistency(kv);
  });

  test('after it was added again does not run once more', async () => {
    const { queue } = await timedQueue();
    await queue.add(TYPE, 'a', { size: 1 });
    const job = await queue.accept(TYPE);
    await queue.cancel(TYPE, 'a');
    await queue.add(TYPE, 'a', { size: 2 });
    expect(await queue.cancel(TYPE, 'a')).toMatchObject({ resubmitted: false });
    await job?.finish();
    expect(await queue.get(TYPE, 'a')).toMatchObject({ state: 'cancelled', data: { size: 1 } });
  });

  test('is not kept alive by who works on it and asks for another run, before or after', async () => {
    const { queue } = await timedQueue();
    for (const isBefore of [true, false]) {
      await queue.add(TYPE, 'a', {});
      const job = await queue.accept(TYPE);
      if (isBefore) await job?.resubmit(0, { size: 2 });
      await queue.cancel(TYPE, 'a');
      if (!isBefore) await job?.resubmit(0, { size: 2 });
      await job?.finish();
      expect(await queue.get(TYPE, 'a')).toMatchObject({ state: 'cancelled', data: {} });
    }
  });

  test('ends with the attempt, whatever the attempt says of itself', async () => {
    const { queue } = await timedQueue();
    for (const end of ['fail', 'release'] as const) {
      await queue.add(TYPE, 'a', {});
      const job = await queue.accept(TYPE);
      await queue.cancel(TYPE, 'a');
      await (end === 'fail' ? job?.fail('No') : job?.release());
      expect((await queue.get(TYPE, 'a'))?.state).toBe('cancelled');
    }
  });

  test('is cut off one timeout later from who goes on working', async () => {
    const { queue, kv, pass, watch } = await timedQueue();
    const stop = watch();
    await queue.add(TYPE, 'a', {});
    const job = await queue.accept(TYPE);
    await queue.cancel(TYPE, 'a');
    for (let passed = 0; passed < TIMEOUT; passed += TIMEOUT / 3) {
      await job?.update();
      await pass(TIMEOUT / 3);
    }
    await job?.update();
    for (let passed = TIMEOUT; passed < 2 * PATIENCE; passed += TIMEOUT / 3) {
      await pass(TIMEOUT / 3);
      await job?.update().catch(() => {});
    }
    expect((await queue.get(TYPE, 'a'))?.state).toBe('cancelled');
    const before = await everythingIn(kv);
    await expect(job?.finish({ late: true })).rejects.toSatisfy(isLeaseLostError);
    expect(await everythingIn(kv)).toEqual(before);
    await stop();
    await expectConsistency(kv);
  });

  test('and cancelled again in its next run is given as much time then', async () => {
    const { queue, pass, watch } = await timedQueue();
    const stop = watch();
    await queue.add(TYPE, 'a', {});
    for (let run = 0; run < 6; run += 1) {
      const job = await queue.accept(TYPE);
      await queue.cancel(TYPE, 'a');
      await pass(TIMEOUT / 2);
      await job?.update();
      await job?.finish();
      await queue.retry(TYPE, 'a');
    }
    await stop();
  });

  test('has the signal of its handler abort, and is told as cancelled', async () => {
    const { queue, pass } = await timedQueue();
    await queue.add(TYPE, 'a', {});
    const events: unknown[] = [];
    let reason: unknown;
    const working = work(queue, TYPE, async (_, { signal }) => {
      await new Promise((resolve) => signal.addEventListener('abort', resolve));
      reason = signal.reason;
      return { kept: true };
    }).subscribe(({ type }) => events.push(type));
    await turns();
    await queue.cancel(TYPE, 'a');
    await pass(TIMEOUT / 3);
    expect(isJobCancelledError(reason)).toBe(true);
    expect(await queue.get(TYPE, 'a')).toMatchObject({ state: 'cancelled', info: { kept: true } });
    expect(events).toEqual(['started', 'cancelled']);
    working.unsubscribe();
    await turns();
  });
});
