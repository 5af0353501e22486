import type { Observable } from 'rxjs';
import { childController } from '../../src/core/abort.ts';
import { ClosedError, InputError } from '../../src/core/errors.ts';
import { compareBytes, packKey, rangeBounds, unpackKey } from '../../src/kv/key.ts';
import type { Decision, Entry, Key, KeyRange, Kv, KvLimits, Page, UpdateOptions } from '../../src/kv/kv.ts';
import { packKeys, packMutations, pageSize } from '../../src/kv/limits.ts';
import { Watchers } from '../../src/kv/watchers.ts';
import { Connection, type EntryDatabase } from './connection.ts';
import { Signals } from './signals.ts';
import { decodeEntry, EntryEncoder, VersionSource } from './version.ts';

/**
 * What one store takes. Browsers know no limits of their own but the room there is; these keep a commit short, and what is in memory at
 * once within a hundred megabytes.
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

/**
 * The store that an IndexedDB database of this site holds, in windows and workers. Any number of tabs may use it at once.
 *
 * Commits are told to watches in other tabs by a `BroadcastChannel`, and every five seconds all watches look by themselves. Where the browser
 * closes the connection, as it does when site data is cleared, the next call opens it again.
 *
 * Calls raise StoreError `full` when the site's quota is used up (what is stored stays, and can be read), `denied` where the browser allows no
 * storage, `missing` where there is no IndexedDB, `newer` when a newer couchtide has changed the database's form, and `failed` otherwise.
 *
 * @param name of the database
 * @throws StoreError as above, and InputError for an empty name
 *
 * @example
 * ```ts
 * const kv = await indexedDbKv('recipes');
 * const replica = await openReplica(kv, 'recipes');
 * ```
 */
export async function indexedDbKv(name: string): Promise<Kv> {
  if (name === '') throw new InputError('The name of the database is empty: give it one');
  const connection = new Connection(name);
  // Opened now, so that whoever cannot have it hears of it here.
  await connection.use(async () => {});
  return hasLocks() ? new LockingKv(name, connection) : new IndexedDbKv(name, connection);
}

class IndexedDbKv implements Kv {
  readonly limits = LIMITS;
  readonly reach = 'machine';
  readonly name: string;
  readonly closing = new AbortController();
  readonly #connection: Connection;
  readonly #versions = new VersionSource();
  readonly #encoder = new EntryEncoder();
  readonly #signals: Signals;
  readonly #watchers: Watchers;

  constructor(name: string, connection: Connection) {
    this.name = name;
    this.#connection = connection;
    this.#signals = new Signals(name, () => this.#watchers);
    this.#watchers = new Watchers((signal) => this.#signals.follow(signal));
  }

  async read(keys: readonly Key[]): Promise<(Entry | undefined)[]> {
    const packed = packKeys(keys, LIMITS, 'keysPerRead').map(ownBuffer);
    return this.#connection.use(async (database) => {
      const { store, done } = database.transaction('entries', 'readonly');
      const [values] = await Promise.all([Promise.all(packed.map((key) => store.get(key))), done]);
      return values.map((value, index) => entryOf(keys[index] ?? [], value));
    });
  }

  async page(within: KeyRange, options: { readonly limit?: number; readonly reverse?: boolean } = {}): Promise<Page> {
    const limit = pageSize(options.limit);
    const { start, end } = rangeBounds(within);
    if (compareBytes(start, end) >= 0) return this.#connection.use(async () => ({ entries: [] }));
    const range = IDBKeyRange.bound(ownBuffer(start), ownBuffer(end), false, true);
    const found = await this.#connection.use((database) =>
      options.reverse ? readBackwards(database, range, limit + 1) : readForwards(database, range, limit + 1),
    );
    const entries = found.slice(0, limit).map(([key, value]) => decodeEntry(unpackKey(new Uint8Array(key)), value));
    const after = found[limit];
    if (after === undefined) return { entries };
    // A reversed listing goes on before the last key that was given, a forward one at the first that was not.
    const last = entries.at(-1);
    return { entries, next: options.reverse && last !== undefined ? last.key : unpackKey(new Uint8Array(after[0])) };
  }

  async update<R>(
    guards: readonly Key[],
    decide: (seen: readonly (Entry | undefined)[]) => Decision<R>,
    { durability = 'strict', signal }: UpdateOptions = {},
  ): Promise<R> {
    signal?.throwIfAborted();
    const packed = packKeys(guards, LIMITS, 'guardsPerUpdate');
    const written: Uint8Array[] = [];
    const result = await this.#connection.use(async (database) => {
      const transaction = database.transaction('entries', 'readwrite', { durability });
      const { store } = transaction;
      // Whatever fails first, nobody is left alone with the failure of the transaction as a whole.
      const done = transaction.done.then(
        () => undefined,
        (error: unknown) => ({ error }),
      );
      try {
        // The browser keeps the transaction alive as long as nothing but its own requests is waited for.
        const values = await Promise.all(packed.map((key) => store.get(ownBuffer(key))));
        const decision = decide(values.map((value, index) => entryOf(guards[index] ?? [], value)));
        const mutations = packMutations(decision, packed, LIMITS);
        const version = this.#versions.next();
        const requests: Promise<unknown>[] = mutations.delete.map((key) => store.delete(ownBuffer(key)));
        for (const [key, value] of mutations.set) {
          requests.push(store.put(this.#encoder.encode(version, value), ownBuffer(key)));
        }
        written.splice(0, written.length, ...mutations.delete, ...mutations.set.map(([key]) => key));
        // A request that fails aborts the transaction, whose failure is the one to tell.
        for (const request of requests) request.catch(() => {});
        const failure = await done;
        if (failure !== undefined) throw failure.error;
        return decision.result;
      } catch (error) {
        abort(transaction);
        const failure = await done;
        throw isAbort(error) ? (failure?.error ?? error) : error;
      }
    });
    if (written.length > 0) this.#signals.tell(written);
    return result;
  }

  watch(key: Key): Observable<void> {
    return this.#watchers.watch(packKey(key));
  }

  async close(): Promise<void> {
    this.closing.abort(new ClosedError('The store is closed'));
    this.#watchers.close();
    this.#signals.close();
    await this.#connection.close();
  }
}

/** With the locks that all tabs and workers of a site share (https://w3c.github.io/web-locks/). */
class LockingKv extends IndexedDbKv {
  async exclusive<R>(
    name: string,
    run: (signal: AbortSignal) => Promise<R>,
    { signal }: { readonly signal?: AbortSignal | undefined } = {},
  ): Promise<R> {
    const controller = childController(signal, this.closing.signal);
    try {
      controller.signal.throwIfAborted();
      return await navigator.locks.request(`couchtide:${this.name}:${name}`, { signal: controller.signal }, () =>
        run(controller.signal),
      );
    } catch (error) {
      throw controller.signal.aborted && isAbort(error) ? controller.signal.reason : error;
    } finally {
      controller.release();
    }
  }
}

type Row = readonly [key: ArrayBuffer, value: ArrayBuffer];

async function readForwards(database: EntryDatabase, range: IDBKeyRange, count: number): Promise<Row[]> {
  const { store, done } = database.transaction('entries', 'readonly');
  const [keys, values] = await Promise.all([store.getAllKeys(range, count), store.getAll(range, count), done]);
  return keys.map((key, index) => [key, values[index] ?? new ArrayBuffer(0)]);
}

async function readBackwards(database: EntryDatabase, range: IDBKeyRange, count: number): Promise<Row[]> {
  const { store, done } = database.transaction('entries', 'readonly');
  const rows: Row[] = [];
  let cursor = await store.openCursor(range, 'prev');
  while (cursor !== null && rows.length < count) {
    rows.push([cursor.key, cursor.value]);
    cursor = rows.length < count ? await cursor.continue() : null;
  }
  await done;
  return rows;
}

function entryOf(key: Key, value: ArrayBuffer | undefined): Entry | undefined {
  return value === undefined ? undefined : decodeEntry(key, value);
}

/** Bytes in a buffer of their own: browsers store the whole buffer behind a view. */
function ownBuffer(bytes: Uint8Array): ArrayBuffer {
  return new Uint8Array(bytes).buffer;
}

function abort(transaction: { abort(): void }): void {
  try {
    transaction.abort();
  } catch {
    // It has ended already.
  }
}

function isAbort(error: unknown): boolean {
  return error instanceof DOMException && error.name === 'AbortError';
}

function hasLocks(): boolean {
  return typeof navigator !== 'undefined' && 'locks' in navigator && navigator.locks !== undefined;
}
