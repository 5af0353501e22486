import { platform } from '../../src/core/platform.ts';

/**
 * A platform on which nobody waits before another try: there is nothing to wait for. The long sleeps of watchdogs go on, or
 * everything would have come too late.
 */
export const hasty = platform({ sleep: (ms, signal) => platform().sleep(ms >= 20_000 ? ms : 0, signal) });
