import { type Meeting, meet } from './meet.ts';
import type { RevisionPath } from './path.ts';
import { type Branch, bottomOf, branchOf, emptyTree, isHistory, lineage, type RevTree, tipOf } from './tree.ts';

/** What a merge did; see {@link mergePath}. */
export interface Merged {
  readonly tree: RevTree;
  /**
   * What became of the newest revision of the path: it was known already (`none`), it took the place of a leaf
   * (`extended`), or it is a leaf beside the others (`branched`, also the first of all). Where roots overlap, that is said of
   * the root it was added to.
   */
  readonly change: 'none' | 'extended' | 'branched';
}

/**
 * Adds a path as CouchDB does for `_bulk_docs` with `new_edits: false`; `deleted` says whether its newest revision is a
 * tombstone. Path and tree join wherever they meet, though both may have been cut: at the older end of the path, or at a
 * root of the tree that lies on it, and then the root gets the ancestors it lacks. A path that meets nothing becomes a
 * root.
 *
 * The order in which paths arrive does not matter, as long as no revision has two parents. When nothing is new, not even
 * an ancestor, `tree` is the same object as the argument.
 *
 * @example
 * ```ts
 * const one = treeOf({ start: 1, ids: ['a'] }, false);
 * const two = mergePath(one, { start: 3, ids: ['c', 'b', 'a'] }, false); // 'extended'
 * mergePath(two.tree, { start: 2, ids: ['x', 'a'] }, false); // 'branched': 3-c and 2-x are in conflict
 * ```
 */
export function mergePath(tree: RevTree, path: RevisionPath, deleted: boolean): Merged {
  const [newest] = path.ids;
  if (newest === undefined) return { tree, change: 'none' };
  const known = branchOf(tree, path.start, newest) >= 0;
  const meeting = meet(tree, path);
  if (meeting === undefined) {
    const root = { start: path.start, ids: path.ids, parent: -1, deleted };
    return { tree: { ...tree, branches: [...tree.branches, root] }, change: known ? 'none' : 'branched' };
  }
  const onLeaf = meeting.high === tree.branches[meeting.top]?.start;
  const change = known ? 'none' : onLeaf ? 'extended' : 'branched';
  const grown = ascend(descend(tree, path, meeting.root), path, deleted, meeting);
  const overlaps = meeting.overlapping && grown !== tree;
  return { tree: overlaps ? { ...grown, overlapping: true } : grown, change };
}

/**
 * Adds every branch of `other`; both ways round the result knows the same. Where both know a revision, `tree` says whether
 * it is a tombstone. The result is the same object as `tree` when `other` brings nothing new.
 *
 * @example
 * ```ts
 * const ours = treeOf({ start: 2, ids: ['b', 'a'] }, false);
 * const theirs = treeOf({ start: 2, ids: ['c', 'a'] }, false);
 * leaves(mergeTrees(ours, theirs)); // 2-c, 2-b
 * ```
 */
export function mergeTrees(tree: RevTree, other: RevTree): RevTree {
  const merged = tipsOf(other).reduce((sum, { path, deleted }) => mergePath(sum, path, deleted).tree, tree);
  return bury(merged, other.buried);
}

/**
 * The tree with every revision in it once. When a path links roots that were separate, CouchDB adds it to the first of
 * them and leaves the others as they are until it stems; whoever looks at the tree before sees the roots joined.
 */
export function join(tree: RevTree): RevTree {
  return tree.overlapping ? plant(tipsOf(tree), tree.buried) : tree;
}

/** A leaf with its path. */
export interface Tip {
  readonly path: RevisionPath;
  readonly deleted: boolean;
}

/** A new tree of paths. Planted oldest end first, none of them reaches below a root that already stands, nor links two. */
export function plant(tips: readonly Tip[], buried: readonly string[]): RevTree {
  const sorted = [...tips].sort((a, b) => bottomOf(a.path) - bottomOf(b.path));
  const bare = { ...emptyTree, buried };
  const tree = sorted.reduce((sum, { path, deleted }) => mergePath(sum, path, deleted).tree, bare);
  return { branches: tree.branches, buried: tree.buried.filter((rev) => isHistory(tree, rev)), overlapping: false };
}

/** Every leaf with its whole path. */
function tipsOf(tree: RevTree): Tip[] {
  return tree.branches.map(({ start, deleted }, i) => ({ path: lineage(tree, i, start), deleted }));
}

/** Gives a root the older ancestors that a path knows. */
function descend(tree: RevTree, path: RevisionPath, root: number): RevTree {
  const branch = tree.branches[root];
  if (branch === undefined || bottomOf(branch) <= bottomOf(path)) return tree;
  const older = path.ids.slice(path.start - bottomOf(branch) + 1);
  return replace(tree, root, { ...branch, ids: [...branch.ids, ...older] });
}

/** Adds what a path has above the newest revision that it shares with a tree. */
function ascend(tree: RevTree, path: RevisionPath, deleted: boolean, { top, high }: Meeting): RevTree {
  const branch = tree.branches[top];
  if (branch === undefined) return tree;
  const { start } = path;
  if (high === start) return deleted && high < branch.start ? bury(tree, [tipOf(path)]) : tree;
  const ids = path.ids.slice(0, start - high);
  if (high < branch.start) return { ...tree, branches: [...tree.branches, { start, ids, parent: top, deleted }] };
  const grown = replace(tree, top, { start, ids: [...ids, ...branch.ids], parent: branch.parent, deleted });
  return branch.deleted ? bury(grown, [tipOf(branch)]) : grown;
}

function replace(tree: RevTree, index: number, branch: Branch): RevTree {
  return { ...tree, branches: tree.branches.map((old, i) => (i === index ? branch : old)) };
}

/** Notes tombstones that something follows. */
function bury(tree: RevTree, revs: readonly string[]): RevTree {
  const fresh = revs.filter((rev) => !tree.buried.includes(rev));
  return fresh.length > 0 ? { ...tree, buried: [...tree.buried, ...fresh] } : tree;
}
