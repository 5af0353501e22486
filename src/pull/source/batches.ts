import type { ChangesEnd, ChangesEvent } from '../../couch/changes.ts';
import type { ChangesRow } from '../../couch/feed/changes-row.ts';
import type { Sequence } from '../../couch/feed/sequence.ts';

/** Rows of the changes feed that are fetched and stored together. */
export interface RowBatch {
  readonly rows: readonly ChangesRow[];
  /** Up to where the feed has been read once these are stored; undefined where the server gave no sequence. */
  readonly through: Sequence | undefined;
  /** The end of the feed, with its last batch. */
  readonly end?: ChangesEnd;
  /** Whether a live source had nothing more when it gave these. */
  readonly caughtUp?: boolean;
  /** Whether a live feed had to connect anew before it gave these. */
  readonly reconnected?: boolean;
}

/** When a batch is closed. */
export interface BatchBounds {
  readonly rows: number;
  /** Text of documents, in UTF-16 units. */
  readonly length: number;
}

/**
 * Cuts a changes feed into batches: at a row with a sequence where enough rows have come, and wherever their documents
 * have become too much to hold. The last batch goes through the end of the feed, and has no rows if none are left.
 */
export async function* cutBatches(
  events: AsyncIterable<readonly ChangesEvent[]>,
  bounds: BatchBounds,
): AsyncGenerator<RowBatch, void, undefined> {
  let rows: ChangesRow[] = [];
  let length = 0;
  const close = (through: Sequence | undefined): RowBatch => {
    const batch = { rows, through };
    rows = [];
    length = 0;
    return batch;
  };
  for await (const batch of events) {
    for (const event of batch) {
      if (event.type === 'end') {
        yield { ...close(event.lastSeq), end: event };
        return;
      }
      rows.push(event);
      length += event.docText?.length ?? 0;
      const enough = rows.length >= bounds.rows && event.seq !== null;
      if (enough || length >= bounds.length) yield close(event.seq ?? undefined);
    }
  }
}
