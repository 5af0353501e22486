import type { Observable } from 'rxjs';
import { ClosedError } from '../core/errors.ts';
import { packKey, rangeBounds, unpackKey } from './key.ts';
import type { Decision, Entry, Key, KeyRange, Kv, KvLimits, Page, UpdateOptions } from './kv.ts';
import { packKeys, packMutations, pageSize } from './limits.ts';
import { NamedLocks } from './named-locks.ts';
import { packedBytes, packedText } from './packed-text.ts';
import { SortedMap } from './sorted-map.ts';
import { Watchers } from './watchers.ts';

/** How a store in memory is made. */
export interface MemoryKvOptions {
  /** Smaller limits than memory has, to see how a program does with those of another store. */
  readonly limits?: Partial<KvLimits>;
}

/** What one commit and its copy may take of the memory, and a key that every other store takes too. */
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
 * A store in the memory of this process: for tests, for data that need not last, and to read the contract by. Values are
 * copied on their way in and out.
 *
 * @example
 * ```ts
 * const kv = memoryKv();
 * await kv.update([], () => ({ set: [[['greeting'], new TextEncoder().encode('hello')]], result: undefined }));
 * ```
 */
export function memoryKv(options: MemoryKvOptions = {}): Kv {
  return new MemoryKv({ ...LIMITS, ...options.limits });
}

interface Stored {
  readonly value: Uint8Array;
  readonly version: string;
}

class MemoryKv implements Kv {
  readonly limits: KvLimits;
  readonly reach = 'process';
  readonly #entries = new SortedMap<Stored>();
  readonly #watchers = new Watchers();
  readonly #locks = new NamedLocks();
  #commits = 0;
  #closed = false;

  constructor(limits: KvLimits) {
    this.limits = limits;
  }

  async read(keys: readonly Key[]): Promise<(Entry | undefined)[]> {
    this.#mustBeOpen();
    return packKeys(keys, this.limits, 'keysPerRead').map((packed) => this.#entry(packedText(packed)));
  }

  async page(within: KeyRange, options: { readonly limit?: number; readonly reverse?: boolean } = {}): Promise<Page> {
    this.#mustBeOpen();
    const limit = pageSize(options.limit);
    const { start, end } = rangeBounds(within);
    const entries: Entry[] = [];
    const range = this.#entries.between(packedText(start), packedText(end), options.reverse === true);
    for (const [name, stored] of range) {
      const last = entries[limit - 1];
      // A reversed listing goes on before the last key that was given, a forward one at the first that was not.
      if (last !== undefined) return { entries, next: options.reverse ? last.key : keyOf(name) };
      entries.push(copyOut(name, stored));
    }
    return { entries };
  }

  async update<R>(
    guards: readonly Key[],
    decide: (seen: readonly (Entry | undefined)[]) => Decision<R>,
    { signal }: UpdateOptions = {},
  ): Promise<R> {
    this.#mustBeOpen();
    signal?.throwIfAborted();
    // Everything happens in this one turn, so no other update can come between.
    const packedGuards = packKeys(guards, this.limits, 'guardsPerUpdate');
    const decision = decide(packedGuards.map((packed) => this.#entry(packedText(packed))));
    const mutations = packMutations(decision, packedGuards, this.limits);
    this.#commits += 1;
    const version = String(this.#commits);
    const changed = mutations.delete.filter((packed) => this.#entries.delete(packedText(packed)));
    for (const [packed, value] of mutations.set) {
      this.#entries.set(packedText(packed), { value: value.slice(), version });
      changed.push(packed);
    }
    this.#watchers.changed(changed);
    return decision.result;
  }

  watch(key: Key): Observable<void> {
    return this.#watchers.watch(packKey(key));
  }

  async exclusive<R>(
    name: string,
    run: (signal: AbortSignal) => Promise<R>,
    options: { readonly signal?: AbortSignal | undefined } = {},
  ): Promise<R> {
    this.#mustBeOpen();
    return this.#locks.run(name, run, options.signal);
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#watchers.close();
    this.#locks.close();
  }

  #entry(name: string): Entry | undefined {
    const stored = this.#entries.get(name);
    return stored === undefined ? undefined : copyOut(name, stored);
  }

  #mustBeOpen(): void {
    if (this.#closed) throw new ClosedError('The store is closed');
  }
}

function copyOut(name: string, { value, version }: Stored): Entry {
  return { key: keyOf(name), value: value.slice(), version };
}

function keyOf(name: string): Key {
  return unpackKey(packedBytes(name));
}
