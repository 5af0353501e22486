import { describe, expect, test } from 'vitest';
import { Current } from '../../src/core/current.ts';

describe('Current', () => {
  test('shows the value as it is, and every change after it', () => {
    const current = new Current(1);
    current.next(2);
    const seen = watch(current);
    current.next(3);
    current.next(3);
    expect(current.value).toBe(3);
    expect(seen).toEqual([2, 3, 3]);
  });

  test('shows its last value also to those who come after it', () => {
    const current = new Current(1);
    const early = watch(current);
    current.next(2);
    current.complete();
    expect(early).toEqual([1, 2, 'complete']);
    expect(watch(current)).toEqual([2, 'complete']);
  });

  test('shows nothing more to those who have left', () => {
    const current = new Current(1);
    const seen: number[] = [];
    current.value$.subscribe((value) => seen.push(value)).unsubscribe();
    current.next(2);
    expect(seen).toEqual([1]);
  });

  test('shows those who change it while it is shown both values, in order', () => {
    const current = new Current(1);
    const seen: number[] = [];
    current.value$.subscribe((value) => {
      seen.push(value);
      if (value < 4) current.next(value + 1);
    });
    expect(seen).toEqual([1, 2, 3, 4]);
  });
});

function watch(current: Current<number>): unknown[] {
  const seen: unknown[] = [];
  current.value$.subscribe({ next: (value) => seen.push(value), complete: () => seen.push('complete') });
  return seen;
}
