import { isProtocolError, ProtocolError } from '../../core/errors.ts';
import { excerptOf } from '../../core/json-value.ts';
import type { ChangesEnd, ChangesEvent, ChangesOptions } from '../../couch/changes.ts';
import type { Database } from '../../couch/database.ts';
import { isSameSequence, type Sequence } from '../../couch/feed/sequence.ts';
import { parseRev } from '../../revs/rev.ts';
import { type BatchBounds, cutBatches, type RowBatch } from './batches.ts';

/** From where a source is read, and in which steps. */
export interface Reading {
  readonly since: Sequence | undefined;
  /**
   * Whether rows bring their documents along: on every page, on none, or on the first page and after that as long as it
   * pays.
   */
  readonly documents: 'always' | 'never' | 'first';
  /** What the source is asked to leave out. */
  readonly only: Pick<ChangesOptions, 'docIds' | 'selector' | 'filter'>;
  readonly bounds: BatchBounds;
  /** Whether every row is to say its sequence, which costs the source work and the wire bytes. */
  readonly sequences?: boolean;
}

/** Batches of the first page: small, as it only shows which way to go on is the cheaper one. */
const FIRST_PAGE = 4;
/** Batches of every other page: large, as each costs a round trip, and small enough to be read before a proxy loses patience. */
const LATER_PAGES = 40;
/** So many pages in a row that bring rows and end where they began: not the source has changed, somebody repeats its answer. */
const MOST_STALLS = 3;

/**
 * Reads the changes feed of a source from a position to its end, in batches. It is read in pages, one request each:
 * with the documents as long as most winners are of the first generation, which then need no second request, and
 * as bare rows otherwise, since their documents have to be fetched with their ancestry anyway.
 *
 * Ends where the source ended when the last page was asked for, also while others keep writing to it: where what is left does
 * not become less, the next page is the whole rest, which CouchDB tells as it was when it was asked. A page that breaks on a
 * document is read again as bare rows.
 *
 * @throws ProtocolError when pages come again and again without an end, as from a cache that heeds no query
 */
export async function* readSource(
  source: Database,
  { since, documents, only, bounds, sequences = false }: Reading,
  signal: AbortSignal,
): AsyncGenerator<RowBatch, void, undefined> {
  let position = since;
  let includeDocs = documents !== 'never';
  let left = Number.POSITIVE_INFINITY;
  let stalls = 0;
  let isRest = false;
  for (let page = 0; ; page += 1) {
    // With a limit one short of a multiple of the interval, CouchDB gives the sequence to the last row of every batch.
    const limit = (page === 0 ? FIRST_PAGE : LATER_PAGES) * bounds.rows - 1;
    const seen = new GenerationCount();
    const before = position;
    let end: ChangesEnd | undefined;
    try {
      const feed = source.changes({
        style: 'all_docs',
        includeDocs,
        signal,
        ...only,
        ...(sequences ? {} : { seqInterval: bounds.rows }),
        ...(isRest ? {} : { limit }),
        ...(position === undefined ? {} : { since: position }),
      });
      for await (const batch of cutBatches(seen.count(feed.batches()), bounds)) {
        position = batch.through ?? position;
        end = batch.end ?? end;
        yield batch;
      }
    } catch (error) {
      if (!includeDocs || !isProtocolError(error)) throw error;
      includeDocs = false;
      continue;
    }
    const isStalled = seen.rows > 0 && end?.pending !== 0 && isSameSequence(before, position);
    stalls = isStalled ? stalls + 1 : 0;
    if (stalls >= MOST_STALLS) {
      throw new ProtocolError(
        `The changes feed goes round in circles: it tells changes after ${excerptOf(position)}, and ends there`,
        true,
      );
    }
    if (end === undefined || (!isStalled && (isRest || isLastPage(end, seen.rows, limit, left)))) return;
    isRest = end.pending !== undefined && end.pending >= left;
    left = end.pending ?? left;
    includeDocs = documents === 'always' || (documents === 'first' && paysOff(seen, includeDocs));
  }
}

/** Whether the next page is to bring documents along, judged by this one. */
function paysOff({ rows, first }: GenerationCount, before: boolean): boolean {
  return rows === 0 ? before : first / rows >= 0.5;
}

/**
 * Whether nothing that was there at the beginning is left. A source that does not count what is pending is asked until a page
 * is empty; one that does is asked again as long as pages are full or what is pending becomes less.
 */
function isLastPage(end: ChangesEnd, rows: number, limit: number, left: number): boolean {
  if (end.pending === undefined) return rows === 0;
  return end.pending === 0 || (rows < limit && end.pending >= left);
}

/** Counts the rows of a page, and those whose winner is of the first generation. */
class GenerationCount {
  rows = 0;
  first = 0;

  async *count(
    events: AsyncIterable<readonly ChangesEvent[]>,
  ): AsyncGenerator<readonly ChangesEvent[], void, undefined> {
    for await (const batch of events) {
      for (const event of batch) {
        if (event.type !== 'row') continue;
        this.rows += 1;
        if (parseRev(event.changes[0]?.rev ?? '')?.generation === 1) this.first += 1;
      }
      yield batch;
    }
  }
}
