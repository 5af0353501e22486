import { statSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { childController } from '../../src/core/abort.ts';
import { ClosedError, StoreError } from '../../src/core/errors.ts';
import { type Platform, platform } from '../../src/core/platform.ts';
import type { UpdateOptions } from '../../src/kv/kv.ts';
import { transact } from '../../src/kv/transact.ts';
import type { SqlDatabase, SqlRow, SqlStatement } from '../sqlite.ts';
import { asStoreError, storeError } from './failure.ts';
import { loadSqlite, type NodeDatabase } from './node-sqlite.ts';

/**
 * For how many milliseconds SQLite waits by itself while another process holds a lock. It blocks the event loop, so the
 * long waits are between tries.
 */
const BLOCKING = 10;

/** One connection to a SQLite file that several processes share. */
export class FileDatabase implements SqlDatabase {
  readonly #path: string;
  readonly #database: NodeDatabase;
  readonly #platform: Platform = platform();
  readonly #closing = new AbortController();
  #durability: UpdateOptions['durability'];
  /** What the file was like when it was opened, where no lock keeps others from changing it. */
  #frozenAs: string | undefined;

  /** @param location the file as SQLite is to open it, where that is not its path */
  constructor(path: string, readOnly: boolean, location = path) {
    const { DatabaseSync } = loadSqlite();
    this.#path = path;
    this.#database = this.#named(() => new DatabaseSync(location, { readOnly }));
    this.exec(`PRAGMA busy_timeout = ${BLOCKING}`);
  }

  /**
   * Reads a file as if it could not change: without a lock, without its log, and without making a file beside it. When it
   * has changed all the same, `read` raises a `StoreError`.
   */
  static frozen(path: string): FileDatabase {
    const frozenAs = looksOf(path);
    try {
      const database = new FileDatabase(path, true, `${pathToFileURL(path)}?immutable=1`);
      database.#frozenAs = frozenAs;
      return database;
    } catch {
      // Node.js before 22.15 does not open URLs: files appear beside this one, and where they cannot, it is not read.
      return new FileDatabase(path, true);
    }
  }

  /** Statements without parameters or results. */
  exec(sql: string): void {
    this.#named(() => this.#database.exec(sql));
  }

  prepare(sql: string): SqlStatement {
    const statement = this.#named(() => this.#database.prepare(sql));
    const named = this.#named.bind(this);
    const path = this.#path;
    return {
      run: (...values) => void named(() => statement.run(...values)),
      first: (...values) => named(() => statement.get(...values)),
      *rows(...values): Iterable<SqlRow> {
        try {
          yield* statement.iterate(...values);
        } catch (error) {
          throw asStoreError(error, path);
        }
      },
    };
  }

  /** Runs something again while others are in its way. */
  async patiently<R>(run: () => R, signal?: AbortSignal): Promise<R> {
    const either = childController(signal, this.#closing.signal);
    const attempt = (): readonly [R] | readonly [] => {
      try {
        return [run()];
      } catch (error) {
        if (error instanceof StoreError && error.failure === 'busy') return [];
        throw error;
      }
    };
    const lost = (): StoreError => storeError('busy', this.#path);
    try {
      return await transact(attempt, { platform: this.#platform, lost, signal: either.signal });
    } finally {
      either.release();
    }
  }

  async read<R>(run: () => R): Promise<R> {
    return this.patiently(() =>
      this.#transaction('BEGIN', () => {
        const result = run();
        this.#mustBeUnchanged();
        return result;
      }),
    );
  }

  async write<R>(run: () => R, { durability = 'strict', signal }: UpdateOptions = {}): Promise<R> {
    return this.patiently(() => {
      this.#setDurability(durability);
      return this.#transaction('BEGIN IMMEDIATE', run);
    }, signal);
  }

  close(): void {
    this.#closing.abort(new ClosedError('The store is closed'));
    this.#named(() => this.#database.close());
  }

  /**
   * `FULL` syncs the log at each commit, and with it all relaxed commits before; `NORMAL` only before the log is copied
   * into the table (https://www.sqlite.org/pragma.html#pragma_synchronous).
   */
  #setDurability(durability: 'relaxed' | 'strict'): void {
    if (this.#durability === durability) return;
    this.exec(`PRAGMA synchronous = ${durability === 'strict' ? 'FULL' : 'NORMAL'}`);
    this.#durability = durability;
  }

  #mustBeUnchanged(): void {
    if (this.#frozenAs === undefined || this.#frozenAs === this.#named(() => looksOf(this.#path))) return;
    const message = `The store ${JSON.stringify(this.#path)} has changed, and was opened where no lock is possible`;
    throw new StoreError(`${message}: open it again`, 'failed');
  }

  #transaction<R>(begin: string, run: () => R): R {
    this.exec(begin);
    try {
      const result = run();
      this.exec('COMMIT');
      return result;
    } catch (error) {
      this.#rollBack();
      throw error;
    }
  }

  #rollBack(): void {
    try {
      this.#database.exec('ROLLBACK');
    } catch {
      // After a full disk and some other failures SQLite has rolled back by itself, and says that nothing is left to.
    }
  }

  #named<R>(run: () => R): R {
    try {
      return run();
    } catch (error) {
      throw asStoreError(error, this.#path);
    }
  }
}

/** Differs as soon as somebody writes to a file or to its log. */
function looksOf(path: string): string {
  const looks = [path, `${path}-wal`].map((file) => statSync(file, { bigint: true, throwIfNoEntry: false }));
  return looks.map((found) => (found === undefined ? 'none' : `${found.ino}:${found.size}:${found.mtimeNs}`)).join();
}
