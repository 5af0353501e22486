import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { denoKv } from '../../adapters/deno-kv/index.ts';
import { openDatabase } from '../../adapters/deno-kv/open.ts';
import type { Kv } from '../../src/kv/kv.ts';
import type { OpenKv, StoreCandidate } from './store.ts';
import type { Created } from './suite.ts';

/** The store in the file of a Deno KV, which this runtime opens by what it has. */
export const denoKvCandidate: StoreCandidate = { traits: ['several', 'durable'], create: createDenoKvStore };

/** The store in a Deno KV that is in memory, and can be opened once. */
export const denoKvInMemory: StoreCandidate = {
  traits: [],
  async create() {
    const kv = await denoKv(':memory:');
    return { subject: async () => kv, dispose: () => kv.close() };
  },
};

/** A store in a Deno KV that is open already, and tells of changes by itself or not at all. */
export const denoKvGiven: StoreCandidate = {
  traits: ['several', 'durable'],
  async create() {
    const { database } = await openDatabase(':memory:');
    const handles: Kv[] = [];
    return {
      async subject() {
        const kv = await denoKv(database, { every: 3_600_000 });
        handles.push(kv);
        return kv;
      },
      async dispose() {
        await Promise.all(handles.map((kv) => kv.close()));
        database.close();
      },
    };
  },
};

/** A store in a file of a temporary directory, which goes with it. */
export async function createDenoKvStore(): Promise<Created<OpenKv>> {
  const directory = await mkdtemp(join(tmpdir(), 'couchtide-test-'));
  const handles: Kv[] = [];
  return {
    async subject() {
      const kv = await denoKv(join(directory, 'deno-kv.db'), { every: 20 });
      handles.push(kv);
      return kv;
    },
    async dispose() {
      try {
        await Promise.all(handles.map((kv) => kv.close()));
      } finally {
        await rm(directory, { recursive: true, force: true });
      }
    },
  };
}
