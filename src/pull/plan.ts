import { splitDocument } from '../core/document-text.ts';
import type { ChangesRow } from '../couch/feed/changes-row.ts';
import type { WantedRevisions } from '../couch/revisions/wanted-revisions.ts';
import type { MissingRevisions, OfferedRevisions, RevisionToWrite } from '../replica/target.ts';
import { parseRev } from '../revs/rev.ts';
import type { Selection } from './options.ts';

/** How the missing revisions of a batch are had. */
export interface Plan {
  /** Known in full from the changes feed. */
  readonly derived: readonly RevisionToWrite[];
  /** To be fetched. */
  readonly wanted: readonly WantedRevisions[];
}

/** What the rows of a batch offer, each document once. Rows that some servers invent beside documents are left out. */
export function offeredBy(rows: readonly ChangesRow[]): OfferedRevisions[] {
  const offered = new Map<string, Set<string>>();
  for (const { id, changes } of rows) {
    if (id.startsWith('_') && !id.startsWith('_design/')) continue;
    const revs = offered.get(id) ?? new Set();
    for (const { rev } of changes) revs.add(rev);
    if (revs.size > 0) offered.set(id, revs);
  }
  return [...offered].map(([id, revs]) => ({ id, revs: [...revs] }));
}

/** The leaves of each document as the last of its rows tells them: one that changes while it is read has several in a live feed. */
export function leavesBy(rows: readonly ChangesRow[]): OfferedRevisions[] {
  return offeredBy([...new Map(rows.map((row) => [row.id, row])).values()]);
}

/**
 * Decides for each missing revision where it comes from. A winner of the first generation has no ancestry to ask for: if the
 * feed delivered it, nothing is left to be fetched; where leaves alone are wanted that goes for every winner. All
 * others, losing leaves too, are asked of the source by name. Tombstones of unknown documents are passed over where the
 * selection says so.
 */
export function plan(
  rows: readonly ChangesRow[],
  missing: readonly MissingRevisions[],
  { history, skipTombstones }: Pick<Selection, 'history' | 'skipTombstones'>,
): Plan {
  const lacking = new Map<string, Set<string>>();
  const isDeleted = new Map(rows.map(({ id, deleted }) => [id, deleted]));
  for (const { id, missing: revs, known } of missing) {
    if (skipTombstones && !known && isDeleted.get(id)) continue;
    lacking.set(id, new Set(revs));
  }
  const derived: RevisionToWrite[] = [];
  for (const row of rows) {
    const revision = derive(row, history);
    if (revision !== undefined && lacking.get(row.id)?.delete(revision.rev)) derived.push(revision);
  }
  const wanted = [...lacking].flatMap(([id, revs]) => (revs.size === 0 ? [] : [{ id, revs: [...revs] }]));
  return { derived, wanted };
}

/** The winner that a row carries, if all that is to be known of it is there. */
function derive({ id, changes, doc, docText }: ChangesRow, history: Selection['history']): RevisionToWrite | undefined {
  const rev = changes[0]?.rev;
  if (doc === undefined || docText === undefined || rev === undefined) return undefined;
  const { _id, _rev, _deleted } = doc;
  const parsed = parseRev(rev);
  if (parsed === undefined || _id !== id || _rev !== rev) return undefined;
  if (history === 'full' && parsed.generation !== 1) return undefined;
  const revisions = { start: parsed.generation, ids: [parsed.id] };
  return { id, rev, revisions, deleted: _deleted === true, ...splitDocument(docText) };
}
