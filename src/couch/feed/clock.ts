import { childController } from '../../core/abort.ts';
import type { Platform } from '../../core/platform.ts';

/** How often the clocks are looked at, in milliseconds: what is noticed later than this after a sleep is no news. */
const PERIOD = 5000;
/** So far wall clock and steady clock may come apart in one period: a correction by a time server is less. */
const APART = 10_000;
/** So late a timer may be: browsers let those of hidden pages ring once a minute. */
const LATE = 90_000;

/**
 * Calls out when the clock has jumped, as it does when the machine was asleep, and when the platform says that it woke: connections that were open then may be dead
 * without a sign. Some steady clocks stand still meanwhile and some go on; a timer that is merely late is no jump.
 *
 * @returns stops it
 */
export function watchClock(platform: Platform, onJump: () => void): () => void {
  const stopped = childController();
  const watch = async (): Promise<void> => {
    for (;;) {
      const wall = platform.now();
      const steady = platform.elapsed();
      await platform.sleep(PERIOD, stopped.signal);
      const passed = platform.elapsed() - steady;
      if (Math.abs(platform.now() - wall - passed) > APART || passed > PERIOD + LATE) onJump();
    }
  };
  // It ends by being stopped, and has nobody to tell.
  watch().catch(() => {});
  const stop = platform.onWake?.(onJump);
  return () => {
    stop?.();
    stopped.abort();
  };
}
