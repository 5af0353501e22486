import type { Key } from '../../src/kv/kv.ts';
import type { DenoKvDatabase } from './database.ts';
import { denoKey } from './entry.ts';
import { tellsChanges } from './open.ts';

/**
 * Follows a key by the signal of Deno KV: on one file that comes from the same process, on a hosted database from everywhere.
 *
 * @returns what ends it
 */
export function followKey(database: DenoKvDatabase, key: Key, changed: () => void): () => void {
  if (!tellsChanges(database)) return () => {};
  let reader: ReadableStreamDefaultReader<unknown> | undefined;
  const read = async (): Promise<void> => {
    reader = database.watch([denoKey(key)]).getReader();
    while (!(await reader.read()).done) changed();
  };
  // Without the signal it is only learnt of later, by looking.
  read().catch(() => {});
  return () => void reader?.cancel().catch(() => {});
}
