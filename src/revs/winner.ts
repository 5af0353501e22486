import { type Leaf, leafOf } from './leaf.ts';
import { join } from './merge.ts';
import { compareRevIds } from './rev.ts';
import type { RevTree } from './tree.ts';

/**
 * The leaf that CouchDB shows as the document: a live one before any tombstone, then the longest, then the one with the
 * greatest id. The document counts as deleted when its winner is a tombstone. `undefined` for the empty tree.
 *
 * @example
 * ```ts
 * winner(treeOf({ start: 2, ids: ['b', 'a'] }, false))?.rev; // '2-b'
 * ```
 */
export function winner(tree: RevTree): Leaf | undefined {
  let best: Leaf | undefined;
  for (const branch of join(tree).branches) {
    const leaf = leafOf(branch);
    if (best === undefined || compareLeaves(leaf, best) < 0) best = leaf;
  }
  return best;
}

/** Winner order, for sorting: negative when `a` is the better leaf. */
export function compareLeaves(a: Leaf, b: Leaf): number {
  if (a.deleted !== b.deleted) return a.deleted ? 1 : -1;
  return b.generation - a.generation || compareRevIds(b.id, a.id);
}
