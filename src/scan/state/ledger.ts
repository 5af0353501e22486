import type { Finding } from '../events.ts';
import type { Scanned } from '../run/scanned.ts';
import type { Checkpoint, DatabaseMark } from './checkpoint.ts';

/** What is written when a plugin has come a step further. */
export interface LedgerEntry {
  readonly checkpoint: Checkpoint;
  /** What was looked at since the last entry, and what was found in it. */
  readonly scanned: readonly Scanned[];
  /** Databases that were finished since. */
  readonly marks: readonly { readonly db: string; readonly mark: DatabaseMark }[];
  /** Databases all of whose design documents were looked at since. */
  readonly designDocsOf: readonly string[];
  /** By what the findings of this passage are told from those of earlier ones. */
  readonly passage: string;
}

/** Where the state of a scan is kept. */
export interface Ledger {
  /** Whether it outlives the scan, so that there is a point in writing often. */
  readonly isKept: boolean;
  load(plugin: string): Promise<Checkpoint | undefined>;
  mark(plugin: string, db: string): Promise<DatabaseMark | undefined>;
  /** Writes an entry: what was found first, the checkpoint that covers it last. */
  commit(plugin: string, entry: LedgerEntry): Promise<void>;
  /** Takes out what earlier passages found and this one did not; after a full scan. */
  withdraw(plugin: string, passage: string): Promise<void>;
  /** Takes out what was found in a database, and how far it was scanned: it is another one than it was. */
  forgetDatabase(plugin: string, db: string): Promise<void>;
  /** Takes out what was found in databases that are there no more, and how far they were scanned. */
  keepDatabases(plugin: string, names: ReadonlySet<string>): Promise<void>;
  /** Takes out what would not be found any more. */
  drop(plugin: string, isStale: (finding: Finding) => boolean): Promise<void>;
  /** The same for one that only adds to what was found, and leaves everything else as it is. */
  adding(): Ledger;
  /** Has the next scan start from scratch. Findings stay until that has found them anew, or not. */
  forget(plugin: string): Promise<void>;
}
