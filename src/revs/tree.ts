import type { RevisionPath } from './path.ts';
import { formatRev, parseRev } from './rev.ts';

/**
 * The known history of one document: a forest, since ancestors may have been forgotten. It is kept as one branch per
 * leaf, so that a document without conflicts is a single array of ids, whatever its age. Trees are values: every function
 * here returns a new one and leaves its arguments alone. What is inside is for the files of this folder only.
 */
export interface RevTree {
  /** One branch per leaf, a parent always before its children. */
  readonly branches: readonly Branch[];
  /** Revisions below a leaf that are known to be tombstones: the document was deleted and made again. */
  readonly buried: readonly string[];
  /** Whether a revision may be held by two branches, because a path has linked roots and nobody has stemmed since. */
  readonly overlapping: boolean;
}

/**
 * A leaf with the ancestors that no earlier branch holds: `ids` newest first, `ids[i]` of generation `start - i`. A branch
 * with a `parent` grows out of that branch, one generation below its own oldest id, and never out of its leaf.
 */
export interface Branch extends RevisionPath {
  /** The index of the branch this one grows out of; -1 for a root. */
  readonly parent: number;
  /** Whether the leaf is a tombstone. */
  readonly deleted: boolean;
}

/** The tree of a document nobody knows. */
export const emptyTree: RevTree = { branches: [], buried: [], overlapping: false };

/**
 * The tree of a single path, whose newest revision becomes the leaf; `deleted` says whether that one is a tombstone. The
 * tree keeps the path's array. A path without ids gives the empty tree.
 *
 * @example
 * ```ts
 * treeOf({ start: 2, ids: ['b', 'a'] }, false); // 1-a, then 2-b
 * ```
 */
export function treeOf(path: RevisionPath, deleted: boolean): RevTree {
  if (path.ids.length === 0) return emptyTree;
  return { ...emptyTree, branches: [{ start: path.start, ids: path.ids, parent: -1, deleted }] };
}

/** The generation of the oldest id of a path or a branch. */
export function bottomOf(path: RevisionPath): number {
  return path.start - path.ids.length + 1;
}

/** The id that a path or a branch has at a generation; `undefined` above and below it. */
export function idAt(path: RevisionPath, generation: number): string | undefined {
  return path.ids[path.start - generation];
}

/** The index of the branch that holds a revision; -1 when the tree does not know it. */
export function branchOf(tree: RevTree, generation: number, id: string): number {
  return tree.branches.findIndex((branch) => idAt(branch, generation) === id);
}

/** The path from a revision of a branch down to its oldest known ancestor, cut to its newest `limit` ids. */
export function lineage(
  tree: RevTree,
  index: number,
  generation: number,
  limit = Number.POSITIVE_INFINITY,
): RevisionPath {
  let branch = tree.branches[index];
  if (branch === undefined) return { start: generation, ids: [] };
  if (branch.parent < 0 && branch.start === generation && branch.ids.length <= limit) return branch;
  const ids: string[] = [];
  for (let top = generation; branch !== undefined && ids.length < limit; branch = tree.branches[branch.parent]) {
    const from = branch.start - top;
    for (const id of branch.ids.slice(from, from + limit - ids.length)) ids.push(id);
    top = bottomOf(branch) - 1;
  }
  return { start: generation, ids };
}

/** The newest revision of a path or a branch, as text. */
export function tipOf(path: RevisionPath): string {
  return formatRev(path.start, path.ids[0] ?? '');
}

/** Whether a text is a revision that the tree knows as the ancestor of another. */
export function isHistory(tree: RevTree, text: string): boolean {
  const rev = parseRev(text);
  if (rev === undefined) return false;
  const branch = tree.branches[branchOf(tree, rev.generation, rev.id)];
  return branch !== undefined && branch.start > rev.generation;
}
