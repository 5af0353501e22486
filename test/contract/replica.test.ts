import { describe, test } from 'vitest';
import { createDenoKvStore } from './deno-kv.ts';
import { createFsStore } from './fs.ts';
import { denoKvLimits, memoryCandidate } from './memory.ts';
import { OPEN_UNDER_SMALL_LIMITS, replicaCandidate } from './replica.ts';
import { targetSuite } from './target.ts';

describe.each([
  { store: 'memoryKv', create: memoryCandidate().create },
  { store: 'fsKv', create: createFsStore },
])('A replica over $store', ({ create }) => {
  for (const { name, run } of targetSuite(replicaCandidate(create))) test(name, run);
});

describe.each([
  { store: 'memoryKv with the limits of Deno KV', create: memoryCandidate(denoKvLimits).create },
  { store: 'denoKv', create: createDenoKvStore },
])('A replica over $store', ({ create }) => {
  for (const { name, run } of targetSuite(replicaCandidate(create))) {
    // It fails here, until it does not.
    (name === OPEN_UNDER_SMALL_LIMITS ? test.fails : test)(name, run);
  }
});
