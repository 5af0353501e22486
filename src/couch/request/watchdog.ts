import type { Platform } from '../../core/platform.ts';

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
  let limit = 0;
  let begun: number | undefined;
  let timer: { readonly due: number; readonly cancel: () => void } | undefined;

  const set = (ms: number): void => {
    const cancelled = new AbortController();
    const mine = { due: platform.elapsed() + ms, cancel: () => cancelled.abort() };
    timer = mine;
    const ring = (): void => {
      if (timer !== mine) return;
      timer = undefined;
      if (begun === undefined) return;
      const left = begun + limit - platform.elapsed();
      if (left > 0) set(left);
      else onTimeout(limit);
    };
    // A cancelled sleep has nobody to tell.
    platform.sleep(ms, cancelled.signal).then(ring, () => {});
  };
  const cancel = (): void => {
    timer?.cancel();
    timer = undefined;
  };
  return {
    start(ms) {
      limit = ms;
      begun = platform.elapsed();
      if (timer !== undefined && timer.due > begun + ms) cancel();
      if (timer === undefined) set(ms);
    },
    rest() {
      begun = undefined;
    },
    stop() {
      begun = undefined;
      cancel();
    },
  };
}
