import type { Observable } from 'rxjs';
import type { Decision, Entry, Key, KeyRange, Kv, Page, UpdateOptions } from '../../src/kv/kv.ts';
import { packKeys, packMutations, pageSize } from '../../src/kv/limits.ts';
import { Connection, type Opened } from './connection.ts';
import type { DenoKvDatabase, DenoKvEntry } from './database.ts';
import { denoKey, entryOf, selectorOf } from './entry.ts';
import { followKey } from './follow-key.ts';
import { ENTRIES_PER_READ, LIMITS } from './limits.ts';
import { openDatabase } from './open.ts';
import { Signals } from './signals.ts';

export type { DenoKvAtomic, DenoKvDatabase, DenoKvEntry, DenoKvKey, DenoKvKeyPart } from './database.ts';

/** How a Deno KV is used. */
export interface DenoKvOptions {
  /**
   * Milliseconds from one look at the keys that are watched to the next, ten keys at a time. Default 1,000. Where reads are
   * paid for, more is cheaper.
   */
  readonly every?: number | undefined;
}

/**
 * The store that a Deno KV holds: built into Deno, on Deno Deploy spread over many machines, and in Node.js and Bun by the
 * package `@deno/kv`, which is then to be installed beside couchtide. Any number of processes and runtimes may use one file
 * at once.
 *
 * Commits of this handle are told to its watches at once. Those of others are where Deno itself watches the database: a
 * hosted one, or one that was opened in Deno and is given. Else they are found by looking. An open store does not keep a
 * process from ending, and a watch only where Deno itself watches.
 *
 * All keys begin with `couchtide`; what else is in the database is left alone. Relaxed commits are strict ones.
 *
 * Calls raise StoreError `busy` when other processes have left no room to write for five seconds, `full`, `read-only`,
 * `denied`, `foreign`, `corrupt` and otherwise `failed`.
 *
 * @param place an open Deno KV, which stays open when the store is closed; or what to open: a file (its directory must be
 *   there), `:memory:`, or the url of a hosted database, for which the environment variable `DENO_KV_ACCESS_TOKEN` holds the
 *   token
 * @throws StoreError as above, and `missing` where there is no Deno KV and none can be made; InputError for an empty path
 *
 * @example
 * ```ts
 * const kv = await denoKv('./recipes.db');
 * const replica = await openReplica(kv, 'recipes');
 * ```
 */
export async function denoKv(place: DenoKvDatabase | string | URL, { every = 1000 }: DenoKvOptions = {}): Promise<Kv> {
  const isPlace = typeof place === 'string' || place instanceof URL;
  return new DenoKv(isPlace ? await openDatabase(place) : given(place), every);
}

class DenoKv implements Kv {
  readonly limits = LIMITS;
  readonly reach: Kv['reach'];
  readonly #connection: Connection;
  readonly #signals: Signals;

  constructor(opened: Opened, every: number) {
    this.reach = opened.reach;
    this.#connection = new Connection(opened);
    this.#signals = new Signals({
      every,
      versions: async (keys) => (await this.read(keys)).map((entry) => entry?.version),
      follow: (key, changed) => followKey(opened, key, changed),
    });
  }

  async read(keys: readonly Key[]): Promise<(Entry | undefined)[]> {
    packKeys(keys, LIMITS, 'keysPerRead');
    return this.#connection.patiently(async () => [await this.#entries(keys)]);
  }

  async page(range: KeyRange, options: { readonly limit?: number; readonly reverse?: boolean } = {}): Promise<Page> {
    const { limit: wanted, reverse = false } = options;
    const limit = Math.min(pageSize(wanted), ENTRIES_PER_READ - 1);
    const selector = selectorOf(range);
    return this.#connection.patiently(async () => {
      const entries = await this.#connection.use(async (database) => {
        // As one batch, which is one snapshot.
        const batch = { limit: limit + 1, batchSize: limit + 1, reverse };
        return selector === undefined ? [] : collect(database.list(selector, batch));
      });
      if (entries.length <= limit) return [{ entries }];
      const [last, after] = entries.slice(-2);
      // A reversed listing goes on before the last key that was given, a forward one at the first that was not.
      const next = reverse ? last : after;
      return [{ entries: entries.slice(0, limit), ...(next && { next: next.key }) }];
    });
  }

  async update<R>(
    guards: readonly Key[],
    decide: (seen: readonly (Entry | undefined)[]) => Decision<R>,
    { signal }: UpdateOptions = {},
  ): Promise<R> {
    const packed = packKeys(guards, LIMITS, 'guardsPerUpdate');
    return this.#connection.patiently(async () => {
      const seen = await this.#entries(guards);
      const decision = decide(seen);
      const mutations = packMutations(decision, packed, LIMITS);
      const written = [...mutations.delete, ...mutations.set.map(([key]) => key)];
      // Then what was seen, which is one snapshot, is all there is to the update.
      if (written.length > 0) {
        const { ok } = await this.#connection.use(async (database) => commit(database, guards, seen, decision));
        if (!ok) return [];
        this.#signals.changed(written);
      }
      return [decision.result];
    }, signal);
  }

  watch(key: Key): Observable<void> {
    return this.#signals.watch(key);
  }

  async close(): Promise<void> {
    this.#signals.close();
    await this.#connection.close();
  }

  async #entries(keys: readonly Key[]): Promise<(Entry | undefined)[]> {
    const found = await this.#connection.use(async (database) => database.getMany(keys.map(denoKey)));
    return found.map(entryOf);
  }
}

function commit(
  database: DenoKvDatabase,
  guards: readonly Key[],
  seen: readonly (Entry | undefined)[],
  { set = [], delete: deleted = [] }: Decision<unknown>,
): Promise<{ ok: boolean }> {
  const operation = database.atomic();
  for (const [at, key] of guards.entries()) {
    operation.check({ key: denoKey(key), versionstamp: seen[at]?.version ?? null });
  }
  for (const key of deleted) operation.delete(denoKey(key));
  for (const [key, value] of set) operation.set(denoKey(key), value);
  return operation.commit();
}

async function collect(listed: AsyncIterable<DenoKvEntry>): Promise<Entry[]> {
  const entries: Entry[] = [];
  for await (const found of listed) {
    const entry = entryOf(found);
    if (entry !== undefined) entries.push(entry);
  }
  return entries;
}

/** It is not known where an open database is, so that everybody may see it. */
function given(database: DenoKvDatabase): Opened {
  return { database, name: 'that was given', reach: 'cluster', isOwn: false };
}
