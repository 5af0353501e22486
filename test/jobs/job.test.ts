import { describe, expect, test } from 'vitest';
import { isInputError, isLeaseLostError } from '../../src/core/errors.ts';
import type { JsonObject } from '../../src/core/json-value.ts';
import type { Job } from '../../src/jobs/job.ts';
import { everythingIn, expectConsistency } from './invariants.ts';
import { type TimedQueue, TYPE, timedQueue } from './timed-queue.ts';

describe('Whoever holds a job', () => {
  test('tells how far it is; the last word stands, and the input stays as it was', async () => {
    const { queue } = await timedQueue();
    const job = await accepted(queue);
    const told = async () => {
      const { data, info } = (await queue.get(TYPE, 'a')) ?? {};
      return [data, info];
    };
    await job.update({ done: 1 });
    expect(await told()).toEqual([{ size: 1 }, { done: 1 }]);
    await job.update();
    await job.update({ half: true });
    expect(await told()).toEqual([{ size: 1 }, { half: true }]);
    expect(job.info).toEqual({ half: true });
    await job.finish({ result: 2 });
    expect(await told()).toEqual([{ size: 1 }, { result: 2 }]);
  });

  test('ends it well, keeping what was told when nothing more is', async () => {
    const { queue, kv, now } = await timedQueue();
    const job = await accepted(queue);
    await job.update({ done: 1 });
    await job.finish();
    expect(job.state).toBe('finished');
    expect(await queue.get(TYPE, 'a')).toMatchObject({
      state: 'finished',
      info: { done: 1 },
      endedAt: now(),
      attempt: 1,
    });
    await expectConsistency(kv);
  });

  test.each<[string, (job: Job, bad: JsonObject) => Promise<void>]>([
    ['an update', (job, bad) => job.update(bad)],
    ['an end', (job, bad) => job.finish(bad)],
    ['another run', (job, bad) => job.resubmit(0, bad)],
  ])('is refused %s with what is no JSON object, and holds it as before', async (_, act) => {
    const { queue, kv } = await timedQueue();
    const job = await accepted(queue);
    await job.update({ done: 1 });
    const before = await everythingIn(kv);
    for (const bad of [{ big: 1n }, [1], 'text', null])
      await expect(act(job, bad as unknown as JsonObject)).rejects.toSatisfy(isInputError);
    expect(await everythingIn(kv)).toEqual(before);
    await job.finish({ done: 2 });
    expect(await queue.get(TYPE, 'a')).toMatchObject({ state: 'finished', info: { done: 2 } });
  });

  test('gives back what he does not want: it is pending, as if it had not been accepted', async () => {
    const { queue, kv } = await timedQueue();
    const job = await accepted(queue);
    await job.release();
    expect(job.state).toBe('pending');
    expect(await queue.get(TYPE, 'a')).toMatchObject({ state: 'pending', data: { size: 1 }, attempt: 0, epoch: 1 });
    await expectConsistency(kv);
    expect(await queue.accept(TYPE)).toMatchObject({ id: 'a', attempt: 1, epoch: 2 });
  });

  test('asks for another run at 6, and finishes: pending at 6, then finished', async () => {
    const { queue, now, pass } = await timedQueue();
    const job = await accepted(queue);
    const runAt = now() + 6000;
    expect(job.resubmitted).toBe(false);
    await job.resubmit(runAt);
    expect(job.resubmitted).toBe(true);
    await job.finish();
    expect(await queue.get(TYPE, 'a')).toMatchObject({ state: 'pending', runAt, data: { size: 1 }, attempt: 0 });
    expect(await queue.accept(TYPE)).toBeUndefined();
    await pass(6000);
    await (await queue.accept(TYPE))?.finish();
    expect(await queue.get(TYPE, 'a')).toMatchObject({ state: 'finished', runAt });
  });

  test('hands data on to the next run alone', async () => {
    const { queue } = await timedQueue();
    const job = await accepted(queue);
    await job.resubmit(0, { from: 100 });
    expect([job.data, (await queue.get(TYPE, 'a'))?.data]).toEqual([{ size: 1 }, { size: 1 }]);
    // Another time does not take them back.
    await job.resubmit(0);
    await job.finish({ until: 100 });
    expect(await queue.accept(TYPE)).toMatchObject({ data: { from: 100 }, info: { until: 100 } });
  });

  test('may ask for another run of an attempt that fails, too', async () => {
    const { queue } = await timedQueue({ type: { maxAttempts: 1 } });
    const job = await accepted(queue);
    await job.resubmit(0, { size: 2 });
    await job.fail(new Error('No'));
    expect(await queue.get(TYPE, 'a')).toMatchObject({ state: 'pending', data: { size: 2 }, error: 'No' });
  });

  test("writes the application's keys by a commit that proves that he holds it", async () => {
    const { queue, kv } = await timedQueue();
    const job = await accepted(queue);
    const count = () =>
      job.guard([['total']], ([total]) => {
        const next = (total?.value[0] ?? 0) + 1;
        return { set: [[['total'], Uint8Array.of(next)]], result: next };
      });
    expect([await count(), await count()]).toEqual([1, 2]);
    await job.finish();
    await expect(count()).rejects.toSatisfy(isLeaseLostError);
    expect((await kv.read([['total']])).map((entry) => entry?.value)).toEqual([Uint8Array.of(2)]);
  });

  test('sees a token grow with each acceptance, and a number with each commit', async () => {
    const { queue } = await timedQueue();
    await queue.add(TYPE, 'a', {});
    const epochs: (number | undefined)[] = [];
    let seq = 1;
    for (let round = 0; round < 4; round += 1) {
      const job = await queue.accept(TYPE);
      epochs.push(job?.epoch);
      await job?.update({ round });
      expect(job?.seq).toBe(seq + 2);
      await (round % 2 === 0 ? job?.release() : job?.finish());
      seq = Number((await queue.get(TYPE, 'a'))?.seq);
      if (round % 2 === 1) await queue.retry(TYPE, 'a');
      seq = Number((await queue.get(TYPE, 'a'))?.seq);
    }
    expect(epochs).toEqual([1, 2, 3, 4]);
  });
});

describe('An attempt that fails', () => {
  test('is followed by others, later and later, until the job is dead with the error kept', async () => {
    const backoff = { base: 1000, cap: 3000 };
    const { queue, now, pass, kv } = await timedQueue({ type: { maxAttempts: 4, backoff } });
    await queue.add(TYPE, 'a', { size: 1 });
    const pauses: number[] = [];
    for (let attempt = 1; attempt < 4; attempt += 1) {
      const job = await queue.accept(TYPE);
      expect(job?.attempt).toBe(attempt);
      await job?.fail(new Error(`No ${attempt}`));
      const { runAt = 0, error, state } = (await queue.get(TYPE, 'a')) ?? {};
      expect([state, error]).toEqual(['pending', `No ${attempt}`]);
      pauses.push(runAt - now());
      expect(await queue.accept(TYPE)).toBeUndefined();
      await pass(runAt - now());
    }
    // Chance stands in the middle.
    expect(pauses).toEqual([500, 1000, 1500]);
    await (await queue.accept(TYPE))?.fail('No more');
    expect(await queue.get(TYPE, 'a')).toMatchObject({
      state: 'dead',
      error: 'No more',
      attempt: 4,
      data: { size: 1 },
    });
    await expectConsistency(kv);
    expect(await queue.retry(TYPE, 'a')).toMatchObject({ state: 'pending', attempt: 0, error: undefined });
  });

  test('is forgotten when the next goes well', async () => {
    const { queue, pass } = await timedQueue();
    const job = await accepted(queue);
    await job.fail(new Error('No'));
    await pass(10_000);
    const again = await queue.accept(TYPE);
    await again?.finish();
    expect(await queue.get(TYPE, 'a')).toMatchObject({ state: 'finished', error: undefined });
  });

  test('may say when the next is to be, and is told in 2,000 characters', async () => {
    const { queue, now } = await timedQueue();
    const job = await accepted(queue);
    await expect(job.fail('No', -1)).rejects.toSatisfy(isInputError);
    await job.fail(new Error('x'.repeat(5000)), now() + 77);
    expect(await queue.get(TYPE, 'a')).toMatchObject({ runAt: now() + 77, error: 'x'.repeat(2000) });
  });
});

async function accepted(queue: TimedQueue['queue']): Promise<Job> {
  await queue.add(TYPE, 'a', { size: 1 });
  const job = await queue.accept(TYPE);
  if (job === undefined) throw new Error('The job was not accepted');
  return job;
}
