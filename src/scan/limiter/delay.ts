/**
 * How long operations of a class are delayed: multiplicatively more at the limit, additively less below it. States are values, times in
 * milliseconds.
 */
export interface Delay {
  /** Waited before each operation, without its fraction. */
  readonly ms: number;
  /** When it was last adjusted, by a steady clock. */
  readonly adjustedAt: number;
}

/** The constants of CouchDB's own scanner. */
export const DELAYS = { initial: 10, least: 0.001, most: 500, growth: 1.2, relief: 0.5, interval: 100 };

/** Of a class of which nothing is known yet. */
export const initialDelay: Delay = { ms: DELAYS.initial, adjustedAt: Number.NEGATIVE_INFINITY };

/** Of a class without a limit. */
export const noDelay: Delay = { ms: 0, adjustedAt: Number.NEGATIVE_INFINITY };

/** The delay after an operation that was at the limit or was not; the same when it was adjusted a moment ago. */
export function adjusted(delay: Delay, isAtLimit: boolean, now: number): Delay {
  const { least, most, growth, relief, interval } = DELAYS;
  if (now - delay.adjustedAt <= interval) return delay;
  if (!isAtLimit) return { ms: Math.max(0, delay.ms - relief), adjustedAt: now };
  return { ms: delay.ms === 0 ? least : Math.min(most, delay.ms * growth), adjustedAt: now };
}
