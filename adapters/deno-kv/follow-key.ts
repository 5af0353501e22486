import type { Key } from '../../src/kv/kv.ts';
import type { Opened } from './connection.ts';
import { denoKey } from './entry.ts';
import { tellsChanges } from './open.ts';

/**
 * Follows a key by the signal of Deno KV itself, which comes from everywhere where the database is hosted. Of a file it
 * comes from this process alone, and would keep it from ending.
 *
 * @returns what ends it
 */
export function followKey({ database, reach }: Opened, key: Key, changed: () => void): () => void {
  if (reach !== 'cluster' || !tellsChanges(database)) return () => {};
  let reader: ReadableStreamDefaultReader<unknown> | undefined;
  const read = async (): Promise<void> => {
    reader = database.watch([denoKey(key)]).getReader();
    while (!(await reader.read()).done) changed();
  };
  // Without the signal it is only learnt of later, by looking.
  read().catch(() => {});
  return () => void reader?.cancel().catch(() => {});
}
