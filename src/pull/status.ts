import type { Sequence } from '../couch/feed/sequence.ts';
import type { RetryNotice } from '../couch/request/retry.ts';
import { firstPhase, type PullState } from './state.ts';

/** Where a pull stands. */
export interface PullStatus {
  readonly state: PullState;
  /** Revisions received from the source. */
  readonly docsRead: number;
  /** Revisions that were new and are stored. */
  readonly docsWritten: number;
  /** Revisions, and contents of attachments, that this pull could not have; on record in the target, and tried again by the next pull. */
  readonly docsFailed: number;
  /** Contents of attachments that were new and are stored, each once, however many attachments have it. */
  readonly attachments: number;
  /** Attachments whose content the option `attachments` has left out by their length, or by its `match`. */
  readonly attachmentsLeftOut: number;
  /** Changed documents that are still to come, where that can be told. */
  readonly pending: number | undefined;
  /** Up to where everything is stored. */
  readonly seq: Sequence | undefined;
  /** Requests sent. */
  readonly requests: number;
  /** Bytes received in the bodies of answers. */
  readonly bytes: number;
  /** What it failed of. */
  readonly error?: unknown;
  /**
   * In `standby`: how the pull stands that works, as it has told last, four times a second at the most; undefined until it has. An
   * error is told by its `name` and `message`.
   */
  readonly leader?: PullStatus | undefined;
}

/** How every pull stands at first. */
export const firstStatus: PullStatus = {
  ...firstPhase,
  docsRead: 0,
  docsWritten: 0,
  docsFailed: 0,
  attachments: 0,
  attachmentsLeftOut: 0,
  pending: undefined,
  seq: undefined,
  requests: 0,
  bytes: 0,
};

/** What a pull came to. */
export interface PullResult extends Omit<PullStatus, 'state' | 'error' | 'pending' | 'leader'> {
  /** `stopped` when it was ended early: what is stored stays, and the next pull goes on from there. */
  readonly state: 'completed' | 'stopped';
  /** How long it took, in milliseconds. */
  readonly ms: number;
}

/**
 * Why a pull begins to read where it does.
 *
 * - `first`: at the beginning, or at its option `since`; nothing is here yet
 * - `resumed`: at its checkpoint
 * - `compared`: at the beginning, or at its option `since`, as documents are here but no checkpoint of this pull: it selects
 *   something else than those before it, or reads another source. Everything is compared, and only what is missing is fetched.
 *   What is here and not selected stays as it is
 * - `recreated`, `rewound`: at the very beginning, as the source is not what it was
 */
export type StartReason = 'first' | 'resumed' | 'compared' | 'recreated' | 'rewound';

/** Something that happened in a pull. */
export type PullEvent =
  /** The source is there, and is read after this position: once in a one-shot pull, in a continuous one whenever it begins anew. */
  | { readonly type: 'started'; readonly since: Sequence; readonly reason: StartReason }
  /**
   * Another database has taken the place of the source. What is here stays, and is merged with what that has: documents that
   * only the old one had are not deleted.
   */
  | { readonly type: 'source-recreated' }
  /**
   * The source ends before the position up to which it has been read, as one does that was restored from a backup. What is here
   * stays. A cluster whose copies of a shard count differently may seem so without being it; it costs reading its rows again.
   */
  | { readonly type: 'source-rewound' }
  /**
   * The source is not there: deleted, or never made. What is here stays. A continuous pull that has found it before gives it a
   * minute to be made anew.
   */
  | { readonly type: 'source-deleted' }
  /** A batch is stored. */
  | { readonly type: 'batch'; readonly read: number; readonly written: number }
  /** Everything up to here is stored. */
  | { readonly type: 'checkpoint'; readonly seq: Sequence }
  /** A revision could not be had, or of a stored one the content of an attachment; it is on record. */
  | {
      readonly type: 'failed';
      readonly id: string;
      readonly rev: string;
      readonly attachment?: string;
      readonly reason: string;
    }
  /** The target can never take a revision; it is on record. */
  | { readonly type: 'rejected'; readonly id: string; readonly rev: string; readonly reason: string }
  /** Everything that the source had is stored; a continuous pull now follows it live. */
  | { readonly type: 'caught-up' }
  /** A revision that was on record as failed has been given up by the source, and is so here. */
  | { readonly type: 'skipped'; readonly id: string; readonly rev: string; readonly reason: string }
  /** A request failed and will be sent again, or a call of a busy target will be made again. */
  | ({ readonly type: 'retry' } & RetryNotice)
  /** The target's store has no room left. What it holds can be read; a continuous pull goes on by `resume()` once there is room. */
  | { readonly type: 'quota'; readonly error: unknown }
  | { readonly type: 'done'; readonly result: PullResult }
  | { readonly type: 'error'; readonly error: unknown };
