import { type Backoff, backoffDelay } from '../core/backoff.ts';
import { ContentionError } from '../core/errors.ts';
import type { Platform } from '../core/platform.ts';

/** How a lost race is run again. */
export interface TransactOptions {
  readonly platform: Pick<Platform, 'elapsed' | 'random' | 'sleep'>;
  /** For how long, in milliseconds. A last try follows when the time is over. Default 5,000. */
  readonly within?: number;
  /** What is thrown in the end. Default a {@link ContentionError}. */
  readonly lost?: () => Error;
  /** Gives up before the next try. */
  readonly signal?: AbortSignal | undefined;
}

/** The common rival is gone within a millisecond; many of them need room. */
const BACKOFF: Backoff = { base: 4, cap: 128 };

/**
 * Tries something that others may be in the way of, with full jitter between the tries, until it succeeds or the time is
 * over.
 *
 * @param attempt gives its result in an array of one, and an empty one when the race was lost and nothing was written
 * @throws ContentionError, or what `lost` makes, when the race was lost too often
 */
export async function transact<R>(
  attempt: () => readonly [R] | readonly [] | Promise<readonly [R] | readonly []>,
  { platform, within = 5000, lost = contention, signal }: TransactOptions,
): Promise<R> {
  const start = platform.elapsed();
  for (let failures = 1; ; failures += 1) {
    signal?.throwIfAborted();
    const outcome = await attempt();
    if (outcome.length === 1) return outcome[0];
    if (platform.elapsed() - start >= within) throw lost();
    await platform.sleep(backoffDelay(failures, BACKOFF, platform.random()), signal);
  }
}

function contention(): Error {
  return new ContentionError('Others changed the same keys too often, nothing was written: try again later');
}
