import { Observable, Subject } from 'rxjs';
import { ClosedError, InputError } from '../core/errors.ts';
import { packKey, rangeBounds, unpackKey } from './key.ts';
import type { Decision, Entry, Key, KeyRange, Kv, KvLimits, Page, UpdateOptions } from './kv.ts';
import { packKeys, packMutations } from './limits.ts';
import { SortedKeys } from './sorted-keys.ts';

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
  readonly #entries = new Map<string, Stored>();
  readonly #keys = new SortedKeys();
  readonly #changed = new Subject<ReadonlySet<string>>();
  #commits = 0;
  #closed = false;

  constructor(limits: KvLimits) {
    this.limits = limits;
  }

  async read(keys: readonly Key[]): Promise<(Entry | undefined)[]> {
    this.#check();
    return packKeys(keys, this.limits, 'keysPerRead').map((packed, index) => this.#entry(packed, keys[index] ?? []));
  }

  async page(range: KeyRange, { limit = 500, reverse = false }: { limit?: number; reverse?: boolean } = {}): Promise<Page> {
    this.#check();
    if (!(limit >= 1)) throw new InputError(`A page must have at least 1 entry, not ${limit}`);
    const { start, end } = rangeBounds(range);
    const packed = this.#keys.between(start, end, limit + 1, reverse);
    const entries = packed.slice(0, limit).map((key) => this.#entry(key, unpackKey(key)));
    const present = entries.filter((entry) => entry !== undefined);
    const beyond = packed[limit];
    if (beyond === undefined) return { entries: present };
    // A reversed listing goes on before the last key that was given, a forward one at the first that was not.
    return { entries: present, next: unpackKey(reverse ? (packed[limit - 1] ?? beyond) : beyond) };
  }

  async update<R>(
    guards: readonly Key[],
    decide: (seen: readonly (Entry | undefined)[]) => Decision<R>,
    { signal }: UpdateOptions = {},
  ): Promise<R> {
    this.#check();
    signal?.throwIfAborted();
    // Everything from here on happens in one turn, so no other update can come between.
    const packedGuards = packKeys(guards, this.limits, 'guardsPerUpdate');
    const decision = decide(packedGuards.map((packed, index) => this.#entry(packed, guards[index] ?? [])));
    const mutations = packMutations(decision, packedGuards, this.limits);
    this.#commits += 1;
    const version = this.#commits.toString(36);
    const changed = new Set<string>();
    for (const packed of mutations.delete) {
      const name = nameOf(packed);
      if (this.#entries.delete(name)) this.#keys.delete(packed, name);
      changed.add(name);
    }
    for (const [packed, value] of mutations.set) {
      const name = nameOf(packed);
      if (!this.#entries.has(name)) this.#keys.add(packed, name);
      this.#entries.set(name, { value: value.slice(), version });
      changed.add(name);
    }
    if (changed.size > 0) queueMicrotask(() => this.#changed.next(changed));
    return decision.result;
  }

  watch(key: Key): Observable<void> {
    const name = nameOf(packKey(key));
    return new Observable((subscriber) => {
      if (this.#closed) return subscriber.complete();
      subscriber.next();
      return this.#changed.subscribe({
        next: (names) => {
          if (names.has(name)) subscriber.next();
        },
        complete: () => subscriber.complete(),
      });
    });
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#changed.complete();
  }

  #entry(packed: Uint8Array, key: Key): Entry | undefined {
    const stored = this.#entries.get(nameOf(packed));
    return stored === undefined ? undefined : { key, value: stored.value.slice(), version: stored.version };
  }

  #check(): void {
    if (this.#closed) throw new ClosedError('The store is closed');
  }
}

/** Packed bytes as a text, one character a byte, to be found in a map. */
function nameOf(packed: Uint8Array): string {
  return String.fromCharCode(...packed);
}
