import { indexedDbKv } from '../../adapters/indexeddb/index.ts';
import type { Kv } from '../../src/kv/kv.ts';
import type { OpenKv, StoreCandidate } from './store.ts';
import type { Created } from './suite.ts';

/** The store of a browser. */
export const indexedDbCandidate: StoreCandidate = {
  traits: ['several', 'durable', 'exclusive'],
  create: createIndexedDbStore,
};

/** A database of its own, which is deleted in the end. */
export async function createIndexedDbStore(): Promise<Created<OpenKv>> {
  const name = `couchtide-test-${crypto.randomUUID()}`;
  const handles: Kv[] = [];
  return {
    async subject() {
      const kv = await indexedDbKv(name);
      handles.push(kv);
      return kv;
    },
    async dispose() {
      await Promise.all(handles.map((kv) => kv.close()));
      await new Promise<void>((resolve, reject) => {
        const request = indexedDB.deleteDatabase(name);
        request.onsuccess = () => resolve();
        request.onerror = () => reject(request.error);
      });
    },
  };
}
