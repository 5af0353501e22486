import { type Backoff, backoffDelay } from '../../core/backoff.ts';
import { isCouchError, isRetryable } from '../../core/errors.ts';
import type { Platform } from '../../core/platform.ts';
import { DisplacedError } from '../budget/slot.ts';
import type { Connection } from './connection.ts';
import { originOf } from './origin.ts';

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

/** What tries need to know. */
export interface RetryContext {
  readonly platform: Platform;
  /** Over which requests go, where it is requests that are tried. */
  readonly connection?: Connection | undefined;
  readonly retry: RetryPolicy;
  readonly onRetry?: ((notice: RetryNotice) => void) | undefined;
}

/**
 * So long a request is sent again that is refused as one too many, in milliseconds. These refusals do not count as tries, as
 * all requests to the origin wait after each of them.
 */
const LONGEST_REFUSED = 600_000;

/** The tries of one undertaking: whether there is to be another one, and when. */
export class Tries {
  readonly #context: RetryContext;
  readonly #signal: AbortSignal | undefined;
  #failures = 0;
  /** Those among them that were refused as too many, and since when they were. */
  #refused = 0;
  #refusedSince: number | undefined;

  constructor(context: RetryContext, signal: AbortSignal | undefined) {
    this.#context = context;
    this.#signal = signal;
  }

  /** Something has come of it: what failed before counts no more. */
  progress(): void {
    this.#failures = 0;
    this.#refused = 0;
    this.#refusedSince = undefined;
  }

  /**
   * Waits before another try: with full jitter, and never less than a `Retry-After` asks.
   *
   * @param error what the last try threw
   * @throws the error itself when there is to be no other try
   */
  async wait(error: unknown): Promise<void> {
    // Another request needed the connection: no failure, and whoever is next waits for one anyway.
    if (error instanceof DisplacedError) return;
    const { connection, platform, retry, onRetry } = this.#context;
    if (!isRetryable(error) || this.#signal?.aborted) throw error;
    this.#failures += 1;
    const failures = this.#failures;
    if (connection !== undefined && isTooMany(error)) {
      this.#refused += 1;
      this.#refusedSince ??= platform.elapsed();
      if (platform.elapsed() - this.#refusedSince >= LONGEST_REFUSED) throw error;
      onRetry?.({ failures, delay: originOf(connection).budget.pause(platform.elapsed()), error });
      return;
    }
    const counted = failures - this.#refused;
    if (counted >= retry.attempts) throw error;
    const floor = isCouchError(error) ? (error.retryAfter ?? 0) : 0;
    const delay = backoffDelay(counted, retry, platform.random(), floor);
    onRetry?.({ failures, delay, error });
    await platform.sleep(delay, this.#signal);
  }
}

/** Whether a server says that it is asked too often: not what is wrong, but that it is too much. */
export function isTooMany(error: unknown): boolean {
  return isCouchError(error) && error.status === 429;
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
  const tries = new Tries(context, signal);
  for (;;) {
    try {
      return await run();
    } catch (error) {
      await tries.wait(error);
    }
  }
}
