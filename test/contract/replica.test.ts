import { describe, test } from 'vitest';
import { createDenoKvStore } from './deno-kv.ts';
import { createFsStore } from './fs.ts';
import { denoKvLimits, memoryCandidate } from './memory.ts';
import { replicaCandidate } from './replica.ts';
import { targetSuite } from './target.ts';

describe.each([
  { store: 'memoryKv', create: memoryCandidate().create },
  { store: 'memoryKv with the limits of Deno KV', create: memoryCandidate(denoKvLimits).create },
  { store: 'fsKv', create: createFsStore },
  { store: 'denoKv', create: createDenoKvStore },
])('A replica over $store', ({ create }) => {
  for (const { name, run } of targetSuite(replicaCandidate(create))) test(name, run);
});
