import type { ScanEvent } from '../events.ts';
import type { Partition } from '../plugin.ts';
import type { SourceDatabase } from '../source/scan-source.ts';
import { Delivery, wantsEveryBody } from './deliver.ts';
import { DatabaseHandle } from './handle.ts';
import type { KeptRun } from './kept-run.ts';
import { commitRuns, drain, type Pass, tellProgress } from './pass.ts';
import { enter, openDocuments, wantsRows } from './steps.ts';
import { Visit } from './visit.ts';

/**
 * Shows the live documents of a part of a database to a plugin, from where it stands in it. The database itself, its design documents
 * as such and its tombstones are shown by whoever scans the rest of it.
 *
 * @returns whether all of it was scanned; not, when the budget is spent
 */
export async function* scanRange(
  pass: Pass,
  db: SourceDatabase,
  part: Partition,
  kept: KeptRun,
): AsyncGenerator<readonly ScanEvent[], boolean, undefined> {
  const { limit, signal, budget, counts, batch } = pass;
  const { run } = kept;
  const handle = new DatabaseHandle(db, signal);
  const visit = new Visit(kept);
  await limit.take('db', 1, signal);
  const isWanted = (await enter(visit, db.name, handle)) && wantsRows(run.plugin);
  // Whether it wants this database was asked; what it finds in the name is told elsewhere.
  run.discard('db');
  if (!isWanted) return true;
  if ((await openDocuments(visit, db.name, handle, await db.info(signal), 0)) === undefined) return true;
  const { after } = kept.positionIn(db.name);
  const pages = db.range(after === undefined ? part : { ...part, from: `${after}\0` }, {
    withDocs: wantsEveryBody(pass, [visit]),
    withLosers: run.plugin.docRevs !== undefined,
    limit: Math.min(batch, budget.documentsLeft(counts.documents)),
    before: () => limit.take('feed', 1, signal),
    signal,
  });
  const delivery = new Delivery(pass, db, handle);
  for await (const page of pages) {
    // They come in pieces of any size: no more is shown than one commit covers.
    for (let { rows } = page; rows.length > 0 && visit.goesOn; ) {
      const some = rows.slice(0, Math.max(1, batch - kept.uncommitted));
      rows = rows.slice(some.length);
      await delivery.deliver(some, [visit]);
      kept.pass(some.length);
      kept.position = { db: db.name, inDocuments: true, after: some.at(-1)?.id ?? '' };
      const isSpent = budget.isSpent(counts.documents);
      await commitRuns(pass, [kept], isSpent);
      tellProgress(pass, db.name, undefined);
      yield drain(pass);
      if (isSpent) return false;
    }
    if (!visit.goesOn) break;
  }
  if (run.outcome === undefined) {
    await run.step('dbClosing', 'db', { db: db.name }, (state, context) =>
      run.plugin.dbClosing?.(state, handle, context),
    );
  }
  return true;
}
