import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fsKv } from '../../adapters/fs/index.ts';
import type { Kv } from '../../src/kv/kv.ts';
import type { OpenKv, StoreCandidate } from './store.ts';
import type { Created } from './suite.ts';

/** The store in a directory. */
export const fsCandidate: StoreCandidate = { traits: ['several', 'durable'], create: createFsStore };

/** A store in a temporary directory, which goes with it. */
export async function createFsStore(): Promise<Created<OpenKv>> {
  const directory = await mkdtemp(join(tmpdir(), 'couchtide-test-'));
  const handles: Kv[] = [];
  return {
    async subject() {
      const kv = await fsKv(directory);
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
