import type { KvLimits } from '../../src/kv/kv.ts';
import { memoryKv } from '../../src/kv/memory.ts';
import type { StoreCandidate } from './store.ts';

/** The limits of Deno KV, the smallest that a store has. */
export const denoKvLimits: KvLimits = {
  keyBytes: 2048,
  valueBytes: 65_536,
  keysPerRead: 10,
  guardsPerUpdate: 10,
  mutationsPerUpdate: 1000,
  bytesPerUpdate: 819_200,
  keyBytesPerUpdate: 81_920,
};

/** The store in memory, with limits of its own or those of another store. */
export function memoryCandidate(limits: Partial<KvLimits> = {}): StoreCandidate {
  return {
    traits: ['exclusive'],
    async create() {
      const kv = memoryKv({ limits });
      return { subject: async () => kv, dispose: () => kv.close() };
    },
  };
}
