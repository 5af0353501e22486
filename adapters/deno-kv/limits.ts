import type { KvLimits } from '../../src/kv/kv.ts';

/** Under this first part all that couchtide stores stands, beside what a program keeps in the same Deno KV. */
export const NAMESPACE = 'couchtide';

/** Its letters, the sign of a string before them and the end of it. */
const NAMESPACE_BYTES = NAMESPACE.length + 2;
const [GUARDS, MUTATIONS] = [10, 1000];
/** Of the keys of one commit, counted as Deno KV encodes them. */
const KEY_BYTES = 81_920;

/**
 * What every Deno KV takes, the built-in one, `@deno/kv` and the hosted one (https://docs.deno.com/deploy/kv/manual/transactions/), less
 * the namespace: Deno takes ten times the guards, `@deno/kv` ten times the bytes of keys. In Deno the key of a value counts
 * twice in the 800 KiB of a commit, once as its own and once among all keys.
 */
export const LIMITS: KvLimits = {
  keyBytes: 2048 - NAMESPACE_BYTES,
  valueBytes: 65_536,
  keysPerRead: 10,
  guardsPerUpdate: GUARDS,
  mutationsPerUpdate: MUTATIONS,
  bytesPerUpdate: 819_200 - KEY_BYTES - MUTATIONS * NAMESPACE_BYTES,
  keyBytesPerUpdate: KEY_BYTES - (GUARDS + MUTATIONS) * NAMESPACE_BYTES,
};

/** Entries that Deno KV reads at once, on one snapshot. */
export const ENTRIES_PER_READ = 1000;
