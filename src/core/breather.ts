import type { Platform } from './platform.ts';

/** So long something may work while others wait, in milliseconds: half of what a screen takes from one picture to the next. */
const BREATH = 8;

/**
 * Keeps long work from holding up timers, input and pictures. Awaiting alone does not: what is here already comes in the same task, so
 * that of an answer which arrives faster than it is read a thousand documents would be read in one.
 *
 * @returns to be awaited between any two steps of the work; it takes a turn of the event loop where the last one is long ago
 *
 * @example
 * ```ts
 * const breathe = breather(platform());
 * for (const n of [1, 2, 3]) {
 *   console.log(n);
 *   await breathe();
 * }
 * ```
 */
export function breather({ elapsed }: Pick<Platform, 'elapsed'>): () => Promise<void> {
  let since = elapsed();
  return async () => {
    if (elapsed() - since < BREATH) return;
    await turn();
    since = elapsed();
  };
}

/** Resolves with a message, as that is a task of its own, and timers of browsers take four milliseconds at the least. */
export function turn(): Promise<void> {
  return new Promise((resolve) => {
    // Where there are no channels the platform is left to itself.
    if (typeof MessageChannel === 'undefined') {
      resolve();
      return;
    }
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(undefined);
  });
}
