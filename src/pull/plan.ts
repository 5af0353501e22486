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
  const offered = new Map<string, string[]>();
  for (const { id, changes } of rows) {
    if (changes.length === 0 || (id.startsWith('_') && !id.startsWith('_design/'))) continue;
    const before = offered.get(id);
    const revs = changes.map(({ rev }) => rev);
    offered.set(id, before === undefined && revs.length === 1 ? revs : [...new Set([...(before ?? []), ...revs])]);
  }
  return Array.from(offered, ([id, revs]) => ({ id, revs }));
}

/** The leaves of each document as the last of its rows tells them: one that changes while it is read has several in a live feed. */
export function leavesBy(rows: readonly ChangesRow[]): OfferedRevisions[] {
  return offeredBy([...new Map(rows.map((row) => [row.id, row])).values()]);
}

/**
 * Decides for each missing revision where it comes from. A winner of the first generation has no ancestry to ask for: if the
 * feed delivered it, nothing is left to be fetched; where leaves alone are wanted that goes for every winner. All
 * others, losing leaves too, are asked of the source by name, or by the document's id where all its leaves are missing. Tombstones of unknown documents are passed over where the
 * selection says so.
 */
export function plan(
  rows: readonly ChangesRow[],
  missing: readonly MissingRevisions[],
  selection: Pick<Selection, 'history' | 'skipTombstones' | 'selector' | 'filter'>,
): Plan {
  const lacking = new Map<string, readonly string[]>();
  const isPassedOver = tombstonesAmong(selection.skipTombstones ? rows : []);
  for (const { id, missing: revs, known } of missing) if (known || !isPassedOver.has(id)) lacking.set(id, revs);
  const derived: RevisionToWrite[] = [];
  /** The leaves of documents that have several, none of which is here. */
  const leaves = new Map<string, number>();
  for (const row of rows) {
    const revs = lacking.get(row.id);
    if (revs === undefined) continue;
    const revision = derive(row, selection.history);
    if (revision !== undefined && revs.includes(revision.rev)) {
      derived.push(revision);
      lacking.set(
        row.id,
        revs.filter((rev) => rev !== revision.rev),
      );
    } else if (revs.length > 1) leaves.set(row.id, row.changes.length);
  }
  // Asked for a document by its id, a source also gives what the selection leaves out.
  const isWhole = selection.history === 'full' && selection.selector === undefined && selection.filter === undefined;
  const wanted: WantedRevisions[] = [];
  for (const [id, revs] of lacking) {
    if (revs.length === 0) continue;
    const areLeaves = isWhole && leaves.get(id) === revs.length;
    wanted.push(areLeaves ? { id, revs, areLeaves } : { id, revs });
  }
  return { derived, wanted };
}

/** The documents whose last row among these calls them deleted. */
function tombstonesAmong(rows: readonly ChangesRow[]): ReadonlySet<string> {
  const deleted = new Set<string>();
  for (const row of rows) {
    if (row.deleted) deleted.add(row.id);
    else deleted.delete(row.id);
  }
  return deleted;
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
