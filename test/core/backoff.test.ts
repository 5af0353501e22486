import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { backoffDelay } from '../../src/core/backoff.ts';

describe('backoffDelay', () => {
  test('doubles its bound with each failure, up to the cap', () => {
    const bounds = [1, 2, 3, 4, 5, 60].map((attempt) => backoffDelay(attempt, { base: 250, cap: 3000 }, 1));
    expect(bounds).toEqual([250, 500, 1000, 2000, 3000, 3000]);
  });

  test('takes any time up to the bound, but never less than what the server asks', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 2000 }),
        fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
        fc.nat(100_000),
        (attempt, random, floor) => {
          const delay = backoffDelay(attempt, { base: 100, cap: 10_000 }, random, floor);
          expect(delay).toBeGreaterThanOrEqual(floor);
          expect(delay).toBeLessThanOrEqual(Math.max(floor, 10_000));
        },
      ),
    );
  });
});
