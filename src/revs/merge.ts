import type { RevisionPath } from './path.ts';
import { formatRev } from './rev.ts';
import { type Branch, bottomOf, idAt, lineage, type RevTree, tipOf } from './tree.ts';

/** What a merge did; see {@link mergePath}. */
export interface Merged {
  readonly tree: RevTree;
  /**
   * What became of the newest revision of the path: it was known already (`none`), it took the place of a leaf
   * (`extended`), or it is a leaf beside the others (`branched`, also the first of all).
   */
  readonly change: 'none' | 'extended' | 'branched';
}

/**
 * Adds a path as CouchDB does for `_bulk_docs` with `new_edits: false`; `deleted` says whether its newest revision is a
 * tombstone. Path and tree join wherever they meet, though both may have been cut: at the older end of the path, or at a
 * root of the tree that lies on it, and then the root gets the ancestors it lacks. A path that links several roots makes
 * one tree of them. A path that meets nothing becomes a root.
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
  if (path.ids.length === 0) return { tree, change: 'none' };
  const meeting = meet(tree, path);
  if (meeting === undefined) {
    const root = { start: path.start, ids: path.ids, parent: -1, deleted };
    return { tree: { branches: [...tree.branches, root], buried: tree.buried }, change: 'branched' };
  }
  const { top, high } = meeting;
  const change = high === path.start ? 'none' : high === tree.branches[top]?.start ? 'extended' : 'branched';
  if (meeting.links) return { tree: plant([...tipsOf(tree), { path, deleted }], tree.buried), change };
  return { tree: grow(tree, path, deleted, meeting), change };
}

/**
 * Adds every branch of `other`, in any order the same; where both know a revision, `tree` says whether it is a tombstone.
 * The result is the same object as `tree` when `other` brings nothing new.
 *
 * @example
 * ```ts
 * const ours = treeOf({ start: 2, ids: ['b', 'a'] }, false);
 * const theirs = treeOf({ start: 2, ids: ['c', 'a'] }, false);
 * leaves(mergeTrees(ours, theirs)); // 2-c, 2-b
 * ```
 */
export function mergeTrees(tree: RevTree, other: RevTree): RevTree {
  if (tree.branches.length === 0) return other;
  const merged = tipsOf(other).reduce((sum, { path, deleted }) => mergePath(sum, path, deleted).tree, tree);
  const buried = union(merged.buried, other.buried);
  return buried === merged.buried ? merged : { branches: merged.branches, buried };
}

/** A leaf with its whole path. */
export interface Tip {
  readonly path: RevisionPath;
  readonly deleted: boolean;
}

/** Every leaf with its path, cut to the newest `limit` ids. */
export function tipsOf(tree: RevTree, limit?: number): Tip[] {
  return tree.branches.map((branch, i) => ({ path: lineage(tree, i, branch.start, limit), deleted: branch.deleted }));
}

/** The tree of several paths. Planted oldest end first, no path has to reach below a root that already stands. */
export function plant(tips: readonly Tip[], buried: readonly string[]): RevTree {
  const sorted = [...tips].sort((a, b) => bottomOf(a.path) - bottomOf(b.path));
  const bare: RevTree = { branches: [], buried };
  return sorted.reduce((tree, { path, deleted }) => mergePath(tree, path, deleted).tree, bare);
}

/** Where a path and a tree run together. */
interface Meeting {
  /** The index of the branch with the oldest revision they share. */
  readonly entry: number;
  /** The index of the branch with the newest revision they share. */
  readonly top: number;
  /** The generation of the newest revision they share. */
  readonly high: number;
  /** Whether the path runs through roots that were separate so far. */
  readonly links: boolean;
}

/**
 * Finds what a path and a tree share. Ids are only compared from the older end of the path, or from a root that lies on
 * it, upwards: the same id on other ancestors is another revision. Linear in branches and path.
 */
function meet(tree: RevTree, path: RevisionPath): Meeting | undefined {
  const bottom = bottomOf(path);
  const highs: number[] = [];
  let entry = -1;
  let top = -1;
  let entries = 0;
  let roots = 0;
  for (const [i, branch] of tree.branches.entries()) {
    const low = Math.max(bottom, bottomOf(branch));
    const continues = low > bottom && branch.parent >= 0;
    const high = !continues || highs[branch.parent] === low - 1 ? sharedUpTo(path, branch, low) : NEVER;
    highs.push(high);
    if (high === NEVER) continue;
    if (high > (highs[top] ?? NEVER)) top = i;
    if (continues) continue;
    entries++;
    if (low > bottom) roots++;
    if (entry < 0) entry = i;
  }
  return entry < 0 ? undefined : { entry, top, high: highs[top] ?? NEVER, links: entries > 1 && roots > 0 };
}

const NEVER = Number.NEGATIVE_INFINITY;

/** The generation up to which a path and a branch agree from `low` on. */
function sharedUpTo(path: RevisionPath, branch: Branch, low: number): number {
  const limit = Math.min(path.start, branch.start);
  let generation = low;
  while (generation <= limit && idAt(path, generation) === idAt(branch, generation)) generation++;
  return generation === low ? NEVER : generation - 1;
}

/** Adds what a path has above and below the part that it shares with a tree. */
function grow(tree: RevTree, path: RevisionPath, deleted: boolean, { entry, top, high }: Meeting): RevTree {
  const branches = [...tree.branches];
  const root = branches[entry];
  const reaches = root !== undefined && bottomOf(root) > bottomOf(path);
  if (reaches) branches[entry] = { ...root, ids: [...root.ids, ...path.ids.slice(path.start - bottomOf(root) + 1)] };
  const met = branches[top];
  if (met === undefined) return tree;
  if (high === path.start) {
    const buried = deleted && high < met.start ? union(tree.buried, [formatRev(high, path.ids[0] ?? '')]) : tree.buried;
    return reaches || buried !== tree.buried ? { branches, buried } : tree;
  }
  const fresh = path.ids.slice(0, path.start - high);
  if (high < met.start) {
    branches.push({ start: path.start, ids: fresh, parent: top, deleted });
    return { branches, buried: tree.buried };
  }
  branches[top] = { start: path.start, ids: [...fresh, ...met.ids], parent: met.parent, deleted };
  return { branches, buried: met.deleted ? [...tree.buried, tipOf(met)] : tree.buried };
}

/** Both lists, each revision once; the very first list when the second brings nothing. */
function union(revs: readonly string[], others: readonly string[]): readonly string[] {
  const fresh = others.filter((rev) => !revs.includes(rev));
  return fresh.length > 0 ? [...revs, ...fresh] : revs;
}
