import { splitDocument } from '../core/document-text.ts';
import type { ChangesRow } from '../couch/changes-row.ts';
import type { WantedRevisions } from '../couch/wanted-revisions.ts';
import type { MissingRevisions, OfferedRevisions, RevisionToWrite } from '../replica/target.ts';
import { parseRev } from '../revs/rev.ts';

/** How the missing revisions of a batch are had. */
export interface Plan {
  /** Known in full from the changes feed. */
  readonly derived: readonly RevisionToWrite[];
  /** To be fetched. */
  readonly wanted: readonly WantedRevisions[];
}

/** What the rows of a batch offer, each document once. */
export function offeredBy(rows: readonly ChangesRow[]): OfferedRevisions[] {
  const offered = new Map<string, string[]>();
  for (const { id, changes } of rows) {
    const revs = offered.get(id);
    if (revs === undefined)
      offered.set(
        id,
        changes.map(({ rev }) => rev),
      );
    else for (const { rev } of changes) if (!revs.includes(rev)) revs.push(rev);
  }
  return [...offered].map(([id, revs]) => ({ id, revs }));
}

/**
 * Decides for each missing revision where it comes from. A winner of the first generation has no ancestry to ask for: if the
 * feed delivered it, nothing is left to be fetched. All others, losing leaves too, are asked of the source by name.
 */
export function plan(rows: readonly ChangesRow[], missing: readonly MissingRevisions[]): Plan {
  const lacking = new Map(missing.map((document) => [document.id, new Set(document.missing)]));
  const derived: RevisionToWrite[] = [];
  for (const row of rows) {
    const revision = derive(row);
    if (revision !== undefined && lacking.get(row.id)?.delete(revision.rev)) derived.push(revision);
  }
  const wanted = [...lacking].flatMap(([id, revs]) => (revs.size === 0 ? [] : [{ id, revs: [...revs] }]));
  return { derived, wanted };
}

/** The winner that a row carries, if it is of the first generation. */
export function derive({ id, changes, doc, docText }: ChangesRow): RevisionToWrite | undefined {
  const rev = changes[0]?.rev;
  if (doc === undefined || docText === undefined || rev === undefined) return undefined;
  const { _id, _rev, _deleted } = doc;
  const parsed = parseRev(rev);
  if (parsed?.generation !== 1 || _id !== id || _rev !== rev) return undefined;
  return { id, rev, revisions: { start: 1, ids: [parsed.id] }, deleted: _deleted === true, ...splitDocument(docText) };
}
