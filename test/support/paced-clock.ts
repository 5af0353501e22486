import { type Platform, platform } from '../../src/core/platform.ts';

/** Real time, some times as fast. */
export interface PacedClock {
  readonly platform: Pick<Platform, 'now' | 'elapsed' | 'sleep'>;
  /** The wall clock is set forward; no time passes. */
  jump(ms: number): void;
}

/**
 * A clock that goes so many times as fast as the real one, so that long waits need not be waited for, on both sides of a
 * connection that are given it.
 */
export function pacedClock(times: number): PacedClock {
  const real = platform();
  const begun = real.elapsed();
  let ahead = real.now();
  const elapsed = (): number => (real.elapsed() - begun) * times;
  return {
    platform: {
      elapsed,
      now: () => ahead + elapsed(),
      sleep: (ms, signal) => real.sleep(ms / times, signal),
    },
    jump(ms) {
      ahead += ms;
    },
  };
}
