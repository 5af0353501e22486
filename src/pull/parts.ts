import type { Sequence } from '../couch/feed/sequence.ts';
import type { WantedRevisions } from '../couch/revisions/wanted-revisions.ts';
import type { OfferedRevisions, RevisionToWrite } from '../replica/target.ts';
import type { Plan } from './plan.ts';
import type { RowBatch } from './source/batches.ts';

/** What of a batch is fetched with one request and stored in one commit. */
export interface Part {
  /** Rows of the feed that are covered once this part is stored, by the ids of their documents. */
  readonly covers: readonly string[];
  /** Known already. */
  readonly derived: readonly RevisionToWrite[];
  readonly wanted: readonly WantedRevisions[];
  /** Documents with the only leaves that they may have. */
  readonly replace: readonly OfferedRevisions[];
  /** Up to where the feed has been read, with the last part of a batch that has a sequence. */
  readonly through: Sequence | undefined;
  /** Rows the source has after these, where it says. */
  readonly pending: number | undefined;
  /** Whether the source had nothing more when it gave these. */
  readonly caughtUp: boolean;
}

/**
 * Divides a batch so that no part asks for more than so many revisions at once. What covers the batch as a whole comes with
 * its last part, when all of it is stored.
 */
export function divide(
  { rows, through, end, caughtUp = false }: RowBatch,
  { derived, wanted }: Plan,
  replace: readonly OfferedRevisions[],
  entries: number,
): Part[] {
  const lists = listsOf(wanted, entries);
  const last = lists.length - 1;
  return lists.map((list, index) => ({
    covers: index === last ? rows.map(({ id }) => id) : [],
    derived: index === 0 ? derived : [],
    wanted: list,
    replace: index === last ? replace : [],
    through: index === last ? through : undefined,
    pending: index === last ? end?.pending : undefined,
    caughtUp: index === last && caughtUp,
  }));
}

/** At least one list, each with so many revisions at the most; a document alone may have more. */
function listsOf(wanted: readonly WantedRevisions[], entries: number): WantedRevisions[][] {
  const lists: WantedRevisions[][] = [];
  let open: WantedRevisions[] = [];
  let count = 0;
  for (const document of wanted) {
    const size = document.revs?.length ?? 1;
    if (open.length > 0 && count + size > entries) {
      lists.push(open);
      open = [];
      count = 0;
    }
    open.push(document);
    count += size;
  }
  return [...lists, open];
}
