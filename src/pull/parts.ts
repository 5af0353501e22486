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

/** What one request may ask for, and its answer bring. */
export interface PartBounds {
  readonly entries: number;
  readonly revisions: number;
}

/**
 * Divides a batch so that no part asks for more than one request should; its parts are of about the same size. What covers the
 * batch as a whole comes with its last part, when all of it is stored.
 */
export function divide(
  { rows, through, end, caughtUp = false }: RowBatch,
  { derived, wanted }: Plan,
  replace: readonly OfferedRevisions[],
  bounds: PartBounds,
): Part[] {
  const lists = listsOf(wanted, bounds);
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

/** At least one list, each within the bounds, and none much shorter than the others; a document alone may be beyond them. */
function listsOf(wanted: readonly WantedRevisions[], bounds: PartBounds): WantedRevisions[][] {
  const total = wanted.reduce((sum, document) => sum + shareOf(document, bounds), 0);
  const enough = total / Math.ceil(total - ROUNDING);
  const lists: WantedRevisions[][] = [];
  let open: WantedRevisions[] = [];
  let filled = 0;
  for (const document of wanted) {
    const share = shareOf(document, bounds);
    if (open.length > 0 && (filled >= enough - ROUNDING || filled + share > 1 + ROUNDING)) {
      lists.push(open);
      open = [];
      filled = 0;
    }
    open.push(document);
    filled += share;
  }
  return [...lists, open];
}

/** Fractions do not add up to what they should to the last bit. */
const ROUNDING = 1e-9;

/** How much of a request a document fills. */
function shareOf({ revs, areLeaves = false }: WantedRevisions, { entries, revisions }: PartBounds): number {
  const count = revs?.length ?? 1;
  return Math.max((areLeaves ? 1 : count) / entries, count / revisions);
}
