import { expect, test } from 'vitest';
import { poll } from '../../src/kv/poll.ts';

/** Polls until the marks are used up, and says at which looks a change was told. */
async function changesAmong(marks: readonly (() => unknown)[]): Promise<number[]> {
  const controller = new AbortController();
  const told: number[] = [];
  let looks = 0;
  const sleep = async (ms: number): Promise<void> => {
    expect(ms).toBe(250);
    if (looks === marks.length) {
      controller.abort(new Error('over'));
      throw controller.signal.reason;
    }
  };
  const readMark = (): unknown => marks[looks++]?.();
  await poll(readMark, () => told.push(looks), { every: 250, platform: { sleep }, signal: controller.signal });
  return told;
}

const fail = (): never => {
  throw new Error('unreadable');
};

test('tells of a mark that is not what it was before', async () => {
  expect(await changesAmong([1, 1, 2, 2, 1].map((mark) => () => mark))).toEqual([3, 5]);
});

test('counts every failure as a change, and the return to health too', async () => {
  expect(await changesAmong([() => 1, fail, fail, () => 1, () => 1])).toEqual([2, 3, 4]);
});

test('has looked once before it returns', () => {
  let looked = 0;
  const controller = new AbortController();
  const polling = poll(() => ++looked, expect.unreachable, {
    every: 1,
    platform: { sleep: () => Promise.reject(new Error('aborted')) },
    signal: controller.signal,
  });
  expect(looked).toBe(1);
  controller.abort();
  return polling;
});
