import type { JsonObject } from '../core/json-value.ts';
import type { Kv } from '../kv/kv.ts';
import type { RevisionPath } from '../revs/path.ts';
import type { ContentInfo, ContentSink } from './contents/content.ts';

/** What a target says of itself when it is opened. */
export interface TargetState {
  /** Identifies this target, and no other, for as long as its data lives. */
  readonly uuid: string;
  /** Whether it holds no document at all, so that asking what is missing can be spared. */
  readonly empty: boolean;
  /**
   * Whether `writeBatch` takes checkpoints, and nobody ever sees one without the batch it came with. A pull then costs one commit
   * for each batch; to other targets it gives every checkpoint apart, after the documents. Default false.
   */
  readonly atomic?: boolean;
}

/** Revisions of a document that a source offers. */
export interface OfferedRevisions {
  readonly id: string;
  readonly revs: readonly string[];
}

/** What a target lacks of a document, as `_revs_diff` would say it. */
export interface MissingRevisions {
  readonly id: string;
  /** Those of the offered revisions that it lacks, each once, in any order. */
  readonly missing: readonly string[];
  /**
   * Leaf revisions of the target that may be ancestors of the missing ones: attachments that came with them need not come
   * again. A target that does not name them is sent more than it needs.
   */
  readonly possibleAncestors?: readonly string[];
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

/** A stored revision with its stubs. */
export type RevisionWithStubs = Required<Pick<RevisionToWrite, 'id' | 'rev' | 'revisions' | 'attachments'>>;

/** A revision, or the content of an attachment, that could not be had or could not be stored: missing until a later pull brings it. */
export interface FailedRevision {
  readonly id: string;
  readonly rev: string;
  /** The name of an attachment, where the revision is here and only the content of that could not be had. */
  readonly attachment?: string;
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
  /**
   * What this batch passes without having it. Of a revision that comes in the batch all contents have come before it, but for the
   * attachments that are named here. For targets with {@link Target.failed}; others need not look.
   */
  readonly failures?: readonly Omit<FailedRevision, 'attempts'>[];
  /** Failures that are none any more, as the source has given the revision up. For the same targets. */
  readonly forget?: readonly { readonly id: string; readonly rev: string }[];
  /**
   * Documents with the only leaves that they may have after this batch: others are forgotten, as long as one of these is here.
   * Comes with `history: 'leaves'` alone, and a target that does not look keeps leaves that the source has no more.
   */
  readonly replace?: readonly OfferedRevisions[];
  /** Where the pull stands once this batch is stored. For targets that say `atomic`; no other is given one here. */
  readonly checkpoint?: Checkpoint;
}

/** What became of a batch. */
export interface WriteResult {
  /** Revisions that were new. Those that the target had already count nothing. */
  readonly written: number;
  /** Revisions that this target can never take, each with the reason, a sentence. They count as failed. */
  readonly rejected: readonly { readonly id: string; readonly rev: string; readonly reason: string }[];
}

/**
 * Where a pull writes to. A replica is one; an application may bring its own, of which `open`, `diff`, `writeBatch` and
 * `close` are enough. What it leaves out costs what is said there.
 *
 * Writing is CouchDB's `new_edits=false`: revisions come with their ids and ancestry and are merged into the document's
 * tree, in any order, and as often as they come. After a batch every revision of it is either rejected or no longer missing.
 * Several pulls may write to one target at once, through one handle or many.
 *
 * A target fails in three ways, and says by its errors in which:
 *
 * - One revision can never be stored: it is `rejected`. All others are stored, and the pull goes on.
 * - The store cannot now: any call throws an error that is `retryable`, a `StoreError` of the failure `busy` or a
 *   `ContentionError`. The same call comes again after a wait, the same batch with it, and nothing is fetched twice.
 * - The store is dead: any other error ends the pull with it. What is stored stays, and the next pull goes on there.
 *
 * A batch is written whole or not at all where the store takes it in one commit. Otherwise, of a batch that throws, some
 * documents may be there, and neither its failures nor its checkpoint: a pull repeats what no checkpoint covers.
 *
 * @example
 * ```ts
 * // Bodies by id and revision, without conflicts and trees: enough to show what changes, and no more.
 * const uuid = crypto.randomUUID();
 * const seen = new Map<string, Map<string, string>>();
 * const target: Target = {
 *   open: async () => ({ uuid, empty: seen.size === 0 }),
 *   diff: async (offered) =>
 *     offered.flatMap(({ id, revs }) => {
 *       const missing = revs.filter((rev) => !seen.get(id)?.has(rev));
 *       return missing.length === 0 ? [] : [{ id, missing, known: seen.has(id) }];
 *     }),
 *   async writeBatch({ revisions }) {
 *     for (const { id, rev, body } of revisions) seen.set(id, new Map(seen.get(id)).set(rev, body));
 *     return { written: revisions.length, rejected: [] };
 *   },
 *   close: async () => {},
 * };
 * const source = couch.db('http://127.0.0.1:5984/recipes');
 * await pull(source, target, { checkpoints: memoryKv() }).done;
 * seen.has('pancakes'); // true
 * ```
 */
export interface Target {
  /**
   * The store that is common to everybody who opens this target. Continuous pulls of one id then agree there on one that works, by
   * the store's lock (`exclusive`) and two small records; without it each works by itself, which only costs more.
   */
  readonly store?: Kv;
  /** Called at the beginning of every pull, and again whenever a continuous one begins anew. */
  open(): Promise<TargetState>;
  /**
   * Which of the offered revisions are in no tree here, be it as a leaf or as history. Documents without any are left out, the
   * others come in the order asked.
   */
  diff(offered: readonly OfferedRevisions[]): Promise<readonly MissingRevisions[]>;
  writeBatch(batch: WriteBatch): Promise<WriteResult>;
  /** What was last written as the checkpoint of this id. With {@link Target.writeCheckpoint}, or not at all. */
  readCheckpoint?(id: string): Promise<JsonObject | undefined>;
  /**
   * Writes a checkpoint alone: no document passed the pull's selection, or the target is not `atomic`, and then what it covers
   * has been stored before. A target without checkpoints needs a store for them: `pull(source, target, { checkpoints })`.
   */
  writeCheckpoint?(checkpoint: Checkpoint): Promise<void>;
  /**
   * The failures on record, to be tried again: what batches named in `failures` and what was rejected, until it arrives or is
   * forgotten. In a target without them only the pull that met a failure knows of it, and its events are all that is left.
   */
  failed?(): AsyncIterable<FailedRevision>;
  /**
   * Of some digests, as CouchDB's stubs name them (`md5-…`), those whose content is here, whole. With
   * {@link Target.openContent}, or not at all: pulls then fetch no attachments, and leave the stubs in the documents.
   */
  hasContent?(digests: readonly string[]): Promise<ReadonlySet<string>>;
  /**
   * Begins to take the content of a digest. A digest names the same bytes in whatever document, so one copy does for all; it
   * comes before the first batch whose stubs name it. Several sinks may be open for one digest: who commits later changes nothing.
   */
  openContent?(digest: string, info: ContentInfo): Promise<ContentSink>;
  /**
   * The stored revisions with attachments of which the content is not here. Asked for by a pull that fetches
   * what those before it have left out, which a target without it never makes good.
   */
  lackingContent?(): AsyncIterable<RevisionWithStubs>;
  /**
   * Ends the use of this handle. A pull never calls it: whoever opened a target closes it, and may say why. Every call after it
   * fails with a `ClosedError` whose `cause` is the reason; one that is under way is finished, or fails so too. Resolves when none is
   * under way any more. Closing again changes nothing.
   */
  close(reason?: unknown): Promise<void>;
}
