import { type JsonObject, parseObject } from '../../core/json-value.ts';
import type { Database, Meter } from '../../couch/database.ts';
import type { ChangesRow } from '../../couch/feed/changes-row.ts';
import type { Sequence } from '../../couch/feed/sequence.ts';
import type { Partition, ScanDesignDoc, ScanDoc, ScanLeaf, ScanRevision } from '../plugin.ts';
import { scanDesignDoc, scanDoc, scanRevision } from './document.ts';
import { between } from './partitions.ts';
import type { RowOptions, RowPage, SourceDatabase, SourceInfo, SourceRow, UnreadableDoc } from './scan-source.ts';

/** A database of a CouchDB server as it is scanned. Requests: one for each page of changes, and one for each page of bodies. */
export class CouchDatabase implements SourceDatabase {
  readonly name: string;
  readonly #db: Database;

  /** @param meter counts what is sent */
  constructor(db: Database, meter: Meter) {
    this.name = db.name;
    this.#db = db.metered(meter);
  }

  async info(signal: AbortSignal): Promise<SourceInfo> {
    const { docCount, docDelCount, updateSeq, instanceStartTime } = await this.#db.info({ signal });
    // Before CouchDB 3.3 it is always this.
    const instance = instanceStartTime === '0' ? undefined : instanceStartTime;
    return { docCount, docDelCount, updateSeq, ...(instance === undefined ? {} : { instance }) };
  }

  async *designDocs(signal: AbortSignal): AsyncGenerator<readonly ScanDesignDoc[], void, undefined> {
    for await (const batch of this.#db.designDocs({ signal }).batches()) {
      yield batch.map(({ id, rev, doc }) => scanDesignDoc(id, rev, doc));
    }
  }

  async *changes(
    since: Sequence,
    { withDocs, limit, before, signal }: RowOptions,
  ): AsyncGenerator<RowPage<Sequence>, void, undefined> {
    for (let place = since; ; ) {
      await before();
      // One sequence for a page: making one costs a cluster more than the row.
      const feed = this.#db.changes({
        since: place,
        style: 'all_docs',
        includeDocs: withDocs,
        limit,
        seqInterval: limit,
        signal,
      });
      let count = 0;
      let pending: number | undefined;
      for await (const events of feed.batches()) {
        const rows: SourceRow[] = [];
        for (const event of events) {
          if (event.type === 'row') rows.push(sourceRow(event));
          else [place, pending] = [event.lastSeq, event.pending];
        }
        count += rows.length;
        if (rows.length > 0) yield { rows, place: undefined };
      }
      yield { rows: [], place, pending };
      if (count < limit) return;
    }
  }

  async *range(
    { from, to }: Partition,
    { limit, before, withDocs, withLosers = false, signal }: RowOptions,
  ): AsyncGenerator<RowPage<string>, void, undefined> {
    for (let last: string | undefined; ; ) {
      await before();
      const startKey = last ?? from;
      const feed = this.#db.allDocs({
        ...(startKey === undefined ? {} : { startKey }),
        // Its end belongs to the next part, and is left out below.
        ...(to === undefined ? {} : { endKey: to }),
        limit: last === undefined ? limit : limit + 1,
        includeDocs: withDocs || withLosers,
        conflicts: withLosers,
        signal,
      });
      let count = 0;
      for await (const listed of feed.batches()) {
        const rows = listed.filter(({ id }) => id !== last && id !== to);
        count += rows.length;
        last = rows.at(-1)?.id ?? last;
        if (rows.length === 0) continue;
        yield {
          rows: rows.map(({ id, rev, doc, docText }) => ({
            id,
            seq: null,
            deleted: false,
            revs: [rev, ...losersIn(doc)],
            ...(docText === undefined ? {} : { doc: scanDoc(id, rev, docText, doc) }),
          })),
          place: last,
        };
      }
      if (count < limit) return;
    }
  }

  async *bodies(
    rows: readonly SourceRow[],
    signal: AbortSignal,
  ): AsyncGenerator<readonly (ScanDoc | UnreadableDoc)[], void, undefined> {
    const wanted = rows.map(({ id, revs }) => ({ id, revs: revs.slice(0, 1) }));
    for await (const results of this.#db.revisions(wanted, { signal }).batches()) {
      yield results.flatMap((result): (ScanDoc | UnreadableDoc)[] => {
        if ('text' in result) return result.deleted ? [] : [scanDoc(result.id, result.rev, result.text)];
        // It has changed since, and comes again.
        if ('missing' in result) return [];
        return [{ id: result.id, error: new Error(`${result.error.error}: ${result.error.reason}`) }];
      });
    }
  }

  async leaves(rows: readonly SourceRow[], signal: AbortSignal): Promise<ReadonlyMap<string, readonly ScanLeaf[]>> {
    const leaves = new Map<string, ScanLeaf[]>();
    const wanted = rows.map(({ id, revs }) => ({ id, revs, areLeaves: true }));
    for await (const results of this.#db.revisions(wanted, { signal }).batches()) {
      for (const result of results) {
        if (!('text' in result)) continue;
        const { id, rev, deleted } = result;
        leaves.set(id, [...(leaves.get(id) ?? []), { rev, deleted }]);
      }
    }
    return leaves;
  }

  async partitions(documents: number, signal: AbortSignal): Promise<readonly Partition[]> {
    const { docCount } = await this.#db.info({ signal });
    const bounds: string[] = [];
    for (let left = docCount - documents; left > 0; left -= documents) {
      const last = bounds.at(-1);
      const from = last === undefined ? {} : { startKey: last };
      for await (const { id } of this.#db.allDocs({ ...from, skip: documents, limit: 1, signal })) bounds.push(id);
      if (bounds.at(-1) === last) break;
    }
    return between(bounds);
  }

  async revisions(id: string, revs: readonly string[] | undefined, signal: AbortSignal): Promise<ScanRevision[]> {
    const found: ScanRevision[] = [];
    const wanted = [revs === undefined ? { id } : { id, revs }];
    for await (const result of this.#db.revisions(wanted, { signal })) {
      if (!('text' in result)) continue;
      found.push(
        scanRevision(result.rev, result.deleted, parseObject(result.text, `The document ${JSON.stringify(id)}`)),
      );
    }
    return found;
  }

  designDocInfo(id: string, signal: AbortSignal): Promise<JsonObject | undefined> {
    return this.#db.designDocInfo(id, { signal });
  }
}

function sourceRow({ id, seq, deleted, changes, doc, docText }: ChangesRow): SourceRow {
  const revs = changes.map(({ rev }) => rev);
  const [winner] = revs;
  if (docText === undefined || deleted || winner === undefined) return { id, seq, deleted, revs };
  return { id, seq, deleted, revs, doc: scanDoc(id, winner, docText, doc) };
}

/** The losers that a document was shown with, by `conflicts=true`. */
function losersIn(document: JsonObject | undefined): string[] {
  const losers = document?.['_conflicts'];
  return Array.isArray(losers) ? losers.filter((rev) => typeof rev === 'string') : [];
}
