import type { JsonObject } from '../core/json-value.ts';
import type { Sequence } from '../couch/feed/sequence.ts';
import type { Finding, FindingDetails, ReportDetails } from './events.ts';

/** A value, or a promise of it. What is at hand need not be waited for, which many small callbacks profit from. */
export type Awaitable<T> = T | PromiseLike<T>;

/** A database that is scanned, as callbacks have it. */
export interface ScanDb {
  readonly name: string;
  /** What is known of the database: how many documents, and up to where. One request. */
  info(): Promise<ScanDbInfo>;
  /** What the server says of the indexes of a design document (`GET /{db}/_design/{name}/_info`); undefined where there are none. */
  designDocInfo(id: string): Promise<JsonObject | undefined>;
  /** Revisions of a document with their bodies: all leaves, or those that are named. One request. */
  revisions(id: string, revs?: readonly string[]): Promise<readonly ScanRevision[]>;
}

/** A database in numbers. */
export interface ScanDbInfo {
  readonly docCount: number;
  readonly docDelCount: number;
  readonly updateSeq: Sequence;
}

/** A revision with its body, its own members apart from those that CouchDB reserves. */
export interface ScanRevision {
  readonly rev: string;
  readonly deleted: boolean;
  /** Its own members, those beginning with `_` left out. */
  readonly body: JsonObject;
  /** The names of its attachments. */
  readonly attachments: readonly string[];
}

/** A document whose winner is no tombstone. */
export interface ScanDoc extends ScanRevision {
  readonly id: string;
  readonly deleted: false;
  /** The JSON text that came, reserved members among it, numbers beyond 2^53 intact. */
  readonly text: string;
}

/** A design document. */
export interface ScanDesignDoc {
  readonly id: string;
  readonly rev: string;
  /** Its own members, those beginning with `_` left out. */
  readonly body: JsonObject;
}

/** One leaf revision of a document. */
export interface ScanLeaf {
  readonly rev: string;
  /**
   * Whether it is a tombstone. Always known of the winner, and of all leaves where the winner is one; of the others only for plugins
   * that say `needs: { leaves: true }`.
   */
  readonly deleted: boolean | undefined;
}

/** What the changes feed tells of a document, tombstones and design documents among them. */
export interface RevisionSummary {
  readonly id: string;
  /** Where the feed stands; null where it does not say. */
  readonly seq: Sequence | null;
  /** Whether the winner is a tombstone. */
  readonly deleted: boolean;
  /** The leaf revisions, the winner first. Losers that are tombstones are not among them in a database that is split. */
  readonly leaves: readonly ScanLeaf[];
}

/** A part of a database that can be scanned apart from the others: the live documents from one id up to another. */
export interface Partition {
  /** The first id, included; from the first one on where there is none. */
  readonly from?: string;
  /** The id behind the last; up to the last one where there is none. */
  readonly to?: string;
}

/** What every callback has beside what it is about. */
export interface ScanContext {
  /** The scan: the same when it is resumed, another when it starts anew. */
  readonly scan: string;
  /** The plugin's own name. */
  readonly plugin: string;
  /**
   * Tells a finding. Database, document and revision are those that the callback was called for, unless the finding says otherwise.
   * Two findings of one document that are equal but for the revision are one.
   */
  found(finding: FindingDetails): void;
  /** Tells a total, of a database or of the whole scan. */
  report(report: ReportDetails): void;
  /** Waits until so many documents may be written to the source, and counts them: for plugins that write. */
  write(documents: number): Promise<void>;
  /** Aborts when the scan is to end. */
  readonly signal: AbortSignal;
}

/** How a scan begins: with a state, not now (`skip`), from scratch (`reset`), or at a later time (`reschedule`). */
export type StartAnswer<S> =
  | { readonly go?: 'ok'; readonly state: S }
  | { readonly go: 'skip' }
  | { readonly go: 'reset' }
  | { readonly go: 'reschedule'; readonly at: number };

/** How a scan goes on. Nothing at all is `ok`; a state takes the place of the one before. */
export type StepAnswer<S, Go extends string = 'ok' | 'skip' | 'stop'> =
  // biome-ignore lint/suspicious/noConfusingVoidType: a callback that answers nothing is written with void
  void | undefined | { readonly go?: Go; readonly state?: S };

/** Where to begin in a database, and how the scan goes on. */
export type OpenedAnswer<S> =
  // biome-ignore lint/suspicious/noConfusingVoidType: a callback that answers nothing is written with void
  void | undefined | { readonly since?: Sequence; readonly state?: S };

/** Which parts of a database are scanned, in which order. */
export type PartitionsAnswer<S> =
  // biome-ignore lint/suspicious/noConfusingVoidType: a callback that answers nothing is written with void
  void | undefined | { readonly parts: readonly Partition[]; readonly state?: S };

/** What is kept of a plugin: its data. `stop` ends the run, to be resumed from here; `reschedule` also says when. */
export type CheckpointAnswer<D> =
  // biome-ignore lint/suspicious/noConfusingVoidType: a callback that answers nothing is written with void
  | void
  | undefined
  | { readonly go?: 'ok' | 'stop'; readonly data: D }
  | { readonly go: 'reset' }
  | { readonly go: 'reschedule'; readonly at: number; readonly data: D };

/** What the next scan's `start` is given, and when that is, if not by the schedule. */
export type CompleteAnswer<D> =
  // biome-ignore lint/suspicious/noConfusingVoidType: a callback that answers nothing is written with void
  | void
  | undefined
  | { readonly go?: 'ok'; readonly data: D }
  | { readonly go: 'reschedule'; readonly at: number; readonly data?: D };

/**
 * Looks at what a scan passes: databases, their design documents, their documents. A callback that is not there lets its objects pass;
 * what no callback wants is not read.
 *
 * In a scan, in this order: `start` (or `resume`, when it was broken off), then for each database in the order of their names `db`,
 * `ddoc` for each design document, `partitions` where the database is large, `dbOpened`, for each document `docId`, `docRevs` and, if
 * its winner is no tombstone, `doc`, then `dbClosing`; in the end `complete`. `checkpoint` is called after `start` and then between any
 * two documents or databases. One callback is called at a time. A scan that is resumed calls `db` and `dbOpened` again for the
 * database that it stands in, and goes on behind the last document that is covered by the checkpoint.
 *
 * A callback that throws is told as a failure of what it was called for, which is passed over; `start`, `resume`, `checkpoint`,
 * `merge` and `complete` then end the run, which is tried again later.
 *
 * @typeParam S the plugin's state, passed from callback to callback, kept in memory only
 * @typeParam D its data, JSON: what is kept
 *
 * @example
 * ```ts
 * const large: ScanPlugin<undefined> = {
 *   name: 'large_documents',
 *   start: () => ({ state: undefined }),
 *   resume: () => ({ state: undefined }),
 *   db: () => {},
 *   doc(_, db, { text }, { found }) {
 *     if (text.length > 1_000_000) found({ characters: text.length });
 *   },
 * };
 * ```
 */
export interface ScanPlugin<S = unknown, D extends JsonObject = JsonObject> {
  /** What it is known by: in findings, checkpoints and commands. Letters, digits, `_` and `-`. */
  readonly name: string;
  /** Of its data. When it is another than that of a checkpoint, the scan starts over. Default 1. */
  readonly version?: number;
  /** Everything that decides what it finds, as JSON. When that is not what a checkpoint was written with, the scan starts over. */
  readonly configuration?: JsonObject;
  /** What it wants to be read for it, that is not read for every plugin. */
  readonly needs?: {
    /**
     * `every`: promises that `docId` and `docRevs` never skip a document, so that bodies come with the feed, which spares a request
     * for each page. Otherwise bodies are read of documents that were not skipped, and of no others.
     */
    readonly bodies?: 'every';
    /** Whether `docRevs` wants to know of every leaf whether it is a tombstone: a request for each page with such documents. */
    readonly leaves?: boolean;
  };

  /** @param previous what `complete` gave in the scan before; undefined in the first one and after a reset */
  start(context: ScanContext, previous: D | undefined): Awaitable<StartAnswer<S>>;
  /** @param saved what the last `checkpoint` gave */
  resume(context: ScanContext, saved: D): Awaitable<StartAnswer<S>>;
  /** `skip`: the next database. `stop`: no more databases, the scan is complete; or the part of it that this is. */
  db(state: S, db: ScanDb, context: ScanContext): Awaitable<StepAnswer<S>>;
  /** `stop`: no more design documents of this database. They come as documents too. */
  ddoc?(state: S, db: ScanDb, ddoc: ScanDesignDoc, context: ScanContext): Awaitable<StepAnswer<S, 'ok' | 'stop'>>;
  /** May drop parts, and put them into another order. Only called where a database is split. */
  partitions?(state: S, db: ScanDb, parts: readonly Partition[], context: ScanContext): Awaitable<PartitionsAnswer<S>>;
  /** May say after which sequence the documents begin. */
  dbOpened?(state: S, db: ScanDb, info: ScanDbInfo, context: ScanContext): Awaitable<OpenedAnswer<S>>;
  /** `skip`: the next document. `stop`: no more documents of this database. */
  docId?(state: S, db: ScanDb, id: string, context: ScanContext): Awaitable<StepAnswer<S>>;
  /** `skip`: its body is not read. `stop`: no more documents of this database. */
  docRevs?(state: S, db: ScanDb, row: RevisionSummary, context: ScanContext): Awaitable<StepAnswer<S>>;
  /** The winner, where it is no tombstone. `stop`: no more documents of this database. */
  doc?(state: S, db: ScanDb, doc: ScanDoc, context: ScanContext): Awaitable<StepAnswer<S, 'ok' | 'stop'>>;
  /** Once for each database that was opened. */
  dbClosing?(state: S, db: ScanDb, context: ScanContext): Awaitable<StepAnswer<S, 'ok'>>;
  /**
   * The data of all parts of a scan that was split, as one: `resume` is given them before `complete`. A plugin with data and without
   * this is scanned by one worker at a time.
   */
  merge?(data: readonly D[]): D;
  checkpoint?(state: S, context: ScanContext): Awaitable<CheckpointAnswer<D>>;
  complete?(state: S, context: ScanContext): Awaitable<CompleteAnswer<D>>;
  /**
   * What has to be scanned again by everything that was scanned with another configuration: `nothing`, or what this gives, a plugin
   * of the same name that finds what that one could not. Undefined, as without this callback: everything. Findings of the old
   * configuration that the new one would not make are named by `isStale`.
   */
  since?(configuration: JsonObject): ScanPlugin | 'nothing' | undefined;
  /** Whether a finding that was kept would not be made with this configuration. Asked after `since` has spared a full scan. */
  isStale?(finding: Finding): boolean;
}
