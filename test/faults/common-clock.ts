import { type Platform, platform } from '../../src/core/platform.ts';

/**
 * A clock that goes so many times as fast as the real one, the same in all processes of a test: what stands in a store for a while
 * need not be waited for as long.
 *
 * @param begun when it showed the right time, in milliseconds since 1970
 */
export function commonClock(begun: number, times: number): Pick<Platform, 'now' | 'elapsed' | 'sleep'> {
  const real = platform();
  return {
    now: () => begun + (real.now() - begun) * times,
    elapsed: () => real.elapsed() * times,
    sleep: (ms, signal) => real.sleep(ms / times, signal),
  };
}
