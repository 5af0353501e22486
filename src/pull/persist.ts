import { backoffDelay } from '../core/backoff.ts';
import { isCouchError, isRetryable } from '../core/errors.ts';
import type { Platform } from '../core/platform.ts';
import type { RetryNotice } from '../couch/retry.ts';

/** How long a continuous pull waits after a failure: from a second on, up to ten minutes. */
const PATIENCE = { base: 1_000, cap: 600_000 };

/** What a pull that does not end does about failures. */
export interface Persistence {
  readonly platform: Platform;
  readonly signal: AbortSignal;
  /** Counts up with everything that is stored: after progress the waits begin small again. */
  readonly progress: () => number;
  readonly onRetry: (notice: RetryNotice) => void;
  /** The source turned the pull away; resolves when it is to be tried again. */
  readonly onUnauthorized: (error: unknown) => Promise<void>;
}

/**
 * Carries a run out again and again: at once when it ends in order, after a growing wait when it fails of something that may
 * pass, and when the caller says so after the source has turned it away. Ends with the signal's reason, or with an error that no
 * waiting will mend.
 */
export async function persist(run: () => Promise<void>, persistence: Persistence): Promise<never> {
  const { platform, signal, progress, onRetry, onUnauthorized } = persistence;
  let failures = 0;
  let before = progress();
  for (;;) {
    try {
      await run();
      signal.throwIfAborted();
      failures = 0;
    } catch (error) {
      if (signal.aborted) throw error;
      if (isCouchError(error) && (error.status === 401 || error.status === 403)) {
        await onUnauthorized(error);
        continue;
      }
      if (!isRetryable(error)) throw error;
      failures = progress() > before ? 1 : failures + 1;
      before = progress();
      const floor = isCouchError(error) ? (error.retryAfter ?? 0) : 0;
      const delay = backoffDelay(failures, PATIENCE, platform.random(), floor);
      onRetry({ failures, delay, error });
      await platform.sleep(delay, signal);
    }
  }
}
