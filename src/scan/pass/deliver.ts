import { breather } from '../../core/breather.ts';
import { parseRev } from '../../revs/rev.ts';
import { compareLeaves } from '../../revs/winner.ts';
import type { RevisionSummary, ScanDb, ScanDoc, ScanLeaf } from '../plugin.ts';
import type { Go } from '../run/answers.ts';
import type { SourceDatabase, SourceRow } from '../source/scan-source.ts';
import type { Pass } from './pass.ts';
import type { Visit } from './visit.ts';

/** Whether bodies may come with the rows: every plugin that wants any wants all of them. */
export function wantsEveryBody(pass: Pass, visits: readonly Visit[]): boolean {
  const readers = visits.filter(({ kept }) => kept.run.plugin.doc !== undefined);
  return (
    readers.length > 0 && !pass.skip.hasDocs && readers.every(({ kept }) => kept.run.plugin.needs?.bodies === 'every')
  );
}

/**
 * Shows rows of a database to plugins: first of all of them what the feed tells, then the bodies of those that nobody has skipped,
 * unless they have come along. What no plugin wants is not read.
 */
export class Delivery {
  readonly #pass: Pass;
  readonly #db: SourceDatabase;
  readonly #handle: ScanDb;
  readonly #breathe: () => Promise<void>;

  constructor(pass: Pass, db: SourceDatabase, handle: ScanDb) {
    this.#pass = pass;
    this.#db = db;
    this.#handle = handle;
    this.#breathe = breather(pass.platform);
  }

  async deliver(rows: readonly SourceRow[], visits: readonly Visit[]): Promise<void> {
    const { counts, skip, limit, signal } = this.#pass;
    const read = rows.reduce((sum, { doc }) => (doc === undefined ? sum : sum + 1), 0);
    if (read > 0) await limit.take('doc', read, signal);
    const leaves = await this.#leaves(rows, visits);
    const wanted = new Map<string, { readonly row: SourceRow; readonly by: Visit[] }>();
    for (const row of rows) {
      counts.documents += 1;
      if (skip.hasDocs && skip.doc(row.id)) continue;
      for (const visit of visits) {
        if (!visit.goesOn) continue;
        const shown = this.#showRow(row, visit, leaves);
        if (!(typeof shown === 'boolean' ? shown : await shown)) continue;
        if (row.doc === undefined) {
          const want = wanted.get(row.id) ?? { row, by: [] };
          want.by.push(visit);
          wanted.set(row.id, want);
          continue;
        }
        counts.bodies += 1;
        const going = this.#showDoc(row.doc, visit);
        if (typeof going === 'object') await going;
      }
      await this.#breathe();
    }
    if (wanted.size > 0) await this.#showBodies(wanted);
  }

  async #showBodies(wanted: ReadonlyMap<string, { readonly row: SourceRow; readonly by: Visit[] }>): Promise<void> {
    const { limit, signal, counts } = this.#pass;
    await limit.take('doc', wanted.size, signal);
    const rows = Array.from(wanted.values(), ({ row }) => row);
    for await (const docs of this.#db.bodies(rows, signal)) {
      for (const doc of docs) {
        const by = wanted.get(doc.id)?.by ?? [];
        counts.bodies += 1;
        for (const visit of by) {
          if ('error' in doc) visit.kept.run.miss({ db: this.#db.name, id: doc.id }, doc.error);
          else if (visit.goesOn) await this.#showDoc(doc, visit);
        }
        await this.#breathe();
      }
    }
  }

  /** Shows what the feed tells of a document. Whether its body is wanted. */
  #showRow(row: SourceRow, visit: Visit, leaves: ReadonlyMap<string, readonly ScanLeaf[]>): boolean | Promise<boolean> {
    const { run } = visit.kept;
    const { plugin } = run;
    const { id, deleted, revs } = row;
    const subject = { db: this.#db.name, id, ...(revs[0] === undefined ? {} : { rev: revs[0] }) };
    run.look(this.#db.name, 'doc', id);
    const showRevs = (): boolean | Promise<boolean> => {
      if (plugin.docRevs === undefined) return this.#wants(visit, row, 'ok');
      const summary: RevisionSummary = { id, seq: row.seq, deleted, leaves: leaves.get(id) ?? leavesOf(row) };
      const go = run.step('docRevs', 'doc', subject, (state, context) =>
        plugin.docRevs?.(state, this.#handle, summary, context),
      );
      return typeof go === 'string' ? this.#wants(visit, row, go) : go.then((done) => this.#wants(visit, row, done));
    };
    if (plugin.docId === undefined) return showRevs();
    const go = run.step('docId', 'doc', subject, (state, context) => plugin.docId?.(state, this.#handle, id, context));
    const next = (done: Go): boolean | Promise<boolean> => (done === 'ok' ? showRevs() : this.#wants(visit, row, done));
    return typeof go === 'string' ? next(go) : go.then(next);
  }

  #wants(visit: Visit, { deleted }: SourceRow, go: Go): boolean {
    if (go === 'stop') visit.stop();
    return go === 'ok' && !deleted && visit.kept.run.plugin.doc !== undefined && visit.goesOn;
  }

  #showDoc(doc: ScanDoc, visit: Visit): undefined | Promise<void> {
    const { run } = visit.kept;
    const subject = { db: this.#db.name, id: doc.id, rev: doc.rev };
    const go = run.step('doc', 'doc', subject, (state, context) => run.plugin.doc?.(state, this.#handle, doc, context));
    const take = (done: Go): void => {
      if (done === 'stop') visit.stop();
    };
    if (typeof go === 'object') return go.then(take);
    take(go);
    return undefined;
  }

  /** The leaves of those documents of which plugins want to know more than the feed tells. */
  async #leaves(
    rows: readonly SourceRow[],
    visits: readonly Visit[],
  ): Promise<ReadonlyMap<string, readonly ScanLeaf[]>> {
    const isWanted = visits.some(({ kept: { run }, goesOn }) => {
      return goesOn && run.plugin.docRevs !== undefined && run.plugin.needs?.leaves === true;
    });
    if (!isWanted) return new Map();
    const { skip, limit, signal } = this.#pass;
    const torn = rows.filter(({ id, deleted, revs }) => !deleted && revs.length > 1 && !(skip.hasDocs && skip.doc(id)));
    if (torn.length === 0) return new Map();
    await limit.take('doc', torn.length, signal);
    const known = await this.#db.leaves(torn, signal);
    return new Map(
      rows.flatMap((row): [string, readonly ScanLeaf[]][] => {
        const leaves = known.get(row.id);
        return leaves === undefined ? [] : [[row.id, winnerFirst(leaves)]];
      }),
    );
  }
}

/** The leaves as CouchDB orders them, which other servers may not. */
function winnerFirst(leaves: readonly ScanLeaf[]): readonly ScanLeaf[] {
  const ranked = leaves.map(({ rev, deleted = false }) => {
    const { generation, id } = parseRev(rev) ?? { generation: 0, id: rev };
    return { rev, deleted, generation, id };
  });
  return ranked.sort(compareLeaves).map(({ rev, deleted }) => ({ rev, deleted }));
}

/** Live leaves come first: where the winner is a tombstone, all are, and of a single one everything is known. */
function leavesOf({ revs, deleted }: SourceRow): ScanLeaf[] {
  return revs.map((rev, index) => ({ rev, deleted: deleted ? true : index === 0 ? false : undefined }));
}
