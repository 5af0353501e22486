import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ratios, summarize } from './statistics.ts';

describe('summarize', () => {
  test('takes the middle one of an odd number, and the mean of the middle two of an even number', () => {
    expect(summarize([30, 1, 2])).toEqual({ median: 2, least: 1, most: 30 });
    expect(summarize([30, 1, 2, 4])).toEqual({ median: 3, least: 1, most: 30 });
    expect(summarize([7])).toEqual({ median: 7, least: 7, most: 7 });
  });

  test('orders by size, not as text, and leaves the measurements as they are', () => {
    const values = [100, 20, 3];
    expect(summarize(values)).toEqual({ median: 20, least: 3, most: 100 });
    expect(values).toEqual([100, 20, 3]);
  });

  test('is nothing for no measurements', () => {
    expect(summarize([])).toBeUndefined();
  });

  test('has as many measurements below the median as above it, in whatever order they came', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 50 }), { minLength: 1 }), (values) => {
        const { median = Number.NaN, least, most } = summarize(values) ?? {};
        expect(values.filter((value) => value < median).length).toBeLessThanOrEqual(values.length / 2);
        expect(values.filter((value) => value > median).length).toBeLessThanOrEqual(values.length / 2);
        expect([least, most]).toEqual([Math.min(...values), Math.max(...values)]);
      }),
    );
  });
});

describe('ratios', () => {
  test('holds each measurement against the other of its round', () => {
    expect(ratios([2, 9], [1, 3])).toEqual([2, 3]);
  });

  test('leaves out rounds that lack one of the two', () => {
    expect(ratios([2, undefined, 8, 5], [1, 1, undefined])).toEqual([2]);
  });
});
