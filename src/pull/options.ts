import { InputError } from '../core/errors.ts';
import type { Platform } from '../core/platform.ts';
import type { RetryPolicy } from '../couch/retry.ts';
import type { Sequence } from '../couch/sequence.ts';

/** How a pull is done. */
export interface PullOptions {
  /** `oneshot`, the default: until the replica has what the source had, then the end. */
  readonly mode?: 'oneshot';
  /** Under which name the pull keeps its checkpoint. By default made of the source and of what is selected of it. */
  readonly id?: string;
  /** How many rows of the changes feed make a batch, which is stored in one commit. Default 500. */
  readonly batchSize?: number;
  /** Where to begin when there is no checkpoint yet: a sequence of the source, or `'now'` for later changes alone. */
  readonly since?: Sequence;
  /** Only these documents. Another list is another selection, with a checkpoint of its own, and begins anew. */
  readonly docIds?: readonly string[];
  /**
   * `full`, the default: every leaf with its whole ancestry. `leaves`: leaves alone, as a mirror that is never written to
   * needs no more; winners then need no request of their own, whatever their age.
   */
  readonly history?: 'full' | 'leaves';
  /**
   * Leaves out documents that are deleted at the source and that the target never had. A document that it has is still
   * deleted when its tombstone comes.
   */
  readonly skipTombstones?: boolean;
  /** How often a request that may be tried again is tried; by default as the source was opened. */
  readonly retry?: Partial<RetryPolicy>;
  /** Stops the pull when it aborts: what is stored stays, and the next pull goes on from there. */
  readonly signal?: AbortSignal;
  /** Clock and chance, for tests. */
  readonly platform?: Partial<Platform>;
}

/** What of a source is pulled: all that decides which documents flow, and in what form. */
export interface Selection {
  readonly docIds: readonly string[] | undefined;
  readonly history: 'full' | 'leaves';
  readonly skipTombstones: boolean;
}

/** The options with every default in its place. */
export interface PullSettings {
  readonly id: string | undefined;
  readonly batchSize: number;
  /** Text of documents, in UTF-16 units, that closes a batch early. */
  readonly batchLength: number;
  /** Batches that are fetched or wait to be stored at the same time. */
  readonly ahead: number;
  readonly since: Sequence | undefined;
  readonly selection: Selection;
  readonly retry: Partial<RetryPolicy> | undefined;
}

/**
 * @throws InputError for what no pull can be made of
 */
export function settingsOf(options: PullOptions): PullSettings {
  const {
    mode = 'oneshot',
    id,
    batchSize = 500,
    since,
    docIds,
    history = 'full',
    skipTombstones = false,
    retry,
  } = options;
  if (mode !== 'oneshot') throw new InputError(`Option mode must be 'oneshot', not ${JSON.stringify(mode)}`);
  if (history !== 'full' && history !== 'leaves') {
    throw new InputError(`Option history must be 'full' or 'leaves', not ${JSON.stringify(history)}`);
  }
  if (!Number.isSafeInteger(batchSize) || batchSize < 1 || batchSize > 10_000) {
    throw new InputError(`Option batchSize must be a whole number from 1 to 10000, not ${String(batchSize)}`);
  }
  if (id === '') throw new InputError('Option id must not be empty');
  return {
    id,
    batchSize,
    batchLength: 2 * 1024 * 1024,
    ahead: 4,
    since,
    // The order of ids, and an id that stands twice, select nothing else.
    selection: { docIds: docIds === undefined ? undefined : [...new Set(docIds)].sort(), history, skipTombstones },
    retry,
  };
}
