import { readdir, stat } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { InputError, isStoreError, StoreError, type StoreFailure } from '../../src/core/errors.ts';
import type { Kv, KvLimits } from '../../src/kv/kv.ts';
import { poll } from '../../src/kv/poll.ts';
import { sqliteKv } from '../sqlite.ts';
import { FileDatabase } from './database.ts';
import { checkFormat, createTables, refuseOthers } from './format.ts';
import { findPlace, makePlace } from './place.ts';

export { type FromFileOptions, fromFile } from './from-file.ts';

/** How a store in a directory is opened. */
export interface FsKvOptions {
  /**
   * Only reads, also where nothing can be written (in Node.js from 22.15 on). Updates raise `StoreError` (`read-only`).
   * Default false.
   */
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

/** To this size the log is cut back after a large commit. */
const LOG_BYTES = 16 * 1024 * 1024;

/** What SQLite says where it can read a file and make none beside it. */
const UNWRITABLE: ReadonlySet<StoreFailure> = new Set(['failed', 'read-only', 'full']);

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
  const { path, isNew } = await (readOnly ? findPlace(directory) : makePlace(directory));
  if (!isNew) refuseOthers(path);
  const database = await (readOnly ? openToRead(path) : openToWrite(path));
  return closingOnFailure(database, () => {
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
  });
}

async function openToWrite(path: string): Promise<FileDatabase> {
  const database = new FileDatabase(path, false);
  return closingOnFailure(database, async () => {
    // A page takes several rows of a kilobyte. It counts for new files only.
    database.exec('PRAGMA page_size = 8192');
    // What the system calls a sync leaves data in the disk's own cache on macOS, unless asked otherwise.
    database.exec('PRAGMA fullfsync = ON');
    database.exec('PRAGMA cell_size_check = ON');
    database.exec(`PRAGMA journal_size_limit = ${LOG_BYTES}`);
    await createTables(database);
    await database.read(() => checkFormat(database, path));
    // Not earlier: who opens the file next looks for its format in the file, not in the log.
    await database.patiently(() => database.exec('PRAGMA journal_mode = WAL'));
    return database;
  });
}

async function openToRead(path: string): Promise<FileDatabase> {
  const database = new FileDatabase(path, true);
  try {
    return await closingOnFailure(database, async () => {
      await database.read(() => checkFormat(database, path));
      return database;
    });
  } catch (error) {
    // Where nothing can be written, SQLite cannot make the index of the log. Without a log it can do without.
    if (!isStoreError(error) || !UNWRITABLE.has(error.failure)) throw error;
    if (await hasLog(path)) {
      const advice = 'was not closed, and cannot be mended where nothing can be written: copy its directory elsewhere';
      throw new StoreError(`The store ${JSON.stringify(path)} ${advice}`, 'read-only', { cause: error });
    }
    const frozen = FileDatabase.frozen(path);
    return closingOnFailure(frozen, () => {
      checkFormat(frozen, path);
      return frozen;
    });
  }
}

async function hasLog(path: string): Promise<boolean> {
  const names = await readdir(dirname(path));
  return names.includes(`${basename(path)}-wal`) && (await stat(`${path}-wal`)).size > 0;
}

async function closingOnFailure<R>(database: FileDatabase, run: () => R | Promise<R>): Promise<R> {
  try {
    return await run();
  } catch (error) {
    database.close();
    throw error;
  }
}
