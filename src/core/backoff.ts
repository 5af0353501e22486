/** How waiting times between tries grow. All times in milliseconds. */
export interface Backoff {
  /** The longest wait after the first failure. */
  readonly base: number;
  /** The longest wait ever. */
  readonly cap: number;
}

/**
 * How long to wait before another try: "full jitter", a random time between nothing and a bound that doubles with each
 * failure, but never less than what the server asked for.
 *
 * @param attempt how many tries have failed so far, from 1
 * @param random a number from 0 up to, not including, 1
 * @param floor what a `Retry-After` header asked for, in milliseconds
 *
 * @example
 * ```ts
 * backoffDelay(3, { base: 250, cap: 10_000 }, Math.random()); // between 0 and 1,000
 * ```
 */
export function backoffDelay(attempt: number, { base, cap }: Backoff, random: number, floor = 0): number {
  const bound = Math.min(cap, base * 2 ** Math.min(attempt - 1, 30));
  return Math.max(floor, random * bound);
}
