import type { JsonObject } from '../../core/json-value.ts';
import type { Sequence } from '../../couch/feed/sequence.ts';
import type { Partition, ScanDbInfo, ScanDesignDoc, ScanDoc, ScanLeaf, ScanRevision } from '../plugin.ts';

/** What is scanned: databases, wherever they are. */
export interface ScanSource {
  /** What it is known by: urls without credentials, or names of replicas. */
  readonly name: string;
  /** The one database that it is, where it is one: what cannot be read then is nothing that a scan passes over. */
  readonly isOne: boolean;
  /** Its databases in the order of the UTF-8 bytes of their names, from one name on, included; many at once. */
  databases(from: string, signal: AbortSignal): AsyncIterable<readonly SourceDatabase[]>;
  /** One of its databases; undefined where it has none of this name. */
  open(name: string): SourceDatabase | undefined;
  /** Whether it can be scanned at present; not, where a server is in maintenance. */
  isUp(signal: AbortSignal): Promise<boolean>;
  /** The present, for a later {@link ScanSource.follow}; undefined where the source has no word for it. */
  mark(signal: AbortSignal): Promise<Sequence | undefined>;
  /** Tells the names of databases that may have changed since a mark, or at all, as that happens. Rejects in the end. */
  follow(mark: Sequence | undefined, tell: (names: readonly string[]) => void, signal: AbortSignal): Promise<void>;
  /** How many requests have been sent. */
  requests(): number;
}

/** A database that is scanned. */
export interface SourceDatabase {
  readonly name: string;
  info(signal: AbortSignal): Promise<SourceInfo>;
  designDocs(signal: AbortSignal): AsyncIterable<readonly ScanDesignDoc[]>;
  /** What has changed, in the order of the changes feed, a page at a time. */
  changes(since: Sequence, options: RowOptions): AsyncIterable<RowPage<Sequence>>;
  /** The live documents of a part of the database in the order of their ids, a page at a time. */
  range(part: Partition, options: RowOptions): AsyncIterable<RowPage<string>>;
  /** The winners of some documents, in any order; those that are gone meanwhile are left out. */
  bodies(rows: readonly SourceRow[], signal: AbortSignal): AsyncIterable<readonly (ScanDoc | UnreadableDoc)[]>;
  /** The leaves of some documents, and of each whether it is a tombstone. */
  leaves(rows: readonly SourceRow[], signal: AbortSignal): Promise<ReadonlyMap<string, readonly ScanLeaf[]>>;
  /** Parts of about so many documents each. */
  partitions(documents: number, signal: AbortSignal): Promise<readonly Partition[]>;
  revisions(id: string, revs: readonly string[] | undefined, signal: AbortSignal): Promise<readonly ScanRevision[]>;
  designDocInfo(id: string, signal: AbortSignal): Promise<JsonObject | undefined>;
}

/** A database in numbers, and which one it is. */
export interface SourceInfo extends ScanDbInfo {
  /** Another one for a database that was deleted and made anew, where the source can tell. */
  readonly instance?: string;
}

/** How rows are read. */
export interface RowOptions {
  /** Whether they come with the winning revision. */
  readonly withDocs: boolean;
  /** Whether losers that are no tombstones are told of as well, where that is not so anyway. They come with the winning revision. */
  readonly withLosers?: boolean;
  /** Rows of a page at the most. */
  readonly limit: number;
  /** Called before each page is asked for. */
  readonly before: () => Promise<void>;
  readonly signal: AbortSignal;
}

/** One document of a database. */
export interface SourceRow {
  readonly id: string;
  readonly seq: Sequence | null;
  readonly deleted: boolean;
  /** The leaf revisions, the winner first; the winner alone where no more is known. */
  readonly revs: readonly string[];
  /** The winner, where it came along. */
  readonly doc?: ScanDoc;
}

/** Some rows, and where to go on behind them. */
export interface RowPage<Place> {
  readonly rows: readonly SourceRow[];
  /** Undefined in the middle of a page of the source, where it gives no place. */
  readonly place: Place | undefined;
  /** How many rows are still to come, where the source says. */
  readonly pending?: number | undefined;
}

/** A document that the source has and could not give. */
export interface UnreadableDoc {
  readonly id: string;
  readonly error: Error;
}
