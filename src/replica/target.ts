import type { JsonObject } from '../core/json-value.ts';
import type { RevisionPath } from '../revs/path.ts';

/** What a target says of itself when it is opened. */
export interface TargetState {
  /** Identifies this target, and no other, for as long as its data lives. */
  readonly uuid: string;
  /** Whether it holds nothing at all, so that asking what is missing can be spared. */
  readonly empty: boolean;
}

/** Revisions of a document that a source offers. */
export interface OfferedRevisions {
  readonly id: string;
  readonly revs: readonly string[];
}

/** What a target lacks of a document, as `_revs_diff` would say it. */
export interface MissingRevisions {
  readonly id: string;
  readonly missing: readonly string[];
  /** Leaf revisions of the target that may be ancestors of the missing ones. */
  readonly possibleAncestors: readonly string[];
  /** Whether the target has the document at all. */
  readonly known: boolean;
}

/** One leaf revision to be stored with its ancestry. */
export interface RevisionToWrite {
  readonly id: string;
  readonly rev: string;
  readonly revisions: RevisionPath;
  readonly deleted: boolean;
  /** The document's own members as JSON text `{…}`, without `_id`, `_rev` and what else CouchDB manages. */
  readonly body: string;
  /** The attachment stubs as JSON text `{…}`. */
  readonly attachments?: string;
}

/** A revision that could not be had or could not be stored: it is missing until a later pull brings it. */
export interface FailedRevision {
  readonly id: string;
  readonly rev: string;
  /** Why, in a sentence. */
  readonly reason: string;
  /** How many pulls have tried. */
  readonly attempts: number;
}

/** Where a pull stands: a JSON object that only the pull understands. */
export interface Checkpoint {
  readonly id: string;
  readonly value: JsonObject;
}

/** What is written in one piece. */
export interface WriteBatch {
  readonly revisions: readonly RevisionToWrite[];
  /** Revisions that this batch passes without having them. */
  readonly failures?: readonly Omit<FailedRevision, 'attempts'>[];
  /** Documents with the only leaves that they may have after this batch: others are forgotten, as long as one of these is here. */
  readonly replace?: readonly OfferedRevisions[];
  /** Failures that are none any more, as the source has given the revision up. */
  readonly forget?: readonly { readonly id: string; readonly rev: string }[];
  /** Where the pull stands once this batch is stored. */
  readonly checkpoint?: Checkpoint;
}

/** What became of a batch. */
export interface WriteResult {
  /** Revisions that were new. Those that the target had already count nothing. */
  readonly written: number;
  /** Revisions that this target can never take, each with the reason. They are recorded as failed. */
  readonly rejected: readonly { readonly id: string; readonly rev: string; readonly reason: string }[];
}

/**
 * Where a pull writes to. A replica is one; an application may bring its own.
 *
 * Writing is CouchDB's `new_edits=false`: revisions come with their ids and ancestry and are merged into the document's
 * tree, in any order, and as often as they come. A batch is written whole or not at all where the store takes it in one
 * commit; otherwise its checkpoint and failures come with the last one. Either way a checkpoint never says more than what is
 * there.
 *
 * Errors: what one revision makes impossible is `rejected`; anything that stops the whole batch is thrown, and
 * nothing of the batch is kept.
 */
export interface Target {
  open(): Promise<TargetState>;
  /** Which of the offered revisions are in no tree here, be it as a leaf or as history. Documents without any are left out. */
  diff(offered: readonly OfferedRevisions[]): Promise<readonly MissingRevisions[]>;
  writeBatch(batch: WriteBatch): Promise<WriteResult>;
  /** What the last batch with a checkpoint of this id said. */
  readCheckpoint(id: string): Promise<JsonObject | undefined>;
  /** The failures on record, to be tried again. */
  failed(): AsyncIterable<FailedRevision>;
  close(): Promise<void>;
}
