import { describe, test } from 'vitest';
import { createDenoKvStore } from './deno-kv.ts';
import { createFsStore } from './fs.ts';
import { liveSuite } from './live.ts';
import { denoKvLimits, memoryCandidate } from './memory.ts';

describe.each([
  { store: 'memoryKv', create: memoryCandidate().create },
  { store: 'memoryKv with the limits of Deno KV', create: memoryCandidate(denoKvLimits).create },
  { store: 'fsKv', create: createFsStore },
  { store: 'denoKv', create: createDenoKvStore },
])('A replica over $store, read live,', ({ create }) => {
  for (const { name, run } of liveSuite(create)) test(name, run);
});
