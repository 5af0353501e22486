import { formatRev } from '../../src/revs/rev.ts';
import type { RevTree } from '../../src/revs/tree.ts';
import { winner } from '../../src/revs/winner.ts';
import type { StoredAttachment } from './model.ts';

/** The content of one revision. */
export interface StoredRevision {
  readonly rev: string;
  /** The members without those that CouchDB keeps apart, as JSON text without braces; empty for an empty document. */
  readonly members: string;
  readonly attachments: readonly StoredAttachment[];
}

/** A document with its tree and the contents that are still there. A change makes a new one. */
export class StoredDocument {
  readonly id: string;
  /** The index of its shard. */
  readonly shard: number;
  /** Its place among the changes of the shard, from 1. */
  readonly sequence: number;
  readonly tree: RevTree;
  readonly contents: readonly StoredRevision[];

  constructor(id: string, shard: number, sequence: number, tree: RevTree, contents: readonly StoredRevision[]) {
    this.id = id;
    this.shard = shard;
    this.sequence = sequence;
    this.tree = tree;
    this.contents = contents;
  }

  /** What is stored of a revision; `undefined` when only its name is known, or nothing at all. */
  content(rev: string): StoredRevision | undefined {
    return this.contents.find((revision) => revision.rev === rev);
  }

  /** The winning revision. */
  get winner(): { readonly rev: string; readonly deleted: boolean } {
    const leaf = winner(this.tree);
    if (leaf === undefined) throw new Error(`Document ${JSON.stringify(this.id)} has no revision`);
    return { rev: formatRev(leaf.generation, leaf.id), deleted: leaf.deleted };
  }
}

/** A local document: one current value, no history, never replicated. */
export interface LocalDocument {
  /** With its prefix `_local/`. */
  readonly id: string;
  /** `0-N`. */
  readonly rev: string;
  /** Its members without those that begin with an underscore, as JSON text without braces. */
  readonly members: string;
}
