import type { Key, Kv } from './kv.ts';

/** Deletes everything below a key, in steps that the limits of the store allow. */
export async function sweep(kv: Kv, prefix: Key): Promise<void> {
  const { mutationsPerUpdate, keyBytesPerUpdate } = kv.limits;
  const limit = Math.max(1, Math.min(500, mutationsPerUpdate, Math.floor(keyBytesPerUpdate / 2048)));
  for (;;) {
    const { entries } = await kv.page({ prefix }, { limit });
    if (entries.length === 0) return;
    const keys = entries.map(({ key }) => key);
    await kv.update([], () => ({ delete: keys, result: undefined }));
  }
}
