import { InputError } from '../../core/errors.ts';
import type { JsonObject } from '../../core/json-value.ts';
import type { ScanLeaf, ScanPlugin } from '../plugin.ts';
import { type Counting, TallyBook, type TallyData } from './tally-book.ts';
import { type TopConflict, topConflict, withTop } from './top-conflicts.ts';

/** Which conflicts are told, and how they are counted. */
export interface ConflictsOptions {
  /** A document with fewer is passed over. Default 1. */
  readonly minimum?: number;
  /** Whether losers that are tombstones count as well; such a document may have nothing to resolve any more. Default false. */
  readonly deleted?: boolean;
  /** How many of the documents with the most conflicts the report of the scan names. Default 10. */
  readonly top?: number;
  /**
   * Counts as CouchDB's own scanner does: every document with more than one leaf, tombstones among them, and the winner as if it were a
   * loser. Default false.
   */
  readonly compat?: boolean;
}

/** How many there are, and in how many documents. */
interface Tally extends JsonObject {
  readonly documents: number;
  readonly conflicts: number;
  readonly deleted_conflicts: number;
}

const COUNTING: Counting<Tally> = {
  nothing: { documents: 0, conflicts: 0, deleted_conflicts: 0 },
  add: (a, b) => ({
    documents: a.documents + b.documents,
    conflicts: a.conflicts + b.conflicts,
    deleted_conflicts: a.deleted_conflicts + b.deleted_conflicts,
  }),
  isNothing: ({ documents }) => documents === 0,
};

/** What is kept. */
interface Data extends TallyData<Tally> {
  readonly top: readonly TopConflict[];
}

/** What it holds while a scan runs. */
interface State {
  readonly book: TallyBook<Tally>;
  top: readonly TopConflict[];
}

/**
 * A plugin that finds documents in conflict, without reading their bodies: a finding `{ conflicts, deleted_conflicts }` for each, the
 * revisions that lost against the winner, live ones and tombstones, the longest histories first; a report with their numbers
 * `{ documents, conflicts, deleted_conflicts }` for each database that has any, and one for all databases that were looked at, which
 * also has their number as `databases`, and as `top` the documents with the most conflicts: their sides, and how long the history of
 * each side is.
 *
 * @throws InputError for a `minimum` or a `top` that is no number from 1 or 0 on
 *
 * @example
 * ```ts
 * const plugin = conflicts({ minimum: 5 });
 * ```
 */
export function conflicts(options: ConflictsOptions = {}): ScanPlugin {
  const { minimum = 1, deleted = false, top = 10, compat = false } = options;
  check('minimum', minimum, 1);
  check('top', top, 0);
  const plugin: ScanPlugin<State, Data> = {
    name: 'conflicts',
    configuration: { minimum, deleted, top, compat },
    needs: { leaves: true },
    start: () => ({ state: { book: new TallyBook(COUNTING), top: [] } }),
    resume: (_, data) => ({ state: { book: new TallyBook(COUNTING, data), top: data.top } }),
    db: ({ book }, { name }, { report }) => void book.enter(name, report),
    docRevs(state, { name }, { id, leaves }, { found }) {
      if (leaves.length < 2) return;
      const losers = leaves.slice(1);
      const count = deleted || compat ? losers.length : losers.filter(isLive).length;
      if (count < minimum) return;
      const told = compat ? leaves : losers;
      const live = told.filter(isLive).map(revOf);
      const dead = told.filter((leaf) => !isLive(leaf)).map(revOf);
      found({ conflicts: live, deleted_conflicts: dead });
      state.book.count({ documents: 1, conflicts: live.length, deleted_conflicts: dead.length });
      state.top = withTop(state.top, topConflict(name, id, count, leaves), top);
    },
    dbClosing: ({ book }, _, { report }) => book.close(report),
    checkpoint: (state) => ({ data: { ...state.book.data, top: state.top } }),
    merge: (parts) => ({
      ...TallyBook.join(COUNTING, parts),
      top: parts.flatMap((part) => part.top).reduce<readonly TopConflict[]>((list, one) => withTop(list, one, top), []),
    }),
    complete: (state, { report }) => report({ ...state.book.complete(report), top: state.top }),
  };
  return plugin;
}

function isLive({ deleted }: ScanLeaf): boolean {
  return deleted !== true;
}

function revOf({ rev }: ScanLeaf): string {
  return rev;
}

function check(name: string, value: number, least: number): void {
  if (!Number.isInteger(value) || value < least) {
    throw new InputError(
      `Option ${name} of conflicts must be a whole number from ${least} on, not ${JSON.stringify(value)}`,
    );
  }
}
