import { InputError } from '../core/errors.ts';
import type { JsonObject } from '../core/json-value.ts';
import type { Platform } from '../core/platform.ts';
import type { ChangesOptions } from '../couch/changes.ts';
import type { Doc } from '../couch/documents.ts';
import type { Sequence } from '../couch/feed/sequence.ts';
import type { RetryPolicy } from '../couch/request/retry.ts';
import type { Kv } from '../kv/kv.ts';
import { type AttachmentPolicy, type AttachmentSelection, attachmentPolicy } from './attachments/policy.ts';
import type { Passing } from './passing.ts';

/** CouchDB looks so many documents up by their ids; for more it would read its whole feed. */
export const MOST_IDS = 1000;

/** How a pull is done. */
export interface PullOptions {
  /**
   * `oneshot`, the default: until the replica has what the source had, then the end. `continuous`: on and on, following the
   * source live, through failures of server and network, until it is stopped.
   */
  readonly mode?: 'oneshot' | 'continuous';
  /**
   * In continuous mode: asks for changes every so many milliseconds instead of keeping a request open. For sources that
   * change seldom, and where connections are few.
   */
  readonly interval?: number;
  /**
   * Under which name the pull keeps its checkpoint. By default made of the source and of what is selected of it, so that another
   * selection is another pull with a checkpoint of its own: it reads the feed from its beginning as bare rows, fetches only
   * what is not here, and leaves what is here and not selected any more as it is.
   */
  readonly id?: string;
  /** How many rows of the changes feed make a batch, which is stored in one commit. Default 500. */
  readonly batchSize?: number;
  /**
   * Where to begin when there is no checkpoint yet: a sequence of the source, or `'now'` for later changes alone. A source that
   * was made anew or has lost changes is read from its very beginning all the same.
   */
  readonly since?: Sequence;
  /** Only these documents; none for an empty list. One id more is another selection, which fetches the one document more. */
  readonly docIds?: readonly string[];
  /**
   * Only documents that a Mango selector matches, as the source sees it. A plain tombstone has no members to match: deletions
   * come only if the selector lets them, as `{ $or: [{ _deleted: true }, selector] }` does.
   */
  readonly selector?: JsonObject;
  /**
   * Only documents that a filter function of a design document passes, or that a view maps; or a function that is asked
   * here, for every leaf that was fetched.
   *
   * The code of a design document's filter is part of what is selected: it is read whenever the pull begins, with one request,
   * and where it was rewritten meanwhile, another pull begins, with a checkpoint of its own.
   *
   * A function of your own costs fidelity: what it holds back is as if it had never been, a document that it passes no
   * longer stays as it was, and the winner is picked among what it passes. It is no part of the pull's identity: give an
   * `id` that changes when the function does.
   */
  readonly filter?: ChangesOptions['filter'] | ((doc: Doc) => boolean);
  /**
   * Changes documents before they are stored; `_id`, `_rev` and what else CouchDB manages stay as they are.
   *
   * It costs fidelity: what is stored is not what the source has, numbers are JavaScript's, and no comparison with the
   * source tells which of the two is right.
   */
  readonly transform?: (doc: Doc) => JsonObject;
  /** Documents that are pulled before all others, each with all its leaves. */
  readonly first?: readonly string[];
  /**
   * Of which attachments the content is fetched; by default of all. Documents come with the stubs of all their attachments either way.
   * A later pull that fetches more than those before it brings what they have left out; of a `match` that only says something else
   * than before nothing is known, so give an `id` that changes with it. A target that takes no content is given none.
   */
  readonly attachments?: boolean | AttachmentSelection;
  /**
   * Where the checkpoint is kept, for targets that keep none: any store, also one that serves many targets. It is written
   * after the documents it covers, so a pull that is cut off between the two reads some rows again.
   */
  readonly checkpoints?: Kv;
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
  /**
   * How often a request that may be tried again is tried, by default as the source was opened; and a call of a target that is
   * busy, by default five times, but without end in continuous mode.
   */
  readonly retry?: Partial<RetryPolicy>;
  /** Stops the pull when it aborts: what is stored stays, and the next pull goes on from there. */
  readonly signal?: AbortSignal;
  /** Clock and chance, for tests. */
  readonly platform?: Partial<Platform>;
}

/** What of a source is pulled: all that decides which documents flow, and in what form. */
export interface Selection {
  readonly docIds: readonly string[] | undefined;
  readonly selector: JsonObject | undefined;
  readonly filter: ChangesOptions['filter'] | undefined;
  readonly history: 'full' | 'leaves';
  readonly skipTombstones: boolean;
}

/** The options with every default in its place. */
export interface PullSettings {
  readonly mode: 'oneshot' | 'continuous';
  readonly interval: number | undefined;
  readonly id: string | undefined;
  readonly batchSize: number;
  /** Text of documents, in UTF-16 units, that closes a batch early. */
  readonly batchLength: number;
  /** Batches that are fetched or wait to be stored at the same time. */
  readonly ahead: number;
  readonly since: Sequence | undefined;
  readonly selection: Selection;
  /** What is done with documents here, between source and target. */
  readonly passing: Passing;
  readonly first: readonly string[];
  /** Undefined where no content is fetched. */
  readonly attachments: AttachmentPolicy | undefined;
  readonly checkpoints: Kv | undefined;
  readonly retry: Partial<RetryPolicy> | undefined;
}

/**
 * @throws InputError for what no pull can be made of
 */
export function settingsOf(options: PullOptions): PullSettings {
  const { mode = 'oneshot', id, batchSize = 500, since, history = 'full', skipTombstones = false } = options;
  const { docIds, selector, filter, transform, first = [], checkpoints, retry, interval } = options;
  if (mode !== 'oneshot' && mode !== 'continuous') {
    throw new InputError(`Option mode must be 'oneshot' or 'continuous', not ${JSON.stringify(mode)}`);
  }
  if (interval !== undefined && !(interval > 0)) {
    throw new InputError(`Option interval must be a number of milliseconds above 0, not ${String(interval)}`);
  }
  if (mode === 'continuous' && docIds !== undefined && docIds.length > MOST_IDS) {
    throw new InputError(
      `A continuous pull follows at most ${MOST_IDS} docIds, not ${docIds.length}; select by a filter instead`,
    );
  }
  if (history !== 'full' && history !== 'leaves') {
    throw new InputError(`Option history must be 'full' or 'leaves', not ${JSON.stringify(history)}`);
  }
  if (!Number.isSafeInteger(batchSize) || batchSize < 1 || batchSize > 10_000) {
    throw new InputError(`Option batchSize must be a whole number from 1 to 10000, not ${String(batchSize)}`);
  }
  if (id !== undefined && (id === '' || id.length > 300)) {
    throw new InputError(`Option id must have 1 to 300 characters, not ${id.length}`);
  }
  const sourceFilter = typeof filter === 'function' ? undefined : filter;
  const selections = [docIds, selector, sourceFilter].filter((selection) => selection !== undefined);
  if (selections.length > 1) throw new InputError('Options docIds, selector and filter exclude each other');
  if (history === 'leaves' && (selector !== undefined || filter !== undefined)) {
    // The feed then lists the leaves that pass, and those that do not would be taken for gone.
    throw new InputError("Option history 'leaves' needs all leaves of a document, so it excludes selector and filter");
  }
  return {
    mode,
    interval,
    id,
    batchSize,
    batchLength: 2 * 1024 * 1024,
    ahead: 4,
    since,
    selection: {
      // The order of ids, and an id that stands twice, select nothing else.
      docIds: docIds === undefined ? undefined : [...new Set(docIds)].sort(),
      selector,
      filter: sourceFilter,
      history,
      skipTombstones,
    },
    passing: { filter: typeof filter === 'function' ? filter : undefined, transform },
    first: [...new Set(first)],
    attachments: attachmentPolicy(options.attachments ?? true),
    checkpoints,
    retry,
  };
}
