import { describe, expect, test } from 'vitest';
import { isInputError, isLimitError } from '../../src/core/errors.ts';
import type { JsonObject } from '../../src/core/json-value.ts';
import type { AddOptions } from '../../src/jobs/job-terms.ts';
import { memoryKv } from '../../src/kv/memory.ts';
import { denoKvLimits } from '../contract/memory.ts';
import { everythingIn, expectConsistency } from './invariants.ts';
import { TYPE, timedQueue } from './timed-queue.ts';

describe('A job that is added', () => {
  test('is pending with its data until it is removed', async () => {
    const { queue, kv, now } = await timedQueue();
    const added = await queue.add(TYPE, 'a', { size: 1 }, { runAt: now() + 1000, priority: 2 });
    expect(added).toEqual({
      type: TYPE,
      id: 'a',
      state: 'pending',
      data: { size: 1 },
      info: {},
      runAt: now() + 1000,
      priority: 2,
      repeat: undefined,
      attempt: 0,
      epoch: 0,
      seq: 1,
      workerId: undefined,
      resubmitted: false,
      cancelRequested: false,
      error: undefined,
      endedAt: undefined,
    });
    expect(await queue.get(TYPE, 'a')).toEqual(added);
    await expectConsistency(kv);
    expect(await queue.remove(TYPE, 'a')).toBe(true);
    expect(await queue.get(TYPE, 'a')).toBeUndefined();
    await expectConsistency(kv);
  });

  test("is added by the application's own commit, or not at all", async () => {
    const { queue, kv } = await timedQueue();
    const order = ['order'];
    const within = (set: boolean) => ({
      guards: [order],
      decide: ([seen]: readonly unknown[]) => {
        if (seen !== undefined) throw new Error('It was ordered before');
        return { set: set ? [[order, Uint8Array.of(1)] as const] : [], result: undefined };
      },
    });
    await queue.add(TYPE, 'a', {}, { within: within(true) });
    expect((await kv.read([order])).map((entry) => entry?.value)).toEqual([Uint8Array.of(1)]);
    await expect(queue.add(TYPE, 'b', {}, { within: within(true) })).rejects.toThrow('It was ordered before');
    expect(await queue.get(TYPE, 'b')).toBeUndefined();
  });

  test('may be named by whatever text, in whatever type', async () => {
    const { queue, kv } = await timedQueue();
    for (const name of ['a/b', 'ü 🌊', '\0', 'x'.repeat(200), '__proto__']) {
      await queue.defineType(name);
      await queue.add(name, name, { name });
      expect(await queue.get(name, name)).toMatchObject({ type: name, id: name, data: { name } });
    }
    await expectConsistency(kv);
  });

  test('does not share its data with whoever gave them', async () => {
    const { queue } = await timedQueue();
    const data = { list: [1] };
    const added = await queue.add(TYPE, 'a', data);
    data.list.push(2);
    expect(added.data).toEqual({ list: [1] });
    expect((await queue.accept(TYPE))?.data).toEqual({ list: [1] });
  });

  test.each<[string, string, string, unknown, AddOptions]>([
    ['without a name', TYPE, '', {}, {}],
    ['with a name that is too long', TYPE, 'ü'.repeat(351), {}, {}],
    ['of a type without a name', '', 'a', {}, {}],
    ['of a type that is not defined', 'other', 'a', {}, {}],
    ['with data that are no object', TYPE, 'a', ['x'], {}],
    ['with data that JSON has no word for', TYPE, 'a', { big: 1n }, {}],
    ['with data that contain themselves', TYPE, 'a', circle(), {}],
    ['at a time before 1970', TYPE, 'a', {}, { runAt: -1 }],
    ['at a time between milliseconds', TYPE, 'a', {}, { runAt: 0.5 }],
    ['of priority 10', TYPE, 'a', {}, { priority: 10 }],
    ['of priority 1.5', TYPE, 'a', {}, { priority: 1.5 }],
    ['that repeats without a pause', TYPE, 'a', {}, { repeat: 0 }],
  ])('is refused %s, and nothing is written', async (_, type, id, data, options) => {
    const { queue, kv } = await timedQueue();
    const before = await everythingIn(kv);
    await expect(queue.add(type, id, data as JsonObject, options)).rejects.toSatisfy(isInputError);
    const job = { id: 'b', data: {} };
    await expect(queue.addAll(type, [job, { id, data: data as JsonObject, ...options }])).rejects.toSatisfy(
      isInputError,
    );
    expect(await everythingIn(kv)).toEqual(before);
  });

  test('is refused when the store does not take so much', async () => {
    const { queue, kv } = await timedQueue({ kv: memoryKv({ limits: denoKvLimits }) });
    const before = await everythingIn(kv);
    await expect(queue.add(TYPE, 'a', { text: 'x'.repeat(70_000) })).rejects.toSatisfy(isLimitError);
    expect(await everythingIn(kv)).toEqual(before);
  });
});

describe('Adding a job again', () => {
  test('in the same way writes nothing', async () => {
    const { queue, kv, now } = await timedQueue();
    for (const terms of [{}, { runAt: now() + 5000 }]) {
      const added = await queue.add(TYPE, 'a', { size: 1 }, terms);
      const before = await everythingIn(kv);
      expect(await queue.add(TYPE, 'a', { size: 1 }, terms)).toEqual(added);
      await queue.addAll(TYPE, [{ id: 'a', data: { size: 1 }, ...terms }]);
      expect(await everythingIn(kv)).toEqual(before);
    }
  });

  test('gives a pending one new terms: data, time and priority', async () => {
    const { queue, kv, now } = await timedQueue();
    await queue.add(TYPE, 'a', { size: 1 });
    await queue.add(TYPE, 'a', { size: 2 });
    expect(await queue.get(TYPE, 'a')).toMatchObject({ data: { size: 2 }, seq: 2 });
    await queue.add(TYPE, 'a', { size: 3 }, { runAt: now() + 16_000, priority: 0 });
    expect(await queue.get(TYPE, 'a')).toMatchObject({ data: { size: 3 }, runAt: now() + 16_000, priority: 0, seq: 3 });
    await expectConsistency(kv);
    expect(await queue.accept(TYPE)).toBeUndefined();
  });

  test('while it runs asks for another run, and touches neither its data nor its lease', async () => {
    const { queue, kv, now } = await timedQueue();
    await queue.add(TYPE, 'a', { size: 1 });
    const job = await queue.accept(TYPE);
    const heartbeat = (await everythingIn(kv)).get(`jobs run ${TYPE} a`);
    const runAt = now() + 17_000;
    await queue.add(TYPE, 'a', { size: 2 }, { runAt });
    expect(await queue.get(TYPE, 'a')).toMatchObject({ state: 'running', data: { size: 1 }, resubmitted: true });
    expect((await everythingIn(kv)).get(`jobs run ${TYPE} a`)).toBe(heartbeat);
    const before = await everythingIn(kv);
    await queue.add(TYPE, 'a', { size: 2 }, { runAt });
    expect(await everythingIn(kv)).toEqual(before);
    await job?.update();
    expect(job).toMatchObject({ data: { size: 1 }, resubmitted: true });
    await job?.finish();
    expect(await queue.get(TYPE, 'a')).toMatchObject({
      state: 'pending',
      data: { size: 2 },
      runAt,
      resubmitted: false,
    });
    await expectConsistency(kv);
  });

  test('moves it through its life: at 15, at 16, at 17 while it runs, finished, at 18', async () => {
    const { queue, kv, now, pass } = await timedQueue();
    const start = now();
    const at = (seconds: number) => ({ runAt: start + seconds * 1000 });
    const run = async () => {
      const job = await queue.accept(TYPE);
      return job?.finish();
    };
    await queue.add(TYPE, 'a', {}, at(15));
    await queue.add(TYPE, 'a', {}, at(16));
    expect(await queue.get(TYPE, 'a')).toMatchObject({ state: 'pending', ...at(16) });
    await pass(16_000);
    const job = await queue.accept(TYPE);
    await queue.add(TYPE, 'a', {}, at(17));
    expect((await queue.get(TYPE, 'a'))?.state).toBe('running');
    await job?.finish();
    expect(await queue.get(TYPE, 'a')).toMatchObject({ state: 'pending', ...at(17) });
    await pass(1000);
    await run();
    expect(await queue.get(TYPE, 'a')).toMatchObject({ state: 'finished', ...at(17) });
    await queue.add(TYPE, 'a', {}, at(18));
    expect(await queue.get(TYPE, 'a')).toMatchObject({ state: 'pending', ...at(18) });
    await expectConsistency(kv);
  });

  test.each([
    ['finished', (queue) => queue.accept(TYPE).then((job) => job?.finish({ done: true }))],
    ['cancelled', (queue) => queue.cancel(TYPE, 'a')],
    ['dead', (queue) => queue.accept(TYPE).then((job) => job?.fail(new Error('It does not work')))],
  ] satisfies [string, (queue: Awaited<ReturnType<typeof timedQueue>>['queue']) => Promise<unknown>][])(
    'after it is %s has it run with the new data, its attempts counted anew',
    async (state, end) => {
      const { queue, kv } = await timedQueue({ type: { maxAttempts: 1 } });
      await queue.add(TYPE, 'a', { size: 1 });
      await end(queue);
      expect((await queue.get(TYPE, 'a'))?.state).toBe(state);
      const again = await queue.add(TYPE, 'a', { size: 2 });
      expect(again).toMatchObject({ state: 'pending', data: { size: 2 }, attempt: 0, error: undefined });
      await expectConsistency(kv);
      expect(await queue.accept(TYPE)).toMatchObject({ id: 'a', data: { size: 2 }, attempt: 1 });
    },
  );
});

describe('Many jobs', () => {
  test.each([
    ['a large store', {}],
    ['a store of small limits', denoKvLimits],
  ])('are added to %s, each once', async (_, limits) => {
    const { queue, kv } = await timedQueue({ kv: memoryKv({ limits }) });
    const ids = Array.from({ length: 250 }, (_, at) => `job-${at}`);
    await queue.addAll(TYPE, [...ids.map((id, at) => ({ id, data: { at } })), { id: 'job-7', data: { at: -7 } }]);
    const listed = await queue.list(TYPE, { limit: 1000 });
    expect(listed.map(({ id }) => id)).toEqual([...ids].sort());
    expect(listed.find(({ id }) => id === 'job-7')?.data).toEqual({ at: -7 });
    await expectConsistency(kv);
  });

  test('are listed in the order of their ids, by state and from a point on', async () => {
    const { queue } = await timedQueue();
    await queue.addAll(
      TYPE,
      ['c', 'a', 'd', 'b'].map((id) => ({ id, data: {} })),
    );
    await queue.cancel(TYPE, 'b');
    const idsOf = async (options: Parameters<typeof queue.list>[1]) =>
      (await queue.list(TYPE, options)).map(({ id }) => id);
    expect(await idsOf({})).toEqual(['a', 'b', 'c', 'd']);
    expect(await idsOf({ state: 'pending', limit: 2 })).toEqual(['a', 'c']);
    expect(await idsOf({ state: 'pending', after: 'a' })).toEqual(['c', 'd']);
    expect(await idsOf({ state: 'cancelled' })).toEqual(['b']);
    expect(await idsOf({ limit: 0 })).toEqual([]);
    expect(await queue.list('other')).toEqual([]);
  });

  test('are counted by state', async () => {
    const { queue, now } = await timedQueue({ type: { maxAttempts: 1 } });
    await queue.addAll(
      TYPE,
      Array.from({ length: 7 }, (_, at) => ({ id: `${at}`, data: {} })),
    );
    await queue.add(TYPE, 'later', {}, { runAt: now() + 1 });
    await (await queue.accept(TYPE))?.finish();
    await (await queue.accept(TYPE))?.fail('No');
    await queue.accept(TYPE);
    const [first] = await queue.list(TYPE, { state: 'pending' });
    await queue.cancel(TYPE, String(first?.id));
    expect(await queue.counts(TYPE)).toEqual({ pending: 4, running: 1, finished: 1, cancelled: 1, dead: 1 });
  });
});

test('Removing a job that is not there changes nothing, in whatever type', async () => {
  const { queue, kv } = await timedQueue();
  const before = await everythingIn(kv);
  expect([await queue.remove(TYPE, 'a'), await queue.remove('other', 'a')]).toEqual([false, false]);
  expect([await queue.cancel(TYPE, 'a'), await queue.retry(TYPE, 'a')]).toEqual([undefined, undefined]);
  expect(await everythingIn(kv)).toEqual(before);
});

function circle(): JsonObject {
  const data: Record<string, unknown> = {};
  data['self'] = data;
  return data;
}
