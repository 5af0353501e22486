import { leaves } from './leaves.ts';
import { compareRevIds, formatRev, parseRev, type Rev } from './rev.ts';
import { branchOf, type RevTree } from './tree.ts';

/** What a tree lacks, as `_revs_diff` answers for one document. */
export interface Missing {
  /** The revisions that occur nowhere in the tree, oldest first. */
  readonly missing: string[];
  /** The leaves older than the newest missing revision, best first: what it may have been made from. */
  readonly possibleAncestors: string[];
}

/**
 * Says which of the offered revisions a tree lacks, as `_revs_diff` does. A revision that is only history is not missing.
 * Like CouchDB, a revision offered twice counts as missing the second time, and an unknown document answers in the order
 * of the question. Text that {@link parseRev} cannot read is missing from every tree, and comes last.
 *
 * @example
 * ```ts
 * const tree = treeOf({ start: 2, ids: ['b', 'a'] }, false);
 * missingRevs(tree, ['1-a', '3-c']); // { missing: ['3-c'], possibleAncestors: ['2-b'] }
 * ```
 */
export function missingRevs(tree: RevTree, revs: readonly string[]): Missing {
  const found = new Set<string>();
  const missing: Rev[] = [];
  const unreadable: string[] = [];
  for (const text of revs) {
    const rev = parseRev(text);
    if (rev === undefined) {
      unreadable.push(text);
      continue;
    }
    const name = formatRev(rev.generation, rev.id);
    if (!found.has(name) && branchOf(tree, rev.generation, rev.id) >= 0) found.add(name);
    else missing.push(rev);
  }
  if (tree.branches.length > 0) missing.sort((a, b) => a.generation - b.generation || compareRevIds(a.id, b.id));
  const newest = missing.reduce((highest, { generation }) => Math.max(highest, generation), 0);
  return {
    missing: [...missing.map(({ generation, id }) => formatRev(generation, id)), ...unreadable],
    possibleAncestors: leaves(tree)
      .filter(({ generation }) => generation < newest)
      .map(({ rev }) => rev),
  };
}
