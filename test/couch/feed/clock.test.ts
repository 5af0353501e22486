import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { watchClock } from '../../../src/couch/feed/clock.ts';
import { type VirtualClock, virtualClock } from '../../support/virtual-clock.ts';

let clock: VirtualClock;
let jumps: number;
let stop: () => void;

beforeEach(() => {
  clock = virtualClock();
  jumps = 0;
  stop = () => {};
});
afterEach(() => {
  stop();
});

const watch = (platform = clock.platform): void => {
  stop = watchClock({ ...defaults, ...platform }, () => {
    jumps += 1;
  });
};
const unused = (): never => expect.unreachable();
const defaults = { fetch: unused, uuid: unused };

describe('watchClock', () => {
  test('says nothing while the clocks agree', async () => {
    watch();
    await clock.advance(3_600_000);
    expect(jumps).toBe(0);
  });

  test.each([
    ['forward, as after a sleep', 3_600_000, 1],
    ['backward', -3_600_000, 1],
    ['by what a time server corrects', 9000, 0],
  ])('notices within a period that the wall clock is set %s', async (_how, ms, expected) => {
    watch();
    await clock.advance(60_000);
    clock.jump(ms);
    await clock.advance(5000);
    expect(jumps).toBe(expected);
    await clock.advance(60_000);
    expect(jumps).toBe(expected);
  });

  test.each([
    ['a sleep that the steady clock counts', 3_600_000, 1],
    ['a timer of a hidden page', 60_000, 0],
  ])('knows %s by how late it wakes', async (_what, late, expected) => {
    let passed = 0;
    // Both clocks go on, and the timer rings only then.
    watch({ ...clock.platform, now: () => passed, elapsed: () => passed });
    passed = late;
    await clock.advance(5000);
    expect(jumps).toBe(expected);
  });

  test('stops', async () => {
    watch();
    stop();
    clock.jump(3_600_000);
    await clock.advance(60_000);
    expect(jumps).toBe(0);
    expect(clock.sleeps).toEqual([]);
  });
});
