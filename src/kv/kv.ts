import type { Observable } from 'rxjs';

/**
 * One part of a key. Strings are ordered by their UTF-8 bytes, numbers by value (finite numbers only; -0 is 0). At one
 * position of a key space all parts have the same type.
 */
export type KeyPart = string | number;

/** A key: one part or more, ordered part by part; a key sorts before every longer key that begins with it. */
export type Key = readonly KeyPart[];

/** A stored value with the version of the commit that wrote it. */
export interface Entry {
  readonly key: Key;
  /** The caller's own copy. */
  readonly value: Uint8Array;
  /** Opaque; new with every commit that touches the key, and never the same again, not even after delete and re-create. */
  readonly version: string;
}

/** How large things may be in one store. Bytes are those of the packed key and of the value. */
export interface KvLimits {
  /** At least 1,024 in every store. */
  readonly keyBytes: number;
  readonly valueBytes: number;
  /** Keys that one `read` takes. */
  readonly keysPerRead: number;
  /** Guards that one `update` takes. At least 10 in every store. */
  readonly guardsPerUpdate: number;
  /** Keys set and deleted by one `update`. */
  readonly mutationsPerUpdate: number;
  /** Bytes of keys and values set and deleted by one `update`. */
  readonly bytesPerUpdate: number;
  /** Bytes of the keys alone, guards included, in one `update`. */
  readonly keyBytesPerUpdate: number;
}

/**
 * A range of keys in order: every key that continues `prefix` by at least one part, cut to those not before `from` and
 * before `to`, both whole keys of which `prefix` is the beginning. `prefix: []` is the whole store.
 *
 * `{ prefix: ['a'] }` holds `['a', 'b']`, and neither `['ab']` nor `['a']` itself.
 */
export interface KeyRange {
  readonly prefix: Key;
  /** The first key, included. */
  readonly from?: Key;
  /** The end, not included. */
  readonly to?: Key;
}

/** One page of a range. */
export interface Page {
  readonly entries: readonly Entry[];
  /**
   * Where the next page begins, absent after the last: pass it as `from` (or, in a reversed listing, as `to`) of the same
   * range.
   */
  readonly next?: Key;
}

/**
 * What an update does, decided from the guarded entries. Keys are deleted before others are set, and set in their order: of
 * a key that stands here twice, the last value set remains.
 */
export interface Decision<R> {
  readonly set?: readonly (readonly [Key, Uint8Array])[];
  readonly delete?: readonly Key[];
  readonly result: R;
}

/** How an update is carried out. */
export interface UpdateOptions {
  /**
   * `strict` (the default): confirmed means on disk. `relaxed`: confirmed means visible to everyone; a power failure may
   * take the newest commits, never a part of one, and never an earlier without the later.
   */
  readonly durability?: 'relaxed' | 'strict' | undefined;
  /** Gives up before the next try. A commit that is under way is finished. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * An ordered, transactional key-value space: the one contract under replicas, checkpoints, jobs and scans. A runtime
 * joins by implementing it; `couchtide/testing` publishes the suite that every store passes.
 *
 * What holds everywhere:
 *
 * 1. Keys are ordered by the bytes of their packed form (`packKey`).
 * 2. `update` is all or nothing. Its decision is synchronous, without effects, and may run several times.
 * 3. Reads see every commit that was confirmed before they began.
 * 4. Values are bytes; empty bytes are a value. What goes in is copied, what comes out belongs to the caller.
 * 5. Limits are checked before anything is written, and raise `LimitError`.
 * 6. After `close`, calls reject with `ClosedError` and watches complete; a commit in flight is finished or refused.
 * 7. A commit that fails with another error than these may have happened: writes are made so that repeating them is
 *    harmless.
 */
export interface Kv {
  readonly limits: KvLimits;
  /** Who else can see this store. */
  readonly reach: 'process' | 'machine' | 'cluster';

  /**
   * The entries of some keys, in the order asked, as one snapshot. Absent keys are `undefined`. Decisions that must hold
   * rest on the guards of an update, never on a read.
   *
   * @throws LimitError for more than `limits.keysPerRead` keys
   */
  read(keys: readonly Key[]): Promise<(Entry | undefined)[]>;

  /**
   * One page of a range, in key order or reversed; each page is a snapshot of its own, so a long listing may see a row that
   * was deleted meanwhile. A page holds at most `limit` entries, 500 by default, and may hold fewer: only `next` tells
   * whether there is more.
   *
   * @throws InputError for a limit below 1, and for a bound that does not begin with the prefix
   */
  page(range: KeyRange, options?: { readonly limit?: number; readonly reverse?: boolean }): Promise<Page>;

  /**
   * Reads the guarded keys, lets `decide` say what to write, and commits that only if no guard has changed in between;
   * otherwise tries again, with jitter, until a bound.
   *
   * A guard on an absent key proves that it is absent at the commit, not that it has always been. What `decide` throws is
   * passed on, and nothing is written.
   *
   * @throws ContentionError when the race was lost too often; nothing was written
   * @throws LimitError when guards or decision are larger than the store takes
   * @throws StoreError when the store cannot write
   *
   * @example
   * ```ts
   * const count = await kv.update([['visits']], ([seen]) => {
   *   const next = (seen ? seen.value[0] ?? 0 : 0) + 1;
   *   return { set: [[['visits'], Uint8Array.of(next)]], result: next };
   * });
   * ```
   */
  update<R>(
    guards: readonly Key[],
    decide: (seen: readonly (Entry | undefined)[]) => Decision<R>,
    options?: UpdateOptions,
  ): Promise<R>;

  /**
   * Emits once on subscription, then at least once after every change of the key, by whomever. May merge changes, may be
   * late, may emit without a change: a hint to look, never the only way to learn.
   */
  watch(key: Key): Observable<void>;

  /**
   * Runs while holding a lock of that name, among everyone the platform can exclude, in the order in which they asked. Who
   * waits gives up when his signal aborts; who runs is given a signal that aborts with it, and when the store is closed.
   * Asking for a lock while holding it waits for ever.
   *
   * An accelerator: correctness never rests on it. Absent where the platform has no such lock.
   */
  exclusive?<R>(
    name: string,
    run: (signal: AbortSignal) => Promise<R>,
    options?: { readonly signal?: AbortSignal | undefined },
  ): Promise<R>;

  /** Ends the use of this handle. What is stored stays. Closing twice is harmless. */
  close(): Promise<void>;
}
