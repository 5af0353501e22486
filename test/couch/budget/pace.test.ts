import { describe, expect, test } from 'vitest';
import { type Pace, recovered, slowedDown, type TooMany, unhindered } from '../../../src/couch/budget/pace.ts';

const refused = (pace: Pace, more: Partial<TooMany> = {}): Pace =>
  slowedDown(pace, { slowdowns: pace.slowdowns, busy: 6, retryAfter: undefined, now: 0, chance: 1, ...more });
const answered = (pace: Pace, times: number): Pace => {
  let after = pace;
  for (let time = 0; time < times; time += 1) after = recovered(after, after.slowdowns, 6);
  return after;
};

describe('A pace', () => {
  test('is halved with each refusal, but never below one request', () => {
    let pace = unhindered;
    const atOnce = [6, 6, 6, 6].map((busy) => {
      pace = refused(pace, { busy });
      return pace.atOnce;
    });
    expect(atOnce).toEqual([3, 1, 1, 1]);
  });

  test('pauses for longer with each refusal in a row, at least half of the bound, at most a minute', () => {
    let pace = unhindered;
    const pauses = Array.from({ length: 10 }, (_, time) => {
      pace = refused(pace, { chance: time === 0 ? 0 : 1 });
      return pace.until;
    });
    expect(pauses).toEqual([125, 500, 1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000]);
    expect(refused({ ...answered(pace, 1), until: 0 }).until).toBe(250);
  });

  test('pauses as long as the server asks, but no longer than ten minutes', () => {
    expect(refused(unhindered, { retryAfter: 7000, now: 100 }).until).toBe(7100);
    expect(refused(unhindered, { retryAfter: 86_400_000 }).until).toBe(600_000);
    expect(refused({ ...unhindered, until: 9000 }, { retryAfter: 0 }).until).toBe(9000);
    expect(refused(unhindered, { retryAfter: 0 }).until).toBe(250);
  });

  test('is not halved again by requests that were sent before it was, but takes the longest pause they ask for', () => {
    const slow = refused(unhindered, { retryAfter: 3000 });
    const late = { slowdowns: unhindered.slowdowns };
    expect(refused(slow, late)).toEqual(slow);
    expect(refused(slow, { ...late, retryAfter: 5000 })).toEqual({ ...slow, until: 5000 });
    expect(recovered(slow, unhindered.slowdowns, 6)).toBe(slow);
  });

  test('recovers by one with each round of answers, until nothing hinders it', () => {
    const slow = refused(unhindered, { busy: 4 });
    expect(slow.atOnce).toBe(2);
    expect([1, 2, 4, 5, 8, 9].map((times) => answered(slow, times).atOnce)).toEqual([2, 3, 3, 4, 4, 5]);
    expect(answered(slow, 2 + 3 + 4 + 5).atOnce).toBe(Number.POSITIVE_INFINITY);
    expect(answered(unhindered, 5)).toBe(unhindered);
  });
});
