import { describe, test } from 'vitest';
import { createDenoKvStore } from './deno-kv.ts';
import { createFsStore } from './fs.ts';
import { jobsSuite } from './jobs.ts';
import { denoKvLimits, memoryCandidate } from './memory.ts';

describe.each([
  { store: 'memoryKv', create: memoryCandidate().create },
  { store: 'memoryKv with the limits of Deno KV', create: memoryCandidate(denoKvLimits).create },
  { store: 'fsKv', create: createFsStore },
  { store: 'denoKv', create: createDenoKvStore },
])('Jobs over $store', ({ create }) => {
  for (const { name, run } of jobsSuite(create)) test(name, run);
});
