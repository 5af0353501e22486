import type { Observable } from 'rxjs';
import { ClosedError, StoreError } from '../src/core/errors.ts';
import { packKey, rangeBounds, unpackKey } from '../src/kv/key.ts';
import type { Decision, Entry, Key, KeyRange, Kv, KvLimits, Page, UpdateOptions } from '../src/kv/kv.ts';
import { type PackedMutations, packKeys, packMutations, pageSize } from '../src/kv/limits.ts';
import { type Follow, Watchers } from '../src/kv/watchers.ts';

/** What is bound to a statement. */
export type SqlValue = Uint8Array | number;

/** A row of a result, by the names of its columns. */
export type SqlRow = Readonly<Record<string, unknown>>;

/** A prepared statement, whichever library prepared it. Its failures are `StoreError`. */
export interface SqlStatement {
  run(...values: SqlValue[]): void;
  first(...values: SqlValue[]): SqlRow | undefined;
  /** The rows as they are asked for; leaving the iteration ends the statement. */
  rows(...values: SqlValue[]): Iterable<SqlRow>;
}

/** A SQLite database, as far as a store needs one. */
export interface SqlDatabase {
  prepare(sql: string): SqlStatement;
  /** Runs something that only reads, all of it on one snapshot. */
  read<R>(run: () => R): Promise<R>;
  /**
   * Runs something as the only writer, all or nothing. While another writer is in the way it waits, and may run more than
   * once; what `run` throws undoes everything and is thrown on.
   */
  write<R>(run: () => R, options: UpdateOptions): Promise<R>;
  close(): void;
}

/** What a SQLite store differs in from one runtime to another. */
export interface SqliteKvOptions {
  readonly limits: KvLimits;
  readonly reach: Kv['reach'];
  /** Follows the commits of others while somebody watches, and tells of them. */
  readonly follow?: (changed: () => void, signal: AbortSignal) => void;
}

/**
 * The tables of a store, to be created once. A table with an index beside it, and not one tree of keys and values
 * (`WITHOUT ROWID`): that moves no values when keys come in random order, and takes ten times as many rows of a kilobyte in
 * the same time.
 */
export const TABLES: readonly string[] = [
  'CREATE TABLE entries (key BLOB NOT NULL UNIQUE, value BLOB NOT NULL, version INTEGER NOT NULL)',
  // One row, counted up by every commit: versions are never repeated, whatever is deleted or closed in between.
  'CREATE TABLE commits (latest INTEGER NOT NULL)',
  'INSERT INTO commits VALUES (0)',
];

/** Values of one page end it at so many bytes, lest a page of large ones fills the memory. */
const PAGE_BYTES = 8 * 1024 * 1024;

/** The store contract in SQL, on a database that has {@link TABLES}. */
export function sqliteKv(database: SqlDatabase, options: SqliteKvOptions): Kv {
  return new SqliteKv(database, options);
}

class SqliteKv implements Kv {
  readonly limits: KvLimits;
  readonly reach: Kv['reach'];
  readonly #database: SqlDatabase;
  readonly #statements: ReturnType<typeof prepare>;
  readonly #watchers: Watchers;
  #closed = false;

  constructor(database: SqlDatabase, { limits, reach, follow }: SqliteKvOptions) {
    this.limits = limits;
    this.reach = reach;
    this.#database = database;
    this.#statements = prepare(database);
    const others: Follow = (signal) => follow?.(() => this.#watchers.anyChanged(), signal);
    this.#watchers = new Watchers(others);
  }

  async read(keys: readonly Key[]): Promise<(Entry | undefined)[]> {
    this.#mustBeOpen();
    const packed = packKeys(keys, this.limits, 'keysPerRead');
    return this.#database.read(() => packed.map((key) => this.#entry(key)));
  }

  async page(range: KeyRange, options: { readonly limit?: number; readonly reverse?: boolean } = {}): Promise<Page> {
    this.#mustBeOpen();
    const limit = pageSize(options.limit);
    const { start, end } = rangeBounds(range);
    const { forward, backward } = this.#statements;
    return this.#database.read(() => {
      const entries: Entry[] = [];
      let bytes = 0;
      for (const row of (options.reverse ? backward : forward).rows(start, end)) {
        const entry = entryOf(row);
        const last = entries.at(-1);
        // A reversed listing goes on before the last key that was given, a forward one at the first that was not.
        if (last !== undefined && (entries.length === limit || bytes + entry.value.length > PAGE_BYTES)) {
          return { entries, next: options.reverse ? last.key : entry.key };
        }
        entries.push(entry);
        bytes += entry.value.length;
      }
      return { entries };
    });
  }

  async update<R>(
    guards: readonly Key[],
    decide: (seen: readonly (Entry | undefined)[]) => Decision<R>,
    options: UpdateOptions = {},
  ): Promise<R> {
    this.#mustBeOpen();
    const packedGuards = packKeys(guards, this.limits, 'guardsPerUpdate');
    const { mutations, result } = await this.#database.write(() => {
      const decision = decide(packedGuards.map((key) => this.#entry(key)));
      const mutations = packMutations(decision, packedGuards, this.limits);
      this.#write(mutations);
      return { mutations, result: decision.result };
    }, options);
    this.#watchers.changed([...mutations.delete, ...mutations.set.map(([packed]) => packed)]);
    return result;
  }

  watch(key: Key): Observable<void> {
    return this.#watchers.watch(packKey(key));
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#watchers.close();
    this.#database.close();
  }

  #entry(packed: Uint8Array): Entry | undefined {
    const row = this.#statements.get.first(packed);
    return row && entryOf(row);
  }

  #write({ set, delete: deleted }: PackedMutations): void {
    if (set.length === 0 && deleted.length === 0) return;
    const { count, latest, put, remove } = this.#statements;
    count.run();
    const version = latest.first()?.['latest'];
    if (typeof version !== 'number') throw damaged();
    for (const key of deleted) remove.run(key);
    for (const [key, value] of set) put.run(key, value, version);
  }

  #mustBeOpen(): void {
    if (this.#closed) throw new ClosedError('The store is closed');
  }
}

function prepare(database: SqlDatabase) {
  const entries = 'SELECT key, value, version FROM entries';
  return {
    get: database.prepare(`${entries} WHERE key = ?`),
    forward: database.prepare(`${entries} WHERE key >= ? AND key < ? ORDER BY key`),
    backward: database.prepare(`${entries} WHERE key >= ? AND key < ? ORDER BY key DESC`),
    put: database.prepare(
      `INSERT INTO entries VALUES (?, ?, ?)
       ON CONFLICT (key) DO UPDATE SET value = excluded.value, version = excluded.version`,
    ),
    remove: database.prepare('DELETE FROM entries WHERE key = ?'),
    count: database.prepare('UPDATE commits SET latest = latest + 1'),
    latest: database.prepare('SELECT latest FROM commits'),
  };
}

function entryOf({ key, value, version }: SqlRow): Entry {
  if (!(key instanceof Uint8Array) || !(value instanceof Uint8Array) || typeof version !== 'number') throw damaged();
  try {
    return { key: unpackKey(key), value, version: String(version) };
  } catch (error) {
    throw damaged(error);
  }
}

function damaged(cause?: unknown): StoreError {
  return new StoreError('A row of the store is damaged: delete the store and fill it anew', 'corrupt', { cause });
}
