import { ascendingLeaves, descendantLeaves, pathTo } from '../../src/revs/leaves.ts';
import type { RevisionPath } from '../../src/revs/path.ts';
import { compareRevIds, parseRev } from '../../src/revs/rev.ts';
import type { StoredDocument } from './document.ts';

/** What asking for certain revisions finds: those whose content is stored, and the others. */
export interface OpenedRevisions {
  readonly found: readonly string[];
  readonly missing: readonly string[];
}

/**
 * Looks up revisions of a document.
 *
 * @param revs in CouchDB's spelling; `all`: every leaf
 * @param latest whether a revision that was followed by others stands for the leaves it led to
 * @param order `ascending` by generation and id, as `open_revs` lists them; `tree`: branch after branch, as `_bulk_get` does
 */
export function openRevisions(
  document: StoredDocument | undefined,
  revs: 'all' | readonly string[],
  latest: boolean,
  order: 'ascending' | 'tree',
): OpenedRevisions {
  const wanted = new Set(revs === 'all' ? leavesOf(document) : revs.flatMap((rev) => standIns(document, rev, latest)));
  const ascending = [...wanted].sort(compareRevs);
  const sorted = order === 'tree' && document !== undefined ? byBranch(document, ascending) : ascending;
  return {
    found: sorted.filter((rev) => document?.content(rev) !== undefined),
    missing: sorted.filter((rev) => document?.content(rev) === undefined),
  };
}

function leavesOf(document: StoredDocument | undefined): string[] {
  return document === undefined ? [] : ascendingLeaves(document.tree).map(({ rev }) => rev);
}

function standIns(document: StoredDocument | undefined, rev: string, latest: boolean): readonly string[] {
  const leaves = latest && document !== undefined ? descendantLeaves(document.tree, rev) : [];
  return leaves.length === 0 ? [rev] : leaves.map((leaf) => leaf.rev);
}

/** Sorts revisions as a walk through the tree meets them, oldest root first, siblings by their ids. */
function byBranch(document: StoredDocument, revs: readonly string[]): readonly string[] {
  if (revs.length < 2) return revs;
  const paths = new Map(revs.map((rev) => [rev, pathTo(document.tree, rev) ?? { start: 0, ids: [] }]));
  return [...revs].sort((a, b) => comparePaths(paths.get(a), paths.get(b)));
}

function comparePaths(a: RevisionPath | undefined, b: RevisionPath | undefined): number {
  if (a === undefined || b === undefined) return 0;
  const bottom = a.start - a.ids.length;
  const order = bottom - (b.start - b.ids.length);
  for (let i = 1; order === 0 && i <= Math.min(a.ids.length, b.ids.length); i++) {
    const step = compareRevIds(a.ids.at(-i) ?? '', b.ids.at(-i) ?? '');
    if (step !== 0) return step;
  }
  return order || a.ids.length - b.ids.length;
}

function compareRevs(a: string, b: string): number {
  const left = parseRev(a);
  const right = parseRev(b);
  if (left === undefined || right === undefined) return 0;
  return left.generation - right.generation || compareRevIds(left.id, right.id);
}
