import { type Backoff, backoffDelay } from '../core/backoff.ts';
import { isCouchError, isRetryable } from '../core/errors.ts';
import type { Platform } from '../core/platform.ts';

/** How often, and how long apart, a request that may be tried again is tried. */
export interface RetryPolicy extends Backoff {
  /** Tries in all, the first one included. */
  readonly attempts: number;
}

/** Five tries, the waits between them at most 0.25, 0.5, 1 and 2 seconds. */
export const defaultRetry: RetryPolicy = { attempts: 5, base: 250, cap: 30_000 };

/** Told before each wait. */
export interface RetryNotice {
  /** How many tries have failed in a row. */
  readonly failures: number;
  /** How long the wait is, in milliseconds. */
  readonly delay: number;
  readonly error: unknown;
}

/** What a retry needs to know. */
export interface RetryContext {
  readonly platform: Platform;
  readonly retry: RetryPolicy;
  readonly onRetry?: ((notice: RetryNotice) => void) | undefined;
}

/**
 * Carries something out, and again as long as its errors say that this may help.
 *
 * @throws whatever the last try threw
 */
export async function withRetry<R>(
  context: RetryContext,
  signal: AbortSignal | undefined,
  run: () => Promise<R>,
): Promise<R> {
  for (let failures = 1; ; failures += 1) {
    try {
      return await run();
    } catch (error) {
      await waitToRetry(context, failures, error, signal);
    }
  }
}

/**
 * Waits before another try: with full jitter, and never less than a `Retry-After` asks.
 *
 * @param failures how many tries have failed in a row
 * @throws the error itself when there is to be no other try
 */
export async function waitToRetry(
  { platform, retry, onRetry }: RetryContext,
  failures: number,
  error: unknown,
  signal: AbortSignal | undefined,
): Promise<void> {
  if (failures >= retry.attempts || !isRetryable(error) || signal?.aborted) throw error;
  const floor = isCouchError(error) ? (error.retryAfter ?? 0) : 0;
  const delay = backoffDelay(failures, retry, platform.random(), floor);
  onRetry?.({ failures, delay, error });
  await platform.sleep(delay, signal);
}
