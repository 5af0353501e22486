import type { Observable } from 'rxjs';
import { ClosedError } from '../core/errors.ts';
import { packKey, rangeBounds, unpackKey } from './key.ts';
import type { Decision, Entry, Key, KeyRange, Kv, KvLimits, Page, UpdateOptions } from './kv.ts';
import { packKeys, packMutations, pageSize } from './limits.ts';
import { NamedLocks } from './named-locks.ts';
import { SortedMap } from './sorted-map.ts';
import { Watchers } from './watchers.ts';

/** How a store in memory is made. */
export interface MemoryKvOptions {
  /** Smaller limits than memory has, to see how a program does with those of another store. */
  readonly limits?: Partial<KvLimits>;
}

const ROOMY: KvLimits = {
  keyBytes: 2048,
  valueBytes: 64 * 1024 * 1024,
  keysPerRead: 10_000,
  guardsPerUpdate: 100,
  mutationsPerUpdate: 100_000,
  bytesPerUpdate: 256 * 1024 * 1024,
  keyBytesPerUpdate: 64 * 1024 * 1024,
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
  return new MemoryKv({ ...ROOMY, ...options.limits });
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
    return packKeys(keys, this.limits, 'keysPerRead').map((packed) => this.#entry(packed));
  }

  async page(range: KeyRange, options: { readonly limit?: number; readonly reverse?: boolean } = {}): Promise<Page> {
    this.#mustBeOpen();
    const limit = pageSize(options.limit);
    const { start, end } = rangeBounds(range);
    const entries: Entry[] = [];
    for (const [packed, stored] of this.#entries.between(start, end, options.reverse === true)) {
      const last = entries[limit - 1];
      // A reversed listing goes on before the last key that was given, a forward one at the first that was not.
      if (last !== undefined) return { entries, next: options.reverse ? last.key : unpackKey(packed) };
      entries.push(copyOut(packed, stored));
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
    const decision = decide(packedGuards.map((packed) => this.#entry(packed)));
    const mutations = packMutations(decision, packedGuards, this.limits);
    this.#commits += 1;
    const version = String(this.#commits);
    for (const packed of mutations.delete) this.#entries.delete(packed);
    for (const [packed, value] of mutations.set) this.#entries.set(packed, { value: value.slice(), version });
    this.#watchers.changed([...mutations.delete, ...mutations.set.map(([packed]) => packed)]);
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

  #entry(packed: Uint8Array): Entry | undefined {
    const stored = this.#entries.get(packed);
    return stored === undefined ? undefined : copyOut(packed, stored);
  }

  #mustBeOpen(): void {
    if (this.#closed) throw new ClosedError('The store is closed');
  }
}

function copyOut(packed: Uint8Array, { value, version }: Stored): Entry {
  return { key: unpackKey(packed), value: value.slice(), version };
}
