import { type DBSchema, type IDBPDatabase, openDB } from 'idb';
import { ClosedError, StoreError } from '../../src/core/errors.ts';
import { asStoreError, isDisconnected } from './failure.ts';

/** The one object store: packed keys, and values with the version of the commit before them. */
export interface EntrySchema extends DBSchema {
  entries: { key: ArrayBuffer; value: ArrayBuffer };
}

/** A database that was opened. */
export type EntryDatabase = IDBPDatabase<EntrySchema>;

const VERSION = 1;

/**
 * The way to a database. A browser closes connections by itself: when another tab deletes the database or wants to change its form, when
 * the person clears the site's data, when a disk fails. The next use then opens another one.
 */
export class Connection {
  readonly #name: string;
  #opening: Promise<EntryDatabase> | undefined;
  #isClosed = false;

  constructor(name: string) {
    this.#name = name;
  }

  /**
   * Uses the database; once more on a fresh connection where the browser had closed it before anything was begun.
   *
   * @param use begins a transaction at once
   * @throws StoreError for what the browser cannot do
   */
  async use<R>(use: (database: EntryDatabase) => Promise<R>): Promise<R> {
    try {
      return await this.#useOnce(use);
    } catch (error) {
      if (!isDisconnected(error) || this.#isClosed) throw asStoreError(error, this.#name);
    }
    this.#opening = undefined;
    try {
      return await this.#useOnce(use);
    } catch (error) {
      throw asStoreError(error, this.#name);
    }
  }

  /** Transactions that have begun are finished. */
  async close(): Promise<void> {
    this.#isClosed = true;
    const database = await this.#opening?.catch(() => undefined);
    database?.close();
  }

  async #useOnce<R>(use: (database: EntryDatabase) => Promise<R>): Promise<R> {
    if (this.#isClosed) throw new ClosedError('The store is closed');
    this.#opening ??= this.#open();
    const opening = this.#opening;
    try {
      const database = await opening;
      if (this.#isClosed) throw new ClosedError('The store is closed');
      return await use(database);
    } catch (error) {
      if (this.#opening === opening && (await isBroken(opening))) this.#opening = undefined;
      throw error;
    }
  }

  async #open(): Promise<EntryDatabase> {
    if (typeof globalThis.indexedDB === 'undefined') {
      throw new StoreError('This platform has no IndexedDB: use another store', 'missing');
    }
    const database: EntryDatabase = await openDB<EntrySchema>(this.#name, VERSION, {
      upgrade: (fresh) => void fresh.createObjectStore('entries'),
      // Whoever deletes the database or brings it into a new form waits for nobody.
      blocking: () => this.#drop(database),
      terminated: () => this.#drop(undefined),
    });
    return database;
  }

  #drop(database: EntryDatabase | undefined): void {
    database?.close();
    this.#opening = undefined;
  }
}

async function isBroken(opening: Promise<EntryDatabase>): Promise<boolean> {
  return opening.then(
    () => false,
    () => true,
  );
}
