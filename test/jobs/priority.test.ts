import { describe, expect, test } from 'vitest';
import { seededRandom, TYPE, timedQueue } from './timed-queue.ts';

/** Waiting so long makes up for one step of priority, in milliseconds. */
const AGEING = 60_000;

describe('Of the jobs that are due', () => {
  test('those of a smaller priority go first, scheduled or not', async () => {
    const { queue, now, pass } = await timedQueue({ random: seededRandom(1) });
    const runAt = now() + 10;
    for (const priority of [7, 0, 5, 9, 3]) {
      await queue.add(TYPE, `at once, ${priority}`, {}, { priority });
      await queue.add(TYPE, `later, ${priority}`, {}, { priority, runAt });
    }
    await pass(10);
    const order: string[] = [];
    for (let job = await queue.accept(TYPE); job !== undefined; job = await queue.accept(TYPE)) order.push(job.id);
    const priorities = order.map((id) => Number(id.at(-1)));
    expect(order).toHaveLength(10);
    expect(priorities).toEqual([...priorities].sort());
  });

  test('none is taken that is of a greater priority than is wanted', async () => {
    const { queue } = await timedQueue();
    for (const priority of [4, 5]) await queue.add(TYPE, `${priority}`, {}, { priority });
    const accept = async (maxPriority: number) => (await queue.accept(TYPE, { maxPriority }))?.id;
    expect([await accept(3), await accept(4), await accept(4), await accept(5)]).toEqual([
      undefined,
      '4',
      undefined,
      '5',
    ]);
  });

  test('one that has waited a minute longer counts as one smaller', async () => {
    const { queue, pass } = await timedQueue();
    await queue.add(TYPE, 'old', {}, { priority: 9 });
    await pass(4 * AGEING - 1);
    await queue.add(TYPE, 'young', {}, { priority: 5 });
    const first = await queue.accept(TYPE);
    expect(first?.id).toBe('young');
    await first?.finish();
    await pass(2);
    await queue.add(TYPE, 'younger', {}, { priority: 5 });
    expect((await queue.accept(TYPE))?.id).toBe('old');
  });

  test('none waits for ever behind those of priority 0 that never end', async () => {
    const { queue, pass } = await timedQueue();
    await queue.add(TYPE, 'humble', {}, { priority: 9 });
    const begun = 9 * AGEING;
    for (let passed = 0; ; passed += 10_000) {
      expect(passed).toBeLessThanOrEqual(begun + 20_000);
      await queue.add(TYPE, `urgent ${passed}`, {}, { priority: 0 });
      const job = await queue.accept(TYPE);
      if (job?.id === 'humble') break;
      await pass(10_000);
    }
  });

  test('each of the first 600 is accepted within 900 accepts, while others are added', async () => {
    const { queue } = await timedQueue({ random: seededRandom(11) });
    const jobs = Array.from({ length: 600 }, (_, at) => ({ id: `first-${String(at).padStart(3, '0')}`, data: {} }));
    await queue.addAll(TYPE, jobs);
    const left = new Set(jobs.map(({ id }) => id));
    let accepts = 0;
    for (; left.size > 0 && accepts < 900; accepts += 1) {
      await queue.add(TYPE, `later-${accepts}`, {});
      left.delete(String((await queue.accept(TYPE))?.id));
    }
    expect([...left]).toEqual([]);
  });

  test.each([[{}], [{ noSchedule: true }]])('ids at either end do not wait longer than others, %o', async (options) => {
    const { queue } = await timedQueue({ random: seededRandom(13) });
    const ids = Array.from({ length: 200 }, (_, at) => String(at).padStart(3, '0'));
    await queue.addAll(
      TYPE,
      ids.map((id) => ({ id, data: {} })),
    );
    const order: string[] = [];
    for (const _ of ids) order.push(String((await queue.accept(TYPE, options))?.id));
    // One is chosen among the first sixteen: the first is late by chance alone, the last is never early.
    expect(order.indexOf('000')).toBeLessThan(100);
    expect(order.indexOf('199')).toBeGreaterThanOrEqual(184);
    expect([...order].sort()).toEqual(ids);
  });
});
