import { existsSync, statSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { InputError, StoreError } from '../../src/core/errors.ts';
import type { Kv, KvLimits } from '../../src/kv/kv.ts';
import { poll } from '../../src/kv/poll.ts';
import { sqliteKv, TABLES } from '../sqlite.ts';
import { FileDatabase } from './database.ts';
import { storeError } from './failure.ts';
import { APPLICATION_ID, FORMAT, findPlace } from './place.ts';

/** How a store in a directory is opened. */
export interface FsKvOptions {
  /** Only reads, also where nothing can be written. Updates raise `StoreError` (`read-only`). Default false. */
  readonly readOnly?: boolean | undefined;
}

/**
 * What one store takes. SQLite itself would take a gigabyte in one value; a commit however runs in one go on the thread
 * of its caller, so these keep one within about a second, and what is held in memory at once within a hundred megabytes.
 */
const LIMITS: KvLimits = {
  keyBytes: 2048,
  valueBytes: 16 * 1024 * 1024,
  keysPerRead: 10_000,
  guardsPerUpdate: 1000,
  mutationsPerUpdate: 50_000,
  bytesPerUpdate: 64 * 1024 * 1024,
  keyBytesPerUpdate: 16 * 1024 * 1024,
};

/** Milliseconds after which a watch learns of another process's commit, at the latest. */
const POLL = 100;

/**
 * The store that a directory holds, in the one SQLite file `couchtide.sqlite`, with a log and an index of the log beside
 * it while it is in use. Any number of processes and runtimes of this machine may use it at once; network file systems are not
 * made for that.
 *
 * Commits of this handle are told to its watches at once, those of others within a tenth of a second. An open store does
 * not keep the process from ending, and a watch does not either.
 *
 * @param directory is made when it does not exist, with its parents; with `readOnly` it must be there
 * @throws StoreError `missing`, `denied`, `read-only`, `full`, `foreign`, `newer`, `corrupt` or `busy`, with a sentence that
 *   says what to do
 *
 * @example
 * ```ts
 * const kv = await fsKv('./recipes');
 * await kv.update([], () => ({ set: [[['greeting'], new TextEncoder().encode('hello')]], result: undefined }));
 * await kv.close();
 * ```
 */
export async function fsKv(directory: string, { readOnly = false }: FsKvOptions = {}): Promise<Kv> {
  if (directory === '') throw new InputError('The path of the store is empty: name a directory, "." for this one');
  const path = await findPlace(directory, readOnly);
  const database = await (readOnly ? openToRead(path) : openToWrite(path));
  const version = database.prepare('PRAGMA data_version');
  return sqliteKv(database, {
    limits: LIMITS,
    reach: 'machine',
    follow: (changed, signal) =>
      void poll(() => version.first()?.['data_version'], changed, {
        every: POLL,
        platform: { sleep: (ms) => setTimeout(ms, undefined, { ref: false, signal }) },
        signal,
      }),
  });
}

async function openToWrite(path: string): Promise<FileDatabase> {
  const database = new FileDatabase(path, path, false);
  try {
    await database.patiently(() => {
      // A page takes several rows of a kilobyte. It counts for new files only.
      database.exec('PRAGMA page_size = 8192');
      // What the system calls a sync leaves data in the disk's own cache on macOS, unless asked otherwise.
      database.exec('PRAGMA fullfsync = ON');
      database.exec('PRAGMA cell_size_check = ON');
    });
    if ((await formatOf(database, path)) === 0) {
      await database.write(() => {
        if (readFormat(database) !== 0) return;
        for (const table of TABLES) database.exec(table);
        database.exec(`PRAGMA application_id = ${APPLICATION_ID}`);
        database.exec(`PRAGMA user_version = ${FORMAT}`);
      });
    }
    // Not before the header is on disk, where the next one to open the file looks for it.
    await database.patiently(() => database.exec('PRAGMA journal_mode = WAL'));
    database.exec(`PRAGMA journal_size_limit = ${16 * 1024 * 1024}`);
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

async function openToRead(path: string): Promise<FileDatabase> {
  const database = new FileDatabase(path, path, true);
  try {
    await formatOf(database, path);
    return database;
  } catch (error) {
    database.close();
    if (!(error instanceof StoreError) || (error.failure !== 'failed' && error.failure !== 'read-only')) throw error;
    // Where nothing can be written SQLite cannot make the index of the log, which is needless as long as there is no log.
    if (existsSync(`${path}-wal`) && statSync(`${path}-wal`).size > 0) throw storeError('read-only', path, error);
  }
  const frozen = new FileDatabase(`${pathToFileURL(path)}?immutable=1`, path, true);
  try {
    await formatOf(frozen, path);
    return frozen;
  } catch (error) {
    frozen.close();
    throw error;
  }
}

/** @throws StoreError for a format that only a newer couchtide knows */
async function formatOf(database: FileDatabase, path: string): Promise<number> {
  const format = await database.read(() => readFormat(database));
  if (format > FORMAT) throw storeError('newer', path);
  return format;
}

function readFormat(database: FileDatabase): number {
  return Number(database.prepare('PRAGMA user_version').first()?.['user_version']);
}
