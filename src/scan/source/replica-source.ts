import { parseObject } from '../../core/json-value.ts';
import type { Sequence } from '../../couch/feed/sequence.ts';
import { compareIds } from '../../replica/document-key.ts';
import type { Replica } from '../../replica/replica.ts';
import type { Partition, ScanDesignDoc, ScanDoc, ScanLeaf, ScanRevision } from '../plugin.ts';
import { scanDesignDoc, scanDoc, scanRevision } from './document.ts';
import { between } from './partitions.ts';
import type { RowOptions, RowPage, ScanSource, SourceDatabase, SourceInfo, SourceRow } from './scan-source.ts';

/** Replicas as databases: nothing is sent anywhere. */
export class ReplicasSource implements ScanSource {
  readonly name: string;
  readonly isOne: boolean;
  readonly #replicas: readonly Replica[];

  /** @param replicas in the order of their names, all of them different */
  constructor(replicas: readonly Replica[]) {
    this.name = replicas.map(({ name }) => `replica:${name}`).join(' ');
    this.isOne = replicas.length === 1;
    this.#replicas = replicas;
  }

  async *databases(from: string): AsyncGenerator<readonly SourceDatabase[], void, undefined> {
    const found = this.#replicas.filter(({ name }) => compareIds(name, from) >= 0);
    if (found.length > 0) yield found.map((replica) => new ReplicaDatabase(replica));
  }

  open(name: string): SourceDatabase | undefined {
    const replica = this.#replicas.find((one) => one.name === name);
    return replica === undefined ? undefined : new ReplicaDatabase(replica);
  }

  isUp(): Promise<boolean> {
    return Promise.resolve(true);
  }

  mark(): Promise<undefined> {
    return Promise.resolve(undefined);
  }

  async follow(
    _mark: Sequence | undefined,
    tell: (names: readonly string[]) => void,
    signal: AbortSignal,
  ): Promise<void> {
    await Promise.all(
      this.#replicas.map(async (replica) => {
        for await (const _ of replica.changes({ live: true, since: 'now', signal }).batches()) tell([replica.name]);
      }),
    );
  }

  requests(): number {
    return 0;
  }
}

/** A replica as it is scanned. */
class ReplicaDatabase implements SourceDatabase {
  readonly name: string;
  readonly #replica: Replica;

  constructor(replica: Replica) {
    this.name = replica.name;
    this.#replica = replica;
  }

  async info(): Promise<SourceInfo> {
    const { docCount, docDelCount, updateSeq, uuid } = await this.#replica.info();
    return { docCount, docDelCount, updateSeq, instance: uuid };
  }

  async *designDocs(signal: AbortSignal): AsyncGenerator<readonly ScanDesignDoc[], void, undefined> {
    // `0` comes right after the slash.
    for await (const texts of this.#replica.texts({ startKey: '_design/', endKey: '_design0' }).batches()) {
      signal.throwIfAborted();
      yield texts.map(({ id, rev, text }) => scanDesignDoc(id, rev, parseObject(text, `The document ${id}`)));
    }
  }

  async *changes(
    since: Sequence,
    { withDocs, before, signal }: RowOptions,
  ): AsyncGenerator<RowPage<Sequence>, void, undefined> {
    await before();
    const place = typeof since === 'number' ? since : 0;
    for await (const events of this.#replica.changes({ since: place, signal }).batches()) {
      const rows: SourceRow[] = [];
      let last: number = place;
      for (const event of events) {
        last = event.type === 'row' ? event.seq : event.lastSeq;
        if (event.type !== 'row') continue;
        const { id, seq, deleted, changes } = event;
        rows.push({ id, seq, deleted, revs: changes.map(({ rev }) => rev) });
      }
      yield { rows: withDocs ? await this.#withDocs(rows) : rows, place: last };
      await before();
    }
  }

  async *range(
    { from, to }: Partition,
    { limit, before, withLosers = false, signal }: RowOptions,
  ): AsyncGenerator<RowPage<string>, void, undefined> {
    const range = { ...(from === undefined ? {} : { startKey: from }), ...(to === undefined ? {} : { endKey: to }) };
    await before();
    for await (const texts of this.#replica.texts(range).batches()) {
      signal.throwIfAborted();
      for (let start = 0; start < texts.length; start += limit) {
        const page = texts.slice(start, start + limit).filter(({ id }) => id !== to);
        const rows = page.map(({ id, rev, text }) => ({
          id,
          seq: null,
          deleted: false,
          revs: [rev],
          doc: scanDoc(id, rev, text),
        }));
        if (withLosers) await this.#addLosers(rows);
        yield { rows, place: rows.at(-1)?.id };
        await before();
      }
    }
  }

  async *bodies(rows: readonly SourceRow[]): AsyncGenerator<readonly ScanDoc[], void, undefined> {
    for (let start = 0; start < rows.length; start += TOGETHER) {
      const texts = await this.#replica.winners(rows.slice(start, start + TOGETHER).map(({ id }) => id));
      yield texts.map(({ id, rev, text }) => scanDoc(id, rev, text));
    }
  }

  async leaves(rows: readonly SourceRow[]): Promise<ReadonlyMap<string, readonly ScanLeaf[]>> {
    const leaves = await Promise.all(rows.map(({ id }) => this.#replica.leaves(id)));
    return new Map(rows.map(({ id }, index) => [id, leaves[index] ?? []]));
  }

  async partitions(documents: number, signal: AbortSignal): Promise<readonly Partition[]> {
    const bounds: string[] = [];
    let count = 0;
    for await (const texts of this.#replica.texts().batches()) {
      signal.throwIfAborted();
      for (const { id } of texts) {
        if (count > 0 && count % documents === 0) bounds.push(id);
        count += 1;
      }
    }
    return between(bounds);
  }

  async revisions(id: string, revs?: readonly string[]): Promise<ScanRevision[]> {
    const leaves = await this.#replica.leaves(id);
    const wanted = revs ?? leaves.map(({ rev }) => rev);
    const found: ScanRevision[] = [];
    for (const rev of wanted) {
      const text = await this.#replica.text(id, { rev });
      if (text === undefined) continue;
      const document = parseObject(text, `The document ${JSON.stringify(id)}`);
      found.push(scanRevision(rev, document['_deleted'] === true, document));
    }
    return found;
  }

  designDocInfo(): Promise<undefined> {
    return Promise.resolve(undefined);
  }

  async #addLosers(rows: readonly { readonly id: string; revs: string[] }[]): Promise<void> {
    for (const row of rows) {
      const leaves = await this.#replica.leaves(row.id);
      row.revs = leaves.filter(({ deleted }) => !deleted).map(({ rev }) => rev);
    }
  }

  async #withDocs(rows: readonly SourceRow[]): Promise<SourceRow[]> {
    const docs = new Map<string, ScanDoc>();
    for await (const batch of this.bodies(rows.filter(({ deleted }) => !deleted))) {
      for (const doc of batch) docs.set(doc.id, doc);
    }
    return rows.map((row) => {
      const doc = docs.get(row.id);
      return doc === undefined ? row : { ...row, doc };
    });
  }
}

/** Bodies that are in memory at the same time. */
const TOGETHER = 200;
