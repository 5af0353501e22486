import { leaves, pathTo } from './leaves.ts';
import { plant, type Tip } from './merge.ts';
import type { RevTree } from './tree.ts';

/**
 * The tree with those of its leaves that are named, and their ancestors; all other branches are forgotten. The same tree
 * when nothing would be forgotten, or nothing be left.
 *
 * @example
 * ```ts
 * const tree = mergePath(treeOf({ start: 2, ids: ['b', 'a'] }, false), { start: 2, ids: ['c', 'a'] }, false).tree;
 * leaves(keepLeaves(tree, ['2-b'])).length; // 1
 * ```
 */
export function keepLeaves(tree: RevTree, revs: readonly string[]): RevTree {
  const all = leaves(tree);
  const kept = all.filter(({ rev }) => revs.includes(rev));
  if (kept.length === 0 || kept.length === all.length) return tree;
  const tips = kept.flatMap(({ rev, deleted }): Tip[] => {
    const path = pathTo(tree, rev);
    return path === undefined ? [] : [{ path, deleted }];
  });
  return plant(tips, tree.buried);
}
