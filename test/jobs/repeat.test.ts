import { describe, expect, test } from 'vitest';
import { expectConsistency } from './invariants.ts';
import { PATIENCE, TYPE, timedQueue } from './timed-queue.ts';

const DAY = 24 * 3_600_000;

describe('A job that repeats', () => {
  test('is pending again after each run, so much later, and is never seen finished', async () => {
    const { queue, now, pass, kv } = await timedQueue();
    const states: (string | undefined)[] = [];
    const following = queue.state$(TYPE, 'a');
    await queue.add(TYPE, 'a', { size: 1 }, { repeat: 5000 });
    const subscription = following.subscribe((view) => void states.push(view?.state));
    for (let run = 1; run <= 3; run += 1) {
      const job = await queue.accept(TYPE);
      await pass(1000);
      await job?.finish({ run });
      expect(job?.state).toBe('pending');
      expect(await queue.get(TYPE, 'a')).toMatchObject({
        state: 'pending',
        runAt: now() + 5000,
        repeat: 5000,
        data: { size: 1 },
        info: { run },
        attempt: 0,
        epoch: run,
      });
      expect(await queue.accept(TYPE)).toBeUndefined();
      await pass(5000);
    }
    await queue.cancel(TYPE, 'a');
    await pass(1000);
    expect(new Set(states)).toEqual(new Set(['pending', 'running', 'cancelled']));
    expect(subscription.closed).toBe(true);
    await expectConsistency(kv);
  });

  test('is tried again like any other when a run fails, and goes on repeating after the last attempt', async () => {
    const { queue, now } = await timedQueue({ type: { maxAttempts: 2 } });
    await queue.add(TYPE, 'a', {}, { repeat: DAY });
    await (await queue.accept(TYPE))?.fail('first', 0);
    expect(await queue.get(TYPE, 'a')).toMatchObject({ state: 'pending', runAt: 0, attempt: 1 });
    await (await queue.accept(TYPE))?.fail('second');
    const view = await queue.get(TYPE, 'a');
    expect(view).toMatchObject({ state: 'pending', runAt: now() + DAY, attempt: 0, error: 'second' });
  });

  test('goes on elsewhere at once when its worker vanishes', async () => {
    const { queue, pass, watch } = await timedQueue();
    const stop = watch();
    await queue.add(TYPE, 'a', {}, { repeat: DAY });
    await queue.accept(TYPE);
    await pass(2 * PATIENCE);
    expect(await queue.accept(TYPE)).toMatchObject({ id: 'a', attempt: 2 });
    await stop();
  });

  test('does not repeat any more when it is added without', async () => {
    const { queue } = await timedQueue();
    await queue.add(TYPE, 'a', {}, { repeat: DAY });
    const job = await queue.accept(TYPE);
    await queue.add(TYPE, 'a', {});
    await job?.finish();
    await (await queue.accept(TYPE))?.finish();
    expect(await queue.get(TYPE, 'a')).toMatchObject({ state: 'finished', repeat: undefined });
  });

  test('may itself ask for a run that is earlier', async () => {
    const { queue, now } = await timedQueue();
    await queue.add(TYPE, 'a', {}, { repeat: DAY });
    const job = await queue.accept(TYPE);
    await job?.resubmit(now() + 10, { again: true });
    await job?.finish();
    expect(await queue.get(TYPE, 'a')).toMatchObject({ runAt: now() + 10, data: { again: true }, repeat: DAY });
  });
});
