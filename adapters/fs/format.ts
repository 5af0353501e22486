import { isStoreError } from '../../src/core/errors.ts';
import { TABLES } from '../sqlite.ts';
import { FileDatabase } from './database.ts';
import { storeError } from './failure.ts';

/** `ctid`, which marks the files that couchtide writes (https://www.sqlite.org/fileformat.html#application_id). */
const APPLICATION_ID = 0x63746964;

/** The newest format of the tables that this code knows, kept as SQLite's `user_version`. */
const FORMAT = 1;

/**
 * Looks at a file without changing anything in it or beside it.
 *
 * @throws StoreError `foreign` or `newer` for what this couchtide must leave alone
 */
export function refuseOthers(path: string): void {
  const database = FileDatabase.frozen(path);
  try {
    checkFormat(database, path);
  } catch (error) {
    // Seen without its log, a sound store may look damaged. With it, it shows.
    if (!isStoreError(error) || error.failure !== 'corrupt') throw error;
  } finally {
    database.close();
  }
}

/** @throws StoreError `foreign` or `newer` */
export function checkFormat(database: FileDatabase, path: string): void {
  if (readNumber(database, 'PRAGMA application_id') !== APPLICATION_ID) throw storeError('foreign', path);
  if (readNumber(database, 'PRAGMA user_version') > FORMAT) throw storeError('newer', path);
}

/** Makes the tables in a new file, unless another process was faster. */
export async function createTables(database: FileDatabase): Promise<void> {
  const isEmpty = (): boolean => readNumber(database, 'SELECT count(*) FROM sqlite_schema') === 0;
  if (!(await database.read(isEmpty))) return;
  await database.write(() => {
    if (!isEmpty()) return;
    for (const table of TABLES) database.exec(table);
    database.exec(`PRAGMA application_id = ${APPLICATION_ID}`);
    database.exec(`PRAGMA user_version = ${FORMAT}`);
  });
}

function readNumber(database: FileDatabase, sql: string): number {
  return Number(Object.values(database.prepare(sql).first() ?? {})[0]);
}
