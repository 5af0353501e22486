import { ascendingLeaves, descendantLeaves } from '../../src/revs/leaves.ts';
import { compareRevIds, parseRev } from '../../src/revs/rev.ts';
import type { StoredDocument } from './document.ts';

/** What asking for certain revisions finds: those whose content is stored, then the others; both in ascending order. */
export interface OpenedRevisions {
  readonly found: readonly string[];
  readonly missing: readonly string[];
}

/**
 * Looks up revisions of a document.
 *
 * @param revs in CouchDB's spelling; `all`: every leaf
 * @param latest whether a revision that was followed by others stands for the leaves it led to
 */
export function openRevisions(
  document: StoredDocument | undefined,
  revs: 'all' | readonly string[],
  latest: boolean,
): OpenedRevisions {
  const wanted = new Set(revs === 'all' ? leavesOf(document) : revs.flatMap((rev) => standIns(document, rev, latest)));
  const sorted = [...wanted].sort(compareRevs);
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

function compareRevs(a: string, b: string): number {
  const left = parseRev(a);
  const right = parseRev(b);
  if (left === undefined || right === undefined) return 0;
  return left.generation - right.generation || compareRevIds(left.id, right.id);
}
