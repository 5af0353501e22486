import { InputError } from '../../core/errors.ts';
import type { JsonObject } from '../../core/json-value.ts';
import type { ScanContext, ScanLeaf, ScanPlugin } from '../plugin.ts';
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
interface Tally {
  readonly documents: number;
  readonly conflicts: number;
  readonly deleted_conflicts: number;
}

const NOTHING: Tally = { documents: 0, conflicts: 0, deleted_conflicts: 0 };

/** What is kept. */
interface Data extends JsonObject {
  readonly total: Tally;
  /** How many databases have conflicts. */
  readonly databases: number;
  readonly top: readonly TopConflict[];
  /** The database that is being scanned. */
  readonly open?: { readonly db: string; readonly tally: Tally };
}

const EMPTY: Data = { total: NOTHING, databases: 0, top: [] };

/** What it holds while a scan runs. */
interface State {
  data: Data;
}

/**
 * A plugin that finds documents in conflict, without reading their bodies: a finding `{ conflicts, deleted_conflicts }` for each, the
 * revisions that lost against the winner, live ones and tombstones, the longest histories first; a report with their numbers
 * `{ documents, conflicts, deleted_conflicts }` for each database that has any, and one for all databases, which also names the `top`
 * documents with the most conflicts, with the sides of each and how long their histories are.
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
    start: () => ({ state: { data: EMPTY } }),
    resume: (_, data) => ({ state: { data } }),
    db(state, { name }, context) {
      if (state.data.open?.db === name) return;
      close(state, context);
      state.data = { ...state.data, open: { db: name, tally: NOTHING } };
    },
    docRevs(state, { name }, { id, leaves }, { found }) {
      if (leaves.length < 2) return;
      const losers = leaves.slice(1);
      const count = deleted || compat ? losers.length : losers.filter(isLive).length;
      if (count < minimum) return;
      const told = compat ? leaves : losers;
      const live = told.filter(isLive).map(revOf);
      const dead = told.filter((leaf) => !isLive(leaf)).map(revOf);
      found({ conflicts: live, deleted_conflicts: dead });
      const tally = { documents: 1, conflicts: live.length, deleted_conflicts: dead.length };
      const before = state.data.open?.tally ?? NOTHING;
      state.data = {
        ...state.data,
        open: { db: name, tally: add(before, tally) },
        top: withTop(state.data.top, topConflict(name, id, count, leaves), top),
      };
    },
    dbClosing: (state, _, context) => close(state, context),
    checkpoint: ({ data }) => ({ data }),
    merge: (parts) =>
      parts.map(allOf).reduce(
        (a, b) => ({
          total: add(a.total, b.total),
          databases: a.databases + b.databases,
          top: b.top.reduce((list, entry) => withTop(list, entry, top), a.top),
        }),
        EMPTY,
      ),
    complete(state, context) {
      close(state, context);
      const { total, databases, top: most } = state.data;
      context.report({ ...total, databases, top: most });
    },
  };
  return plugin;
}

/** Tells what was counted in the database that was being scanned, wherever it was left. */
function close(state: State, { report }: ScanContext): void {
  const { open } = state.data;
  if (open !== undefined && open.tally.documents > 0) report({ db: open.db, ...open.tally });
  state.data = allOf(state.data);
}

/** With what was counted in a database that is being scanned as a part of all. */
function allOf({ total, databases, top, open }: Data): Data {
  if (open === undefined || open.tally.documents === 0) return { total, databases, top };
  return { total: add(total, open.tally), databases: databases + 1, top };
}

function add(a: Tally, b: Tally): Tally {
  return {
    documents: a.documents + b.documents,
    conflicts: a.conflicts + b.conflicts,
    deleted_conflicts: a.deleted_conflicts + b.deleted_conflicts,
  };
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
