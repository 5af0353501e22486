import { type Branch, tipOf } from './tree.ts';

/** A revision that nothing follows: one of the current states of a document. */
export interface Leaf {
  /** The revision as text, `3-917f…`. */
  readonly rev: string;
  readonly generation: number;
  readonly id: string;
  /** Whether it is a tombstone. */
  readonly deleted: boolean;
}

/** The leaf at the tip of a branch. */
export function leafOf(branch: Branch): Leaf {
  return { rev: tipOf(branch), generation: branch.start, id: branch.ids[0] ?? '', deleted: branch.deleted };
}
