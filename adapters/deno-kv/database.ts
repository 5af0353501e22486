/** One part of a key, as Deno KV has it. */
export type DenoKvKeyPart = Uint8Array | string | number | bigint | boolean;

/** A key, as Deno KV has it. */
export type DenoKvKey = readonly DenoKvKeyPart[];

/** What a key holds; of an absent one the versionstamp is null. */
export interface DenoKvEntry {
  /** Of parts that may be more than {@link DenoKvKeyPart} knows: newer kinds of them, whoever has stored them. */
  readonly key: readonly unknown[];
  readonly value: unknown;
  readonly versionstamp: string | null;
}

/** Checks and writes that are committed as one. */
export interface DenoKvAtomic {
  check(...checks: { key: DenoKvKey; versionstamp: string | null }[]): DenoKvAtomic;
  set(key: DenoKvKey, value: unknown): DenoKvAtomic;
  delete(key: DenoKvKey): DenoKvAtomic;
  commit(): Promise<{ ok: boolean }>;
}

/** What a store needs of an open Deno KV: `Deno.Kv` has it, and what `@deno/kv` opens. */
export interface DenoKvDatabase {
  getMany(keys: DenoKvKey[]): Promise<DenoKvEntry[]>;
  list(
    selector: { start: DenoKvKey; end: DenoKvKey },
    options: { limit: number; batchSize: number; reverse: boolean },
  ): AsyncIterable<DenoKvEntry>;
  atomic(): DenoKvAtomic;
  watch(keys: DenoKvKey[]): ReadableStream<unknown>;
  close(): void;
}
