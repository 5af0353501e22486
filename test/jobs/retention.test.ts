import { expect, test } from 'vitest';
import { isInputError } from '../../src/core/errors.ts';
import { expectConsistency } from './invariants.ts';
import { type TimedQueue, TYPE, timedQueue } from './timed-queue.ts';

const HOUR = 3_600_000;

/** Jobs that have ended in each way, and others. */
async function fill({ queue, now }: TimedQueue): Promise<void> {
  await queue.addAll(
    TYPE,
    ['finished', 'dead', 'cancelled', 'pending'].map((id, priority) => ({ id, data: {}, priority })),
  );
  await (await queue.accept(TYPE))?.finish();
  await (await queue.accept(TYPE))?.fail('No');
  await queue.cancel(TYPE, 'cancelled');
  await queue.add(TYPE, 'later', {}, { runAt: now() + 1000 * HOUR });
}

test('What has ended is removed after the time that its type says, and what is dead stays', async () => {
  const timed = await timedQueue({ type: { timeout: 60_000, maxAttempts: 1, retention: HOUR } });
  await fill(timed);
  const stop = timed.watch();
  await timed.pass(HOUR - 1);
  expect(await timed.queue.list(TYPE)).toHaveLength(5);
  await timed.pass(120_000);
  expect((await timed.queue.list(TYPE)).map(({ id }) => id)).toEqual(['dead', 'later', 'pending']);
  await expectConsistency(timed.kv);
  await stop();
});

test('What ran again meanwhile is kept', async () => {
  const timed = await timedQueue({ type: { timeout: 60_000, maxAttempts: 1, retention: HOUR } });
  await fill(timed);
  const stop = timed.watch();
  await timed.pass(HOUR / 2);
  await timed.queue.retry(TYPE, 'finished');
  await (await timed.queue.accept(TYPE, { maxPriority: 0 }))?.finish();
  await timed.pass(HOUR / 2 + 120_000);
  expect(await timed.queue.get(TYPE, 'finished')).toMatchObject({ state: 'finished' });
  await stop();
});

test('Everything is kept for ever where that is wanted', async () => {
  const timed = await timedQueue({ type: { maxAttempts: 1, retention: Number.POSITIVE_INFINITY } });
  await fill(timed);
  const stop = timed.watch();
  timed.freeze(10_000 * HOUR);
  await timed.pass(120_000);
  expect(await timed.queue.list(TYPE)).toHaveLength(5);
  await stop();
});

test('A type tells how its jobs are treated, defaults in their place, and keeps that', async () => {
  const { queue } = await timedQueue();
  await queue.defineType('other', { maxAttempts: Number.POSITIVE_INFINITY, retention: 5 });
  expect((await queue.types()).get('other')).toEqual({
    timeout: 30_000,
    maxAttempts: Number.POSITIVE_INFINITY,
    retention: 5,
    backoff: { base: 1000, cap: 600_000 },
    isPaused: false,
  });
});

test.each([
  { timeout: 99 },
  { timeout: Number.POSITIVE_INFINITY },
  { maxAttempts: 0 },
  { maxAttempts: 1.5 },
  { retention: -1 },
  { retention: Number.NaN },
  { backoff: { base: 5, cap: 4 } },
])('A type is refused that is to have %o', async (options) => {
  const { queue } = await timedQueue();
  await expect(queue.defineType('other', options)).rejects.toSatisfy(isInputError);
  expect((await queue.types()).has('other')).toBe(false);
});
