import type { RevisionPath } from './path.ts';
import { type Branch, bottomOf, idAt, type RevTree } from './tree.ts';

/** Where a path and a tree run together. */
export interface Meeting {
  /** The index of the root branch of the tree that the path belongs to: the one that reaches furthest back. */
  readonly root: number;
  /** The index of the branch with the newest revision they share. */
  readonly top: number;
  /** The generation of the newest revision they share. */
  readonly high: number;
  /** Whether the path meets further roots, which hold some of its revisions too. */
  readonly overlapping: boolean;
}

/**
 * Finds what a path and a tree share. Ids are only compared from the older end of the path, or from a root that lies on
 * it, upwards: the same id on other ancestors is another revision. Linear in the branches and the length of the path.
 */
export function meet(tree: RevTree, path: RevisionPath): Meeting | undefined {
  const bottom = bottomOf(path);
  const roots: number[] = [];
  const highs: number[] = [];
  let best: Meeting | undefined;
  for (const [i, branch] of tree.branches.entries()) {
    const root = roots[branch.parent] ?? i;
    const low = Math.max(bottom, bottomOf(branch));
    // A branch that starts above the older end of the path goes on with the path only where its parent did.
    const apart = root !== i && low > bottom && highs[branch.parent] !== low - 1;
    const high = apart ? NOWHERE : sharedUpTo(path, branch, low);
    roots.push(root);
    highs.push(high);
    if (high === NOWHERE) continue;
    const overlapping = best !== undefined && (best.overlapping || best.root !== root);
    if (best === undefined || isBefore(tree, root, best.root) || (root === best.root && high > best.high)) {
      best = { root, top: i, high, overlapping };
    } else {
      best = { ...best, overlapping };
    }
  }
  return best;
}

const NOWHERE = Number.NEGATIVE_INFINITY;

/** The generation up to which a path and a branch agree from `low` on. */
function sharedUpTo(path: RevisionPath, branch: Branch, low: number): number {
  const last = Math.min(path.start, branch.start);
  let generation = low;
  while (generation <= last && idAt(path, generation) === idAt(branch, generation)) generation++;
  return generation === low ? NOWHERE : generation - 1;
}

/** Whether CouchDB tries the tree of one root before that of another: the one that reaches further back. */
function isBefore(tree: RevTree, root: number, other: number): boolean {
  const [a, b] = [tree.branches[root], tree.branches[other]];
  return a !== undefined && b !== undefined && bottomOf(a) < bottomOf(b);
}
