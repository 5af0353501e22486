import { isCouchError } from '../../core/errors.ts';
import { formatSequence, isSameSequence, type Sequence } from '../../couch/feed/sequence.ts';
import type { ScanEvent } from '../events.ts';
import type { ScanDb } from '../plugin.ts';
import type { SourceDatabase, SourceInfo } from '../source/scan-source.ts';
import type { DatabaseMark } from '../state/checkpoint.ts';
import { Delivery, wantsEveryBody } from './deliver.ts';
import { DatabaseHandle } from './handle.ts';
import type { KeptRun } from './kept-run.ts';
import { commitRuns, drain, type Pass, tellProgress } from './pass.ts';
import { enter, openDocuments, showDesignDocs, wantsRows } from './steps.ts';
import { Visit } from './visit.ts';

/** A visit and where it begins. */
interface OpenVisit {
  readonly visit: Visit;
  since: Sequence;
}

/**
 * Shows a database to some plugins, each from where it stands in it: first itself, then its design documents, then its documents.
 * Those that stand at the same place share every request. What is yielded is to be told.
 *
 * @returns whether all of it was scanned; not, when the budget is spent
 */
export async function* scanDatabase(
  pass: Pass,
  db: SourceDatabase,
  runs: readonly KeptRun[],
): AsyncGenerator<readonly ScanEvent[], boolean, undefined> {
  const visits = runs.map((kept) => new Visit(kept));
  const { counts, limit, skip, signal, source } = pass;
  counts.databases += 1;
  if (skip.db(db.name)) {
    for (const { kept } of visits) kept.passDatabase(db.name);
    return true;
  }
  await limit.take('db', 1, signal);
  try {
    return yield* visit(pass, db, visits);
  } catch (error) {
    if (source.isOne || !isPassable(error)) throw error;
    pass.outbox.push({ type: 'failure', db: db.name, message: messageOf(error), error, fatal: false });
    for (const { kept } of visits) kept.passDatabase(db.name);
    yield drain(pass);
    return true;
  }
}

/** Whether an error concerns one database: it was deleted meanwhile, or may not be read. */
function isPassable(error: unknown): boolean {
  return isCouchError(error) && [401, 403, 404].includes(error.status);
}

async function* visit(
  pass: Pass,
  db: SourceDatabase,
  all: readonly Visit[],
): AsyncGenerator<readonly ScanEvent[], boolean, undefined> {
  const handle = new DatabaseHandle(db, pass.signal);
  let info: SourceInfo | undefined;
  const going: { readonly visit: Visit; readonly mark: DatabaseMark | undefined }[] = [];
  for (const one of all) {
    const mark = await one.kept.mark(db.name);
    if (mark !== undefined) {
      info ??= await db.info(pass.signal);
      const isSame = mark.instance === info.instance;
      if (!isSame) await one.kept.forgetDatabase(db.name);
      if (isSame && isSameSequence(mark.since, info.updateSeq)) {
        one.kept.passDatabase(db.name);
        continue;
      }
    }
    if (await enter(one, db.name, handle)) going.push({ visit: one, mark });
  }
  if (going.length === 0) {
    yield drain(pass);
    return true;
  }
  info ??= await db.info(pass.signal);
  const coming = info.docCount + info.docDelCount;
  // No more than a batch is ever shown again.
  const full = all.filter(({ kept }) => kept.uncommitted > 0 && kept.uncommitted + coming > pass.batch);
  await commitRuns(
    pass,
    full.map(({ kept }) => kept),
    true,
  );
  await showDesignDocs(
    pass,
    db,
    handle,
    going.map(({ visit: one }) => one),
  );
  const open: OpenVisit[] = [];
  for (const { visit: one, mark } of going) {
    const isSame = mark !== undefined && mark.instance === info.instance;
    const since = await openDocuments(one, db.name, handle, info, isSame ? mark.since : 0);
    if (since !== undefined) open.push({ visit: one, since });
    else if (one.kept.run.outcome === undefined)
      one.kept.passDatabase(db.name, markOf(pass.markAt ?? info.updateSeq, info));
  }
  for (const group of groupBy(open)) {
    if (!(yield* showDocuments(pass, db, handle, info, group))) return false;
  }
  yield drain(pass);
  return true;
}

function groupBy(open: readonly OpenVisit[]): OpenVisit[][] {
  const groups = new Map<string, OpenVisit[]>();
  for (const one of open) {
    const place = formatSequence(one.since);
    groups.set(place, [...(groups.get(place) ?? []), one]);
  }
  return [...groups.values()];
}

async function* showDocuments(
  pass: Pass,
  db: SourceDatabase,
  handle: ScanDb,
  info: SourceInfo,
  group: readonly OpenVisit[],
): AsyncGenerator<readonly ScanEvent[], boolean, undefined> {
  const { limit, signal, counts, budget, batch } = pass;
  const visits = group.map(({ visit: one }) => one);
  const delivery = new Delivery(pass, db, handle);
  let place = group[0]?.since ?? 0;
  const wanting = visits.filter(({ kept: { run } }) => wantsRows(run.plugin));
  const pages =
    wanting.length === 0
      ? []
      : db.changes(place, {
          withDocs: pass.only === undefined && wantsEveryBody(pass, wanting),
          limit: Math.min(batch, budget.documentsLeft(counts.documents)),
          before: () => limit.take('feed', 1, signal),
          signal,
        });
  for await (const page of pages) {
    const rows = pass.only === 'tombstones' ? page.rows.filter(({ deleted }) => deleted) : page.rows;
    await delivery.deliver(rows, wanting);
    for (const { kept } of visits) kept.pass(rows.length);
    if (page.place === undefined) continue;
    place = page.place;
    for (const { kept } of visits) kept.position = { db: db.name, inDocuments: true, since: place };
    const isSpent = budget.isSpent(counts.documents);
    await commitRuns(
      pass,
      visits.map(({ kept }) => kept),
      isSpent,
    );
    const { pending } = page;
    tellProgress(pass, db.name, pending);
    yield drain(pass);
    if (!wanting.some(({ goesOn }) => goesOn)) break;
    // What is still to come may be nothing at all.
    if (isSpent && pending !== 0) return false;
  }
  for (const { kept } of visits) {
    const { run } = kept;
    if (run.outcome !== undefined) continue;
    await run.step('dbClosing', 'db', { db: db.name }, (state, context) =>
      run.plugin.dbClosing?.(state, handle, context),
    );
    kept.passDatabase(db.name, markOf(pass.markAt ?? (wanting.length === 0 ? info.updateSeq : place), info));
  }
  return true;
}

function markOf(since: Sequence, { instance }: SourceInfo): DatabaseMark {
  return { since, ...(instance === undefined ? {} : { instance }) };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
