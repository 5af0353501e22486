import type { Database } from '../../couch/database.ts';
import type { ChangesRow } from '../../couch/feed/changes-row.ts';
import type { Sequence } from '../../couch/feed/sequence.ts';
import type { Selection } from '../options.ts';
import type { BatchBounds, RowBatch } from './batches.ts';
import { onlyOf } from './read-selection.ts';

/** From where a source is followed. */
export interface LiveReading {
  readonly since: Sequence | undefined;
  readonly documents: 'always' | 'never';
  readonly bounds: BatchBounds;
}

/**
 * Follows the changes of a source as they happen. Rows that arrive together make a batch, so that a burst is stored in few
 * commits and a single change at once; when the source says that it has nothing more, the batch says so.
 */
export async function* readLive(
  source: Database,
  selection: Selection,
  { since, documents, bounds }: LiveReading,
  signal: AbortSignal,
): AsyncGenerator<RowBatch, void, undefined> {
  const feed = source.changes({
    feed: 'live',
    style: 'all_docs',
    includeDocs: documents === 'always',
    signal,
    ...onlyOf(selection),
    ...(since === undefined ? {} : { since }),
  });
  let rows: ChangesRow[] = [];
  let reconnected = false;
  for await (const events of feed.batches()) {
    let idleAt: Sequence | undefined;
    for (const event of events) {
      if (event.type === 'row') rows.push(event);
      else if (event.type === 'reconnected') reconnected = true;
      else idleAt = event.lastSeq;
    }
    const through = idleAt ?? rows.at(-1)?.seq ?? undefined;
    // Without a position to go on from, rows wait for more, as far as memory allows.
    if (through === undefined && rows.length < bounds.rows && !reconnected) continue;
    yield { rows, through, reconnected, ...(idleAt === undefined ? {} : { caughtUp: true }) };
    rows = [];
    reconnected = false;
  }
}
