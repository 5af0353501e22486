import { readFile } from 'node:fs/promises';
import { gunzipSync } from 'node:zlib';
import type { RevisionPath } from '../../src/revs/path.ts';

/** One document as it was sent with `new_edits: false`. */
export interface Insert {
  readonly _id: string;
  readonly _rev: string;
  readonly _revisions?: RevisionPath;
  readonly _deleted?: boolean;
  readonly v: string;
}

/** What CouchDB told of a document after a step. */
export interface RecordedState {
  readonly winner: string;
  readonly deleted: boolean;
  readonly getStatus: number;
  readonly leaves: readonly string[];
  /** `null` when the winner is a tombstone: the server offers no way to ask. */
  readonly conflicts: readonly string[] | null;
  readonly deletedConflicts: readonly string[] | null;
  readonly openRevs: readonly {
    readonly rev: string;
    readonly deleted: boolean;
    readonly revisions: RevisionPath;
    readonly v: string;
  }[];
}

/** A random history of one document and everything CouchDB 3.4.3 told of it. */
export interface RecordedTree {
  readonly case: number;
  readonly id: string;
  readonly revsLimit: number;
  readonly style: 'hex' | 'short' | 'mixed';
  readonly steps: readonly { readonly inserts: readonly Insert[]; readonly after: RecordedState }[];
  readonly revsDiff: readonly { readonly ask: readonly string[]; readonly answer: object | null }[];
}

/** The recorded histories of `test/oracle/trees.ndjson.gz`, one per line. */
export async function recordedTrees(): Promise<RecordedTree[]> {
  const packed = await readFile(new URL('../oracle/trees.ndjson.gz', import.meta.url));
  const lines = gunzipSync(packed).toString().trimEnd().split('\n');
  return lines.map((line) => JSON.parse(line) as RecordedTree);
}
