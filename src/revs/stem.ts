import { join, plant } from './merge.ts';
import { bottomOf, lineage, type RevTree } from './tree.ts';

/**
 * Forgets old ancestors as CouchDB does after each write: what is `limit` (`_revs_limit`) or more generations below every
 * leaf that came of it. A branch whose ancestors go becomes a root. The same object when no path is longer than `limit`; a
 * limit below 1 counts as 1, leaves always stay.
 *
 * @example
 * ```ts
 * stem(treeOf({ start: 3, ids: ['c', 'b', 'a'] }, false), 2); // knows 3-c and 2-b
 * ```
 */
export function stem(tree: RevTree, limit: number): RevTree {
  const length = Math.max(limit, 1);
  if (longestPath(tree) <= length) return join(tree);
  // A tree in which an id occurs twice is cut differently by CouchDB: every path by itself, and what then still overlaps
  // is joined. So a branch can come off although a shorter one keeps the fork where it grew, and cutting again can cut more.
  const alone = tree.branches.length === 1 || hasRepeatedIds(tree);
  const lengths = alone ? tree.branches.map(() => length) : keptLengths(tree, length);
  const tips = tree.branches.map(({ start, deleted }, i) => ({ path: lineage(tree, i, start, lengths[i]), deleted }));
  return plant(tips, tree.buried);
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

/** Whether an id occurs twice, at whatever generations. */
function hasRepeatedIds(tree: RevTree): boolean {
  const seen = new Set<string>();
  let count = 0;
  for (const { ids } of tree.branches) {
    for (const id of ids) seen.add(id);
    count += ids.length;
  }
  return seen.size < count;
}

/** How much of each leaf's path stays: down to the first revision that is too far below all of its leaves. */
function keptLengths(tree: RevTree, limit: number): number[] {
  const nearest = nearestLeaves(tree);
  return tree.branches.map(({ start }, leaf) => {
    let generation = start;
    for (let i = leaf, branch = tree.branches[i]; branch !== undefined; i = branch.parent, branch = tree.branches[i]) {
      for (const lowest of (nearest[i] ?? []).slice(branch.start - generation)) {
        if (lowest - generation >= limit) return start - generation;
        generation--;
      }
    }
    return start - generation;
  });
}

/** For each id of each branch the generation of the lowest leaf that came of it. */
function nearestLeaves(tree: RevTree): number[][] {
  const rows = tree.branches.map(({ start, ids }) => ids.map(() => start));
  // Children stand behind their parents, so each row has heard from all of them when its turn comes.
  for (const [i, branch] of [...tree.branches.entries()].reverse()) {
    const row = rows[i] ?? [];
    let lowest = branch.start;
    for (const [k, known] of row.entries()) {
      lowest = Math.min(lowest, known);
      row[k] = lowest;
    }
    const [trunk, below] = [tree.branches[branch.parent], rows[branch.parent]];
    if (trunk === undefined || below === undefined) continue;
    const fork = trunk.start - bottomOf(branch) + 1;
    below[fork] = Math.min(below[fork] ?? lowest, lowest);
  }
  return rows;
}
