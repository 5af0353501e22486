import type { Sequence } from '../../couch/feed/sequence.ts';
import type { ScanDb, ScanPlugin } from '../plugin.ts';
import type { SourceDatabase, SourceInfo } from '../source/scan-source.ts';
import type { Pass } from './pass.ts';
import type { Visit } from './visit.ts';

/** Shows the database itself. Whether the plugin wants to see what is in it. */
export async function enter({ kept }: Visit, db: string, handle: ScanDb): Promise<boolean> {
  const { run } = kept;
  run.look(db, 'db', '');
  const go = await run.step('db', 'db', { db }, (state, context) => run.plugin.db(state, handle, context));
  if (run.outcome !== undefined) return false;
  if (go === 'ok') return true;
  if (go === 'stop') run.isThrough = true;
  kept.passDatabase(db);
  return false;
}

export async function showDesignDocs(
  pass: Pass,
  db: SourceDatabase,
  handle: ScanDb,
  visits: readonly Visit[],
): Promise<void> {
  const readers = visits.filter(
    ({ kept }) => kept.run.plugin.ddoc !== undefined && kept.positionIn(db.name).inDocuments !== true,
  );
  if (readers.length === 0) return;
  for await (const ddocs of db.designDocs(pass.signal)) {
    for (const ddoc of ddocs) {
      pass.counts.designDocs += 1;
      if (pass.skip.ddoc(ddoc.id)) continue;
      for (const one of readers) {
        if (!one.goesOn) continue;
        const { run } = one.kept;
        run.look(db.name, 'ddoc', ddoc.id);
        const subject = { db: db.name, id: ddoc.id, rev: ddoc.rev };
        const go = await run.step('ddoc', 'ddoc', subject, (state, context) =>
          run.plugin.ddoc?.(state, handle, ddoc, context),
        );
        if (go === 'stop') one.stop();
      }
    }
    if (!readers.some(({ goesOn }) => goesOn)) break;
  }
  for (const one of readers) {
    one.kept.passDesignDocs(db.name);
    one.goOn();
  }
}

/** After which sequence a plugin is shown the documents; undefined where it wants none. */
export async function openDocuments(
  { kept }: Visit,
  db: string,
  handle: ScanDb,
  info: SourceInfo,
  base: Sequence,
): Promise<Sequence | undefined> {
  const { run } = kept;
  if (run.outcome !== undefined || !wantsDocuments(run.plugin)) return undefined;
  const answer = await run.ask('dbOpened', { db }, (state, context) =>
    run.plugin.dbOpened?.(state, handle, info, context),
  );
  if (answer === undefined) return undefined;
  const since = answer['since'] as Sequence | undefined;
  return kept.positionIn(db).since ?? since ?? base;
}

function wantsDocuments({ dbOpened, docId, docRevs, doc, dbClosing }: ScanPlugin): boolean {
  return [dbOpened, docId, docRevs, doc, dbClosing].some((callback) => callback !== undefined);
}

/** Whether a plugin wants to see documents. */
export function wantsRows({ docId, docRevs, doc }: ScanPlugin): boolean {
  return docId !== undefined || docRevs !== undefined || doc !== undefined;
}
