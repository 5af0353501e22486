import { parseRev } from '../../revs/rev.ts';
import type { ScanLeaf } from '../plugin.ts';

/** One side of a conflict. */
export interface ConflictSide {
  readonly rev: string;
  /** How long its history is: the edits that led to it. */
  readonly generation: number;
  readonly deleted: boolean;
}

/** A document that is among those with the most conflicts. */
export interface TopConflict {
  readonly db: string;
  readonly id: string;
  /** How many losers were counted. */
  readonly count: number;
  /** The winner and the losers behind it, ten at the most. */
  readonly sides: readonly ConflictSide[];
}

/** So many sides of a conflict are told, and kept. */
const SIDES = 10;

/** A document as an entry of the list. */
export function topConflict(db: string, id: string, count: number, leaves: readonly ScanLeaf[]): TopConflict {
  const sides = leaves.slice(0, SIDES).map(({ rev, deleted }) => ({
    rev,
    generation: parseRev(rev)?.generation ?? 0,
    deleted: deleted === true,
  }));
  return { db, id, count, sides };
}

/**
 * The list with one more entry, in order, the most conflicts first, and no longer than it may be. A document that stands in it already
 * takes a new place.
 */
export function withTop(top: readonly TopConflict[], entry: TopConflict, most: number): readonly TopConflict[] {
  const others = top.filter(({ db, id }) => db !== entry.db || id !== entry.id);
  return [...others, entry].sort(byCount).slice(0, most);
}

/** Documents with as many conflicts are in the order of their names, so that the list does not depend on the order of the scan. */
function byCount(a: TopConflict, b: TopConflict): number {
  if (a.count !== b.count) return b.count - a.count;
  if (a.db !== b.db) return a.db < b.db ? -1 : 1;
  return a.id < b.id ? -1 : 1;
}
