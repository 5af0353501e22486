import type { Entry, Key, Kv } from './kv.ts';

/** The entries of any number of keys, in the order asked, in as many reads as the store asks for. */
export async function readMany(kv: Kv, keys: readonly Key[]): Promise<(Entry | undefined)[]> {
  const { keysPerRead } = kv.limits;
  const entries: (Entry | undefined)[] = [];
  for (let start = 0; start < keys.length; start += keysPerRead) {
    entries.push(...(await kv.read(keys.slice(start, start + keysPerRead))));
  }
  return entries;
}
