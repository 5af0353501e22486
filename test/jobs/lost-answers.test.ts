import { describe, expect, test } from 'vitest';
import { isLeaseLostError, isStoreError } from '../../src/core/errors.ts';
import type { Job } from '../../src/jobs/job.ts';
import { AlteredStore, type Fault } from './altered-store.ts';
import { everythingIn, expectConsistency } from './invariants.ts';
import { PATIENCE, TIMEOUT, type TimedQueue, TYPE, timedQueue } from './timed-queue.ts';

interface Operation {
  readonly name: string;
  /** Whether the job is running before. */
  readonly isHeld: boolean;
  readonly act: (timed: TimedQueue, job: Job) => Promise<unknown>;
}

const operations: readonly Operation[] = [
  { name: 'adding one', isHeld: false, act: ({ queue }) => queue.add(TYPE, 'new', { size: 1 }) },
  { name: 'adding one again', isHeld: false, act: ({ queue }) => queue.add(TYPE, 'a', { size: 2 }) },
  { name: 'adding many', isHeld: false, act: ({ queue }) => queue.addAll(TYPE, [{ id: 'new', data: {} }]) },
  { name: 'adding one that runs', isHeld: true, act: ({ queue }) => queue.add(TYPE, 'a', { size: 2 }) },
  { name: 'accepting', isHeld: false, act: async ({ queue }) => (await queue.accept(TYPE))?.id },
  {
    name: 'accepting what is scheduled',
    isHeld: false,
    act: async ({ queue }) => (await queue.accept(TYPE, { until: 2e12, maxPriority: 1 }))?.id,
  },
  { name: 'cancelling', isHeld: false, act: ({ queue }) => queue.cancel(TYPE, 'a') },
  { name: 'asking to stop', isHeld: true, act: ({ queue }) => queue.cancel(TYPE, 'a') },
  { name: 'removing', isHeld: true, act: ({ queue }) => queue.remove(TYPE, 'a') },
  { name: 'a heartbeat', isHeld: true, act: (_, job) => job.update() },
  { name: 'asking for another run', isHeld: true, act: (_, job) => job.resubmit(0, { size: 2 }) },
  { name: 'finishing', isHeld: true, act: (_, job) => job.finish({ done: 1 }).then(() => job.state) },
  { name: 'failing', isHeld: true, act: (_, job) => job.fail('No', 5).then(() => job.state) },
  { name: 'releasing', isHeld: true, act: (_, job) => job.release().then(() => job.state) },
];

describe.each<Fault>(['answer lost', 'not done'])('When the first commit fails: %s,', (fault) => {
  test.each(operations)('$name comes to the same as without', async ({ isHeld, act }) => {
    const outcomes = await Promise.all(
      [undefined, fault].map(async (first) => {
        const { store, timed, job } = await begin(isHeld);
        if (first !== undefined) store.fail(first);
        const result = await timed.wait(act(timed, job));
        await expectConsistency(store.under);
        const jobs = await timed.queue.list(TYPE);
        // Names are random, and so is what a worker is called.
        return { result: withoutNames(result), jobs: jobs.map(withoutNames) };
      }),
    );
    expect(outcomes[1]).toEqual(outcomes[0]);
  });
});

test('An acceptance whose answer is lost takes one job, and no second one', async () => {
  const { store, timed } = await begin(false);
  await timed.queue.add(TYPE, 'b', {});
  store.fail('answer lost');
  const job = await timed.wait(timed.queue.accept(TYPE));
  expect(await timed.queue.counts(TYPE)).toMatchObject({ running: 1 });
  await job?.finish();
  expect((await timed.queue.list(TYPE, { state: 'finished' })).map(({ id }) => id)).toEqual([job?.id]);
});

test('An end whose answer is lost is told as it was, though the job runs again meanwhile', async () => {
  const { store, timed, job } = await begin(true);
  store.fail('answer lost');
  const finishing = job.finish({ done: 1 });
  // The repeated call waits for a moment; others do not.
  await timed.pass(1);
  await timed.queue.add(TYPE, 'a', { size: 2 });
  const next = await timed.queue.accept(TYPE, { maxPriority: 5 });
  expect(next).toMatchObject({ id: 'a', epoch: 2 });
  await timed.wait(finishing);
  expect(job.state).toBe('finished');
  await next?.update({ done: 2 });
  await expect(job.update()).rejects.toSatisfy(isLeaseLostError);
  expect(await timed.queue.get(TYPE, 'a')).toMatchObject({ state: 'running', epoch: 2, info: { done: 2 } });
});

test('An addition whose answer is lost is not made a second time when the job has run meanwhile', async () => {
  const { store, timed } = await begin(false);
  store.fail('answer lost');
  const adding = timed.queue.add(TYPE, 'new', {}, { priority: 0 });
  await timed.pass(1);
  await (await timed.queue.accept(TYPE, { maxPriority: 0 }))?.finish();
  expect((await timed.wait(adding)).state).toBe('finished');
});

test("The application's part of an addition happens once though its answer is lost", async () => {
  const { store, timed } = await begin(false);
  for (const id of ['new', 'a']) {
    store.fail('answer lost');
    await timed.wait(
      timed.queue.add(
        TYPE,
        id,
        { size: 1 },
        {
          within: {
            guards: [['total']],
            decide: ([total]) => ({ set: [[['total'], Uint8Array.of((total?.value[0] ?? 0) + 1)]], result: undefined }),
          },
        },
      ),
    );
  }
  expect((await store.under.read([['total']])).map((entry) => entry?.value)).toEqual([Uint8Array.of(2)]);
});

test("What a monitor takes from a silent worker stays taken though the monitor's answer is lost", async () => {
  const { store, timed, job } = await begin(true);
  const stop = timed.watch();
  await timed.pass(TIMEOUT);
  // Heartbeats of the monitor itself, and what it does to the job.
  store.fail('answer lost', 'answer lost', 'answer lost', 'answer lost');
  await timed.pass(2 * PATIENCE + 20_000);
  expect(await timed.queue.get(TYPE, 'a')).toMatchObject({ state: 'pending', attempt: 1 });
  await expect(job.finish()).rejects.toSatisfy(isLeaseLostError);
  await stop();
  await expectConsistency(store.under);
});

test('A store that fails again and again is reported, and nothing has happened', async () => {
  const { store, timed, job } = await begin(true);
  const before = await everythingIn(store.under);
  store.fail('not done', 'not done', 'not done', 'not done');
  await expect(timed.wait(job.finish())).rejects.toSatisfy(isStoreError);
  expect(await everythingIn(store.under)).toEqual(before);
  await job.finish();
});

async function begin(isHeld: boolean): Promise<{ store: AlteredStore; timed: TimedQueue; job: Job }> {
  const store = new AlteredStore();
  const timed = await timedQueue({ kv: store.kv });
  await timed.queue.add(TYPE, 'a', { size: 1 });
  const job = await timed.queue.accept(TYPE);
  if (job === undefined) throw new Error('The job was not accepted');
  if (!isHeld) await job.release();
  await timed.queue.add(TYPE, 'scheduled', {}, { runAt: 1_900_000_000_000, priority: 1 });
  return { store, timed, job };
}

function withoutNames(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  const { workerId, seq: _, endedAt: __, ...rest } = value as Record<string, unknown>;
  return { ...rest, isWorked: workerId !== undefined };
}
