import { type Leaf, leafOf } from './leaf.ts';
import { join } from './merge.ts';
import type { RevisionPath } from './path.ts';
import { compareRevIds, formatRev, parseRev, type Rev } from './rev.ts';
import { bottomOf, branchOf, lineage, type RevTree } from './tree.ts';
import { compareLeaves } from './winner.ts';

export type { Leaf };

/**
 * All leaves, the winner first: the order of `changes` in a row of `_changes?style=all_docs`.
 *
 * @example
 * ```ts
 * const one = treeOf({ start: 1, ids: ['a'] }, false);
 * leaves(mergePath(one, { start: 1, ids: ['b'] }, false).tree).map(({ rev }) => rev); // ['1-b', '1-a']
 * ```
 */
export function leaves(tree: RevTree): Leaf[] {
  return join(tree).branches.map(leafOf).sort(compareLeaves);
}

/** All leaves by ascending generation and id, tombstones among them: the order of `open_revs=all`. */
export function ascendingLeaves(tree: RevTree): Leaf[] {
  return join(tree).branches.map(leafOf).sort(ascending);
}

/** The live leaves beside the winner, as `_conflicts` lists them: best first. */
export function conflicts(tree: RevTree): string[] {
  return losers(tree, false);
}

/** The tombstones beside the winner, as `_deleted_conflicts` lists them: best first. */
export function deletedConflicts(tree: RevTree): string[] {
  return losers(tree, true);
}

/**
 * The way from a revision, leaf or not, to its oldest known ancestor, cut to its newest `limit` ids; `undefined` when the
 * tree does not know it. CouchDB never shows more than `_revs_limit` ids, though a shorter branch may keep older ones.
 *
 * @example
 * ```ts
 * pathTo(treeOf({ start: 3, ids: ['c', 'b', 'a'] }, false), '2-b'); // { start: 2, ids: ['b', 'a'] }
 * ```
 */
export function pathTo(tree: RevTree, rev: string, limit?: number): RevisionPath | undefined {
  const node = find(tree, rev);
  if (node === undefined) return undefined;
  const { start, ids } = lineage(node.tree, node.index, node.generation, limit);
  return { start, ids };
}

/**
 * The leaves that a revision has led to, itself if it is one, in ascending order: what `latest=true` gives in its place.
 * Empty when the tree does not know it.
 *
 * @example
 * ```ts
 * descendantLeaves(treeOf({ start: 2, ids: ['b', 'a'] }, false), '1-a')[0]?.rev; // '2-b'
 * ```
 */
export function descendantLeaves(tree: RevTree, rev: string): Leaf[] {
  const node = find(tree, rev);
  if (node === undefined) return [];
  const { branches } = node.tree;
  const below = new Set([node.index]);
  for (const [i, branch] of branches.entries()) {
    const fork = bottomOf(branch) - 1;
    if (below.has(branch.parent) && (branch.parent !== node.index || fork >= node.generation)) below.add(i);
  }
  return branches
    .filter((_, i) => below.has(i))
    .map(leafOf)
    .sort(ascending);
}

/** Whether a revision, leaf or not, is known to be a tombstone. */
export function nodeDeleted(tree: RevTree, rev: string): boolean {
  const node = find(tree, rev);
  if (node === undefined) return false;
  const branch = node.tree.branches[node.index];
  if (branch?.start === node.generation) return branch.deleted;
  return node.tree.buried.includes(formatRev(node.generation, node.id));
}

/** The revisions of the leaves after the first that are tombstones, or are not. */
function losers(tree: RevTree, deleted: boolean): string[] {
  if (tree.branches.length < 2) return [];
  return leaves(tree)
    .slice(1)
    .filter((leaf) => leaf.deleted === deleted)
    .map((leaf) => leaf.rev);
}

function ascending(a: Leaf, b: Leaf): number {
  return a.generation - b.generation || compareRevIds(a.id, b.id);
}

/** Where a revision is: the tree with every revision once, the index of a branch there, and the revision taken apart. */
function find(tree: RevTree, text: string): (Rev & { tree: RevTree; index: number }) | undefined {
  const rev = parseRev(text);
  if (rev === undefined) return undefined;
  const joined = join(tree);
  const index = branchOf(joined, rev.generation, rev.id);
  return index < 0 ? undefined : { ...rev, tree: joined, index };
}
