import { expect, test } from 'vitest';
import { penaltyAfter } from '../../../src/scan/schedule/penalty.ts';

test('each failure in a row doubles the wait, up to eight hours', () => {
  let errors = 0;
  const ladder: number[] = [];
  for (let failure = 0; failure < 13; failure += 1) {
    const penalty = penaltyAfter(errors, 1000);
    ladder.push(penalty.delay / 1000);
    errors = penalty.errors;
  }
  expect(ladder).toEqual([30, 60, 120, 240, 480, 960, 1920, 3840, 7680, 15_360, 28_800, 28_800, 28_800]);
  expect(penaltyAfter(100_000, 0)).toEqual({ errors: 100_001, delay: 28_800_000 });
});

test('D1: what has run long enough is forgiven, and what fails at once is not', () => {
  expect(penaltyAfter(5, 300_001)).toEqual({ errors: 1, delay: 30_000 });
  expect(penaltyAfter(5, 300_000)).toEqual({ errors: 6, delay: 960_000 });
});

test('the steps can be others', () => {
  const quick = { min: 10, max: 35, heal: 5 };
  expect([0, 1, 2].map((errors) => penaltyAfter(errors, 5, quick).delay)).toEqual([10, 20, 35]);
  expect(penaltyAfter(2, 6, quick)).toEqual({ errors: 1, delay: 10 });
});
