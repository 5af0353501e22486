import type { Observable } from 'rxjs';
import { platform } from '../core/platform.ts';
import type { Database } from '../couch/database.ts';
import type { Sequence } from '../couch/feed/sequence.ts';
import type { Target } from '../replica/target.ts';
import { type PullOptions, settingsOf } from './options.ts';
import { Replication } from './replication.ts';
import type { PullEvent, PullResult, PullStatus } from './status.ts';

/** A pull that is under way, or over. */
export interface Pull {
  /** Where it stands, now. */
  status(): PullStatus;
  /** Where it stands, now and after every change; completes with the pull. Whoever comes later sees how it ended. */
  readonly status$: Observable<PullStatus>;
  /** What happens in it; completes with the pull. */
  readonly events$: Observable<PullEvent>;
  /**
   * Holds it at once. A commit that is under way is finished; what has been read is kept for when it goes on. In `standby` it is
   * the pull that works which is held, and let go on by `resume`, within a moment.
   */
  pause(): void;
  /** Goes on after `pause`, after `auth-required` once the credentials are good again, and after `quota` once there is room. */
  resume(): void;
  /** Ends it. What is stored stays. Resolves when nothing of it runs any more. */
  stop(): Promise<void>;
  /** Settles when everything that the source had at the beginning is stored; rejects when the pull ends before. Need not be listened to. */
  readonly caughtUp: Promise<void>;
  /**
   * Waits until everything is stored that the source has at this moment, or one document as it is there now, or everything up to
   * one sequence that the source has given. What is on record as failed counts as settled, and so does what the pull passes
   * over, and a document that the source does not have. Rejects when the pull ends before.
   *
   * Sequences cannot be compared: unless the checkpoint or a row says the very one that is waited for, everything is waited for
   * that the source has now, which is never less.
   *
   * Requests: none for a `seq` at which the pull stands; otherwise one or more for the bare rows that the pull does not have yet,
   * of an `id` at most one row, and again where what is waited for may have been replaced meanwhile.
   *
   * @throws InputError for an id and a sequence at once
   */
  inSync(what?: { readonly id?: string; readonly seq?: Sequence }): Promise<void>;
  /** What it came to; rejects when it failed. Need not be listened to. */
  readonly done: Promise<PullResult>;
}

/**
 * Pulls a database into a target: every leaf revision of every document, tombstones and conflicts too, with its ancestry.
 * Starts at once, at the target's checkpoint where there is one.
 *
 * A batch is stored in one commit together with the checkpoint that covers it, so a pull can be cut off anywhere, and the
 * next one goes on where its last batch ended. A revision that cannot be had does not stop the others: it is recorded in
 * the same commit, and every later pull tries it again. What other targets than a replica do differently, and how they
 * fail, {@link Target} says.
 *
 * Continuous pulls of one id into one target, in several tabs and workers or in one, agree on one that works, where the target's store
 * has locks; the others are in `standby`, show how it stands, can pause it, and go on from its checkpoint when it ends or its tab
 * is closed. One-shot pulls are not held up by others.
 *
 * Costs: two requests when nothing is new, or when all that is new fits one page and is of the first generation; one more for
 * every 500 revisions of a later generation. Memory: a few batches, whatever the size of the source.
 *
 * @throws InputError for options that cannot be used, and for a target without checkpoints where no store for them is given; all
 *   later errors are those of `done`
 *
 * @example
 * ```ts
 * const replica = await openReplica(memoryKv(), 'recipes');
 * const result = await pull(couch.db('http://127.0.0.1:5984/recipes'), replica).done;
 * result.docsFailed; // 0
 * ```
 */
export function pull(source: Database, target: Target, options: PullOptions = {}): Pull {
  return new Replication(source, target, settingsOf(options), platform(options.platform), options.signal);
}
