import type { Key } from '../kv/kv.ts';
import type { RevTree } from '../revs/tree.ts';

/** Where a body rests. Only the storage that made it understands it. */
export type BodyPlace = readonly number[];

/** A revision of which the replica has the body. */
export interface StoredRevision {
  readonly rev: string;
  readonly place: BodyPlace;
  /** Attachment stubs as JSON text. */
  readonly attachments?: string;
}

/** All that a replica knows of a document, but for the bodies. */
export interface Head {
  readonly id: string;
  /** Where the document stands in the order of local changes: grows with every change. */
  readonly seq: number;
  readonly tree: RevTree;
  readonly stored: readonly StoredRevision[];
}

/** A document that a batch changes. */
export interface DocumentChange {
  readonly id: string;
  readonly seq: number;
  readonly tree: RevTree;
  /** Revisions that stay as they are stored. */
  readonly kept: readonly StoredRevision[];
  /** Revisions whose bodies are new. */
  readonly added: readonly { readonly rev: string; readonly body: string; readonly attachments?: string }[];
  /** Revisions whose bodies are not kept any longer. */
  readonly dropped: readonly StoredRevision[];
  readonly growth: Growth;
}

/** By how much a change makes a replica grow. */
export interface Growth {
  /** New revisions. */
  readonly revisions: number;
  /** Documents whose winner is no tombstone. */
  readonly docs: number;
  /** Documents whose winner is a tombstone. */
  readonly tombstones: number;
}

/** A part of the documents, in the order of their ids. */
export interface HeadRange {
  /** The first id, included. */
  readonly from?: string | undefined;
  /** The last id, included. */
  readonly to?: string | undefined;
  readonly reverse?: boolean | undefined;
}

/** A record as it goes into the store. */
export type Mutation = readonly [Key, Uint8Array];

/** What a commit changes in the counter on behalf of the storage, each by how much. */
export interface StorageGrowth {
  readonly bodyBytes: number;
  readonly deadBytes: number;
  readonly sequenced: number;
  readonly sequenceRecords: number;
}

/** The commit of a batch. */
export interface PreparedCommit {
  /** Written before the commit, where it is too much for one: nothing names it until the commit does. */
  readonly ahead: readonly Mutation[];
  /** Written before that, with `next`: by it what comes ahead is found and cleared away, should the commit never come. */
  readonly announced: readonly Mutation[];
  readonly set: readonly Mutation[];
  readonly delete: readonly Key[];
  /** The next number that is free after it: see `Counter`. */
  readonly next: number;
  readonly growth: StorageGrowth;
  /** To be called when the commit is in, with the tokens that the counter had and has. */
  readonly adopt: (tokens: { readonly before: string; readonly after: string }) => void;
}

/** A body that cannot be had. */
export interface DamagedBody {
  /** What is wrong with it, as the end of a sentence: `is not there`. */
  readonly damage: string;
  /** Whether nothing is at its place: it may have been moved since the document was read. */
  readonly isGone: boolean;
}

/** The text of a body, or what is wrong with it. */
export type FoundBody = { readonly text: string; readonly bytes: number } | DamagedBody;

/** A document with all that a storage keeps of it. */
export interface InspectedDocument {
  readonly head: Head;
  /** The bodies of `head.stored`, in their order. */
  readonly bodies: readonly FoundBody[];
}

/** A record that is not what it should be. */
export interface Damage {
  readonly key: Key;
  /**
   * `document` for one that should hold documents and cannot be used, `sequence` for what is wrong with the order of changes,
   * `unknown` for one that nobody has written.
   */
  readonly kind: 'document' | 'sequence' | 'unknown';
  /** Of the document, where it can be told. */
  readonly id?: string;
  /** What is wrong, a sentence in plain words: nothing of what was found is quoted in it. */
  readonly message: string;
}

/** How the records of bodies and pages are used. */
export interface StorageUse {
  /** The first number after all that are in use. */
  readonly next: number;
  /** Bytes of the bodies that documents name; undefined where a document cannot be read. */
  readonly bytes: number | undefined;
  /** Changes that the records of their order hold; undefined where one cannot be read. */
  readonly sequenced: number | undefined;
  /** What no document uses; undefined where a document cannot be read, as nothing is known then of what it names. */
  readonly reclaimable: { readonly records: number; readonly bytes: number } | undefined;
}

/** One step of looking through all that a storage keeps. */
export interface Inspection {
  readonly documents: readonly InspectedDocument[];
  readonly damages: readonly Damage[];
  /** With the last step. */
  readonly use?: StorageUse;
}

/**
 * How documents rest in a store and are found again: the one place that knows. All else works with heads and texts, so
 * another layout changes nothing outside of it.
 */
export interface DocumentStorage {
  /** Below these keys, and nowhere else, it keeps its records. */
  readonly areas: readonly Key[];
  /** What is known of some documents, undefined where nothing is. */
  heads(ids: readonly string[]): Promise<(Head | undefined)[]>;
  /** The documents of a range in order, many at once. Holds nothing open in between. */
  range(range: HeadRange): AsyncIterable<readonly Head[]>;
  /** The documents that have changed since a change, in the order of their last changes, many at once. */
  changes(since: number): AsyncIterable<readonly Head[]>;
  /** Their ids alone, without a look at the documents: one that has changed again meanwhile may be told twice. */
  changedIds(since: number): AsyncIterable<readonly Pick<Head, 'id' | 'seq'>[]>;
  /** The texts of bodies, in the order asked. */
  bodies(places: readonly BodyPlace[]): Promise<FoundBody[]>;
  /** Everything that is kept, step by step; what is damaged is told instead of thrown. Memory: one step, a few megabytes. */
  inspect(): AsyncIterable<Inspection>;
  /**
   * The records of a batch.
   *
   * @param next the first number that is free: see `Counter`
   */
  prepare(changes: readonly DocumentChange[], next: number): PreparedCommit;
  /**
   * Does some of the work on its records that what was written since the last time calls for, in small commits of their own.
   *
   * @throws StoreError when the store cannot write: nothing is lost or half done then
   */
  upkeep(): Promise<void>;
}
