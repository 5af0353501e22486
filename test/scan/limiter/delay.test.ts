import { expect, test } from 'vitest';
import { adjusted, type Delay, initialDelay, noDelay } from '../../../src/scan/limiter/delay.ts';

/** So many adjustments, far enough apart. */
function adjust(times: number, isAtLimit: boolean, from: Delay = initialDelay): Delay {
  let delay = from;
  for (let time = 0; time < times; time += 1)
    delay = adjusted(delay, isAtLimit, delay.adjustedAt === Number.NEGATIVE_INFINITY ? 0 : delay.adjustedAt + 101);
  return delay;
}

test('an operation is delayed by ten milliseconds to begin with', () => {
  expect(initialDelay.ms).toBe(10);
});

test('always at the limit, delays grow to half a second and no further, in 22 steps', () => {
  expect(adjust(21, true).ms).toBeLessThan(500);
  expect(adjust(22, true).ms).toBe(500);
  expect(adjust(50, true).ms).toBe(500);
  expect(adjust(500, true).ms).toBe(500);
});

test('never at the limit, they shrink to nothing, in 20 steps', () => {
  expect(adjust(19, false).ms).toBe(0.5);
  expect(adjust(20, false).ms).toBe(0);
  expect(adjust(500, false).ms).toBe(0);
  expect(adjust(1000, false, adjust(22, true)).ms).toBe(0);
});

test('from nothing they grow again: 39 steps to a millisecond, 73 to half a second', () => {
  expect(adjust(38, true, noDelay).ms).toBeLessThan(1);
  expect(adjust(39, true, noDelay).ms).toBeGreaterThanOrEqual(1);
  expect(adjust(72, true, noDelay).ms).toBeLessThan(500);
  expect(adjust(73, true, noDelay).ms).toBe(500);
});

test('they are adjusted once in a tenth of a second at the most', () => {
  const first = adjusted(initialDelay, true, 1000);
  expect(adjusted(first, true, 1100)).toBe(first);
  expect(adjusted(first, true, 1101).ms).toBeCloseTo(14.4);
});
