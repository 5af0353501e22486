import { join, plant, tipsOf } from './merge.ts';
import { bottomOf, type RevTree } from './tree.ts';

/**
 * Forgets all but the newest `limit` revisions of every path, as CouchDB does after each write (`_revs_limit`). Where a
 * fork falls off, its branches become trees of their own; what a shorter branch still needs stays. The same object when
 * no path is longer than `limit`. A limit below 1 counts as 1: leaves stay.
 *
 * @example
 * ```ts
 * stem(treeOf({ start: 3, ids: ['c', 'b', 'a'] }, false), 2); // knows 3-c and 2-b
 * ```
 */
export function stem(tree: RevTree, limit: number): RevTree {
  const kept = Math.max(limit, 1);
  return longestPath(tree) <= kept ? join(tree) : plant(tipsOf(tree, kept), tree.buried);
}

/** The number of revisions on the longest path of a tree. */
function longestPath(tree: RevTree): number {
  const bottoms: number[] = [];
  let longest = 0;
  for (const branch of tree.branches) {
    const bottom = bottoms[branch.parent] ?? bottomOf(branch);
    bottoms.push(bottom);
    longest = Math.max(longest, branch.start - bottom + 1);
  }
  return longest;
}
