import { expect } from 'vitest';
import type { Limiter } from '../../../src/scan/limiter/limiter.ts';
import type { RateClass } from '../../../src/scan/limiter/limits.ts';
import type { VirtualClock } from '../../support/virtual-clock.ts';

/** What was let through, and when. */
export interface Passed {
  readonly at: number;
  readonly count: number;
}

/** Takes again and again, as fast as it is let. */
export interface Taker {
  readonly passed: readonly Passed[];
  stop(): Promise<void>;
}

/** @param counts what is taken each time, over and over */
export function startTaker(limiter: Limiter, kind: RateClass, counts: readonly number[], clock: VirtualClock): Taker {
  const passed: Passed[] = [];
  const stopped = new AbortController();
  const run = async (): Promise<void> => {
    for (let turn = 0; !stopped.signal.aborted; turn += 1) {
      const count = counts[turn % counts.length] ?? 1;
      await limiter.take(kind, count, stopped.signal);
      passed.push({ at: clock.platform.elapsed(), count });
      // The operation itself takes a moment, or this would go on for ever in one instant.
      await clock.platform.sleep(1, stopped.signal);
    }
  };
  const ended = run().catch((error: unknown) => {
    if (!stopped.signal.aborted) throw error;
  });
  return {
    passed,
    async stop() {
      stopped.abort(new Error('stopped'));
      await ended;
    },
  };
}

/** How much was let through from one time up to another. */
export function sumOf(passed: readonly Passed[], from = 0, to = Number.POSITIVE_INFINITY): number {
  return passed.filter(({ at }) => at >= from && at < to).reduce((sum, { count }) => sum + count, 0);
}

/** In any window of `w` seconds at most `rate * (w + 1)`, and the largest that was taken at once. */
export function expectWithinRate(all: readonly Passed[], rate: number): void {
  const passed = [...all].sort((a, b) => a.at - b.at);
  const largest = Math.max(0, ...passed.map(({ count }) => count));
  let before = 0;
  const sums = passed.map(({ at, count }) => {
    before += count;
    return { at, count, through: before };
  });
  for (const [index, first] of sums.entries()) {
    for (const last of sums.slice(index)) {
      const total = last.through - first.through + first.count;
      const bound = rate * ((last.at - first.at) / 1000 + 1) + largest;
      if (total > bound) expect(total, `from ${first.at} to ${last.at} ms`).toBeLessThanOrEqual(bound);
    }
  }
}
