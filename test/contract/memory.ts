import { LIMITS } from '../../adapters/deno-kv/limits.ts';
import type { KvLimits } from '../../src/kv/kv.ts';
import { memoryKv } from '../../src/kv/memory.ts';
import type { StoreCandidate } from './store.ts';

/** The limits of Deno KV, the smallest that a store has. */
export const denoKvLimits: KvLimits = LIMITS;

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
