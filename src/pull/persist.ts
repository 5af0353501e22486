import { backoffDelay } from '../core/backoff.ts';
import { isCouchError, isRetryable, isStoreError } from '../core/errors.ts';
import type { Platform } from '../core/platform.ts';
import { sleepOrWake } from '../core/wake.ts';
import type { RetryNotice } from '../couch/request/retry.ts';
import { isSourceMissing } from './source/refusal.ts';

/** How long a continuous pull waits after a failure: from a second on, up to ten minutes. */
const PATIENCE = { base: 1_000, cap: 600_000 };
/** And after finding that a database is gone that was there: scripts that reset a database make it anew. */
const ABSENCE = { base: 500, cap: 10_000 };
/** How long a database may be gone in all. */
const LONGEST_ABSENCE = 60_000;

/** What hinders a pull until somebody mends it: the source turns it away, or the store of the target has no room left. */
export type Hindrance = 'unauthorized' | 'full';

/** What a pull that does not end does about failures. */
export interface Persistence {
  readonly platform: Platform;
  readonly signal: AbortSignal;
  /** Counts up with everything that is stored, and when everything is: after progress the waits begin small again. */
  readonly progress: () => number;
  /** Whether the source has ever been there. */
  readonly found: () => boolean;
  readonly onRetry: (notice: RetryNotice) => void;
  /** The source is not there. */
  readonly onMissing: () => void;
  /** Nothing here can mend it; resolves when it is to be tried again. */
  readonly onHindered: (hindrance: Hindrance, error: unknown) => Promise<void>;
}

/**
 * Carries a run out again and again: at once when it ends in order, after a growing wait when it fails of something that may
 * pass, and when the caller says so after something that only others can mend. A source that was there and is gone is given a
 * minute to be made anew. Ends with the signal's reason, or with an error that no waiting will mend.
 */
export async function persist(run: () => Promise<void>, persistence: Persistence): Promise<never> {
  const { platform, signal, progress, onRetry, onMissing, onHindered } = persistence;
  const absence = new Absence(persistence);
  let failures = 0;
  let before = progress();
  for (;;) {
    try {
      await run();
      signal.throwIfAborted();
      failures = 0;
    } catch (error) {
      if (signal.aborted) throw error;
      const hindrance = hindranceOf(error);
      if (hindrance !== undefined) {
        await onHindered(hindrance, error);
        continue;
      }
      const isMissing = isSourceMissing(error);
      if (isMissing) onMissing();
      if (isMissing ? absence.isOver() : !isRetryable(error)) throw error;
      failures = progress() > before ? 1 : failures + 1;
      before = progress();
      const floor = isCouchError(error) ? (error.retryAfter ?? 0) : 0;
      const delay = backoffDelay(failures, isMissing ? ABSENCE : PATIENCE, platform.random(), floor);
      onRetry({ failures, delay, error });
      await sleepOrWake(platform, delay, signal);
    }
  }
}

function hindranceOf(error: unknown): Hindrance | undefined {
  if (isCouchError(error) && (error.status === 401 || error.status === 403)) return 'unauthorized';
  return isStoreError(error) && error.failure === 'full' ? 'full' : undefined;
}

/** How long a source has been gone that was there: since the first time that it was missing after any progress. */
class Absence {
  readonly #persistence: Persistence;
  #begun = 0;
  /** The progress at that time. */
  #before = Number.NEGATIVE_INFINITY;

  constructor(persistence: Persistence) {
    this.#persistence = persistence;
  }

  /** The source is missing; whether it has been so for too long, or has never been there. */
  isOver(): boolean {
    const { platform, progress, found } = this.#persistence;
    const now = platform.elapsed();
    if (progress() > this.#before) this.#begun = now;
    this.#before = progress();
    return !found() || now - this.#begun >= LONGEST_ABSENCE;
  }
}
