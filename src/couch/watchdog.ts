import type { Platform } from '../core/platform.ts';

/** Calls out when something that is being waited for takes too long. Waits that nobody is in cost nothing. */
export interface Watchdog {
  /** A wait begins. */
  start(ms: number): void;
  /** The wait ended in time. */
  rest(): void;
  /** No more waits. */
  stop(): void;
}

/**
 * One timer for any number of waits in a row: while waits end in time it is set anew only when it runs out, so a stream of
 * many small pieces does not pay for a timer with each.
 */
export function watchdog(platform: Platform, onTimeout: (ms: number) => void): Watchdog {
  const stopped = new AbortController();
  let limit = 0;
  let begun: number | undefined;
  let watching = false;
  const watch = async (): Promise<void> => {
    let wait = limit;
    while (!stopped.signal.aborted && begun !== undefined) {
      await platform.sleep(wait, stopped.signal);
      if (begun === undefined) break;
      wait = begun + limit - platform.elapsed();
      if (wait <= 0) {
        onTimeout(limit);
        break;
      }
    }
    watching = false;
  };
  return {
    start(ms) {
      limit = ms;
      begun = platform.elapsed();
      if (watching) return;
      watching = true;
      watch().catch(() => {
        // Only stop() ends the sleep early.
        watching = false;
      });
    },
    rest() {
      begun = undefined;
    },
    stop() {
      begun = undefined;
      stopped.abort();
    },
  };
}
