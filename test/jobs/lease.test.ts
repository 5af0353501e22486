import { describe, expect, test } from 'vitest';
import { isInputError, isLeaseLostError } from '../../src/core/errors.ts';
import type { Job } from '../../src/jobs/job.ts';
import type { Key } from '../../src/kv/kv.ts';
import { list } from '../../src/kv/list.ts';
import { memoryKv } from '../../src/kv/memory.ts';
import { AlteredStore, type Held } from './altered-store.ts';
import { everythingIn, expectConsistency } from './invariants.ts';
import { PATIENCE, TIMEOUT, type TimedQueue, TYPE, timedQueue, turns } from './timed-queue.ts';

describe('A worker that vanishes', () => {
  test('loses its job to others, with what it told last', async () => {
    const timed = await timedQueue();
    const stop = timed.watch();
    const job = await accepted(timed);
    await job.update({ done: 1 });
    await timed.pass(2 * PATIENCE);
    expect(await timed.queue.get(TYPE, 'a')).toMatchObject({
      state: 'pending',
      data: { size: 1 },
      info: { done: 1 },
      attempt: 1,
      error: 'Its worker has not been heard of for longer than the timeout',
    });
    await expectConsistency(timed.kv);
    expect(await timed.queue.accept(TYPE)).toMatchObject({ attempt: 2, epoch: 2, info: { done: 1 } });
    await stop();
  });

  test('again and again leaves a job that is dead, and harms nobody else', async () => {
    const timed = await timedQueue({ type: { maxAttempts: 3 } });
    const stop = timed.watch();
    await timed.queue.add(TYPE, 'poison', {}, { priority: 0 });
    for (let attempt = 1; attempt <= 3; attempt += 1) {
      expect(await timed.queue.accept(TYPE)).toMatchObject({ id: 'poison', attempt });
      await timed.pass(2 * PATIENCE);
    }
    expect(await timed.queue.get(TYPE, 'poison')).toMatchObject({ state: 'dead', attempt: 3 });
    await timed.queue.add(TYPE, 'a', {});
    expect((await timed.queue.accept(TYPE))?.id).toBe('a');
    await stop();
  });
});

/** Everything that only who holds a job may do. */
const doings: [string, (job: Job) => Promise<unknown>][] = [
  ['a heartbeat', (job) => job.update()],
  ['an update', (job) => job.update({ late: true })],
  ['an end', (job) => job.finish({ late: true })],
  ['a failure', (job) => job.fail('late')],
  ['a release', (job) => job.release()],
  ['another run', (job) => job.resubmit(0, { late: true })],
  [
    "a write of the application's own",
    (job) => job.guard([], () => ({ set: [[['own'], new Uint8Array()]], result: undefined })),
  ],
];

/** What has become of a job meanwhile. */
const fates: [string, (timed: TimedQueue) => Promise<unknown>][] = [
  ['is pending', async () => {}],
  ['runs elsewhere', ({ queue }) => queue.accept(TYPE)],
  ['has finished elsewhere', async ({ queue }) => (await queue.accept(TYPE))?.finish({ done: 2 })],
  ['was removed', ({ queue }) => queue.remove(TYPE, 'a')],
  [
    'was removed and added anew',
    async ({ queue }) => {
      await queue.remove(TYPE, 'a');
      await queue.add(TYPE, 'a', { size: 1 });
    },
  ],
  [
    'was removed, added anew and accepted elsewhere',
    async ({ queue }) => {
      await queue.remove(TYPE, 'a');
      await queue.add(TYPE, 'a', { size: 1 });
      await queue.accept(TYPE);
    },
  ],
];

describe.each(fates)('A worker that comes back after its timeout, when its job %s,', (_, meet) => {
  test.each(doings)('is refused %s, and nothing is written', async (_, act) => {
    const timed = await timedQueue();
    const stop = timed.watch();
    const job = await accepted(timed);
    await timed.pass(2 * PATIENCE);
    await stop();
    await meet(timed);
    const before = await everythingIn(timed.kv);
    await expect(act(job)).rejects.toSatisfy(isLeaseLostError);
    expect(await everythingIn(timed.kv)).toEqual(before);
    await expectConsistency(timed.kv);
  });
});

describe('A heartbeat that meets the verdict', () => {
  test.each([
    ['commits first: the job is kept', true],
    ['commits second: it is refused', false],
  ])('%s', async (_, isFirst) => {
    const kv = memoryKv();
    const watching = new AlteredStore(kv);
    const timed = await timedQueue({ kv });
    const job = await accepted(timed);
    const stop = timed.watch(timed.on({ kv: watching.kv }));
    const verdict = await heldVerdict(timed, watching);
    if (isFirst) await job.update();
    verdict.release();
    await turns();
    if (isFirst) {
      expect(await timed.queue.get(TYPE, 'a')).toMatchObject({ state: 'running', epoch: 1 });
      await job.finish();
    } else {
      await expect(job.update()).rejects.toSatisfy(isLeaseLostError);
      expect(await timed.queue.get(TYPE, 'a')).toMatchObject({ state: 'pending', attempt: 1 });
    }
    await stop();
    await expectConsistency(kv);
  });
});

test('An end and an addition that meet leave a job that runs once more, whoever is first', async () => {
  for (const isEndFirst of [true, false]) {
    const store = new AlteredStore();
    const timed = await timedQueue({ kv: store.kv });
    const job = await accepted(timed);
    const held = store.hold();
    const first = isEndFirst ? timed.queue.add(TYPE, 'a', { size: 2 }) : job.finish();
    await held.reached;
    await (isEndFirst ? job.finish() : timed.queue.add(TYPE, 'a', { size: 2 }));
    held.release();
    await first;
    expect(await timed.queue.get(TYPE, 'a')).toMatchObject({ state: 'pending', data: { size: 2 } });
    await expectConsistency(store.under);
  }
});

describe('A store', () => {
  test('that was emptied leaves nobody a job, and can be used as a new one', async () => {
    const timed = await timedQueue();
    const job = await accepted(timed);
    const keys: Key[] = [];
    for await (const { key } of list(timed.kv, { prefix: [] })) keys.push(key);
    await timed.kv.update([], () => ({ delete: keys, result: undefined }));
    for (const [, act] of doings) await expect(act(job)).rejects.toThrow(/is gone|no job type/);
    await expect(timed.queue.add(TYPE, 'a', {})).rejects.toSatisfy(isInputError);
    await timed.queue.defineType(TYPE);
    await timed.queue.add(TYPE, 'a', {});
    expect((await timed.queue.accept(TYPE))?.epoch).toBe(1);
  });

  test('that lost its newest commits has the job pending, and refuses who accepted it', async () => {
    const timed = await timedQueue();
    await timed.queue.add(TYPE, 'a', { size: 1 });
    const before: [Key, Uint8Array][] = [];
    for await (const { key, value } of list(timed.kv, { prefix: [] })) before.push([key, value]);
    const job = await timed.queue.accept(TYPE);
    const after: Key[] = [];
    for await (const { key } of list(timed.kv, { prefix: [] })) after.push(key);
    await timed.kv.update([], () => ({ delete: after, set: before, result: undefined }));
    await expect(job?.finish()).rejects.toSatisfy(isLeaseLostError);
    await expectConsistency(timed.kv);
    expect((await timed.queue.accept(TYPE))?.id).toBe('a');
  });

  test('that was away for longer than the timeout gives jobs to others once, and refuses who comes late', async () => {
    const store = new AlteredStore();
    const timed = await timedQueue({ kv: store.kv });
    const stops = [timed.watch(), timed.watch()];
    const job = await accepted(timed);
    await timed.pass(TIMEOUT / 2);
    store.isAway = true;
    await timed.pass(10 * TIMEOUT);
    store.isAway = false;
    await timed.pass(4 * PATIENCE);
    await expect(job.update()).rejects.toSatisfy(isLeaseLostError);
    expect(await timed.queue.get(TYPE, 'a')).toMatchObject({ state: 'pending', attempt: 1, epoch: 1 });
    for (const stop of stops) await stop();
    await expectConsistency(store.under);
  });

  test('that was away for long keeps the job of who is heard of at once', async () => {
    const store = new AlteredStore();
    const timed = await timedQueue({ kv: store.kv });
    const stop = timed.watch();
    const job = await accepted(timed);
    await timed.pass(TIMEOUT / 3);
    store.isAway = true;
    await timed.pass(10 * TIMEOUT);
    store.isAway = false;
    await job.update();
    await timed.pass(TIMEOUT - 1);
    await job.finish();
    await stop();
  });
});

/** Lets time pass until a monitor is about to give a job up, and holds that back. */
async function heldVerdict({ pass }: TimedQueue, watching: AlteredStore): Promise<Held> {
  const held = watching.hold('job');
  await pass(2 * PATIENCE);
  await held.reached;
  return held;
}

async function accepted({ queue }: TimedQueue): Promise<Job> {
  await queue.add(TYPE, 'a', { size: 1 });
  const job = await queue.accept(TYPE);
  if (job === undefined) throw new Error('The job was not accepted');
  return job;
}
