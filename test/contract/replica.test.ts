import { describe, test } from 'vitest';
import { createFsStore } from './fs.ts';
import { denoKvLimits, memoryCandidate } from './memory.ts';
import { replicaCandidate } from './replica.ts';
import { targetSuite } from './target.ts';

/** A point that a replica does not keep yet where a store's limits are small: it fails here, until it does not. */
const OPEN_UNDER_SMALL_LIMITS = 'records more failures in one batch than a store commits at once';

describe.each([
  { store: 'memoryKv', create: memoryCandidate().create },
  { store: 'fsKv', create: createFsStore },
])('A replica over $store', ({ create }) => {
  for (const { name, run } of targetSuite(replicaCandidate(create))) test(name, run);
});

describe('A replica over memoryKv with the limits of Deno KV', () => {
  for (const { name, run } of targetSuite(replicaCandidate(memoryCandidate(denoKvLimits).create))) {
    (name === OPEN_UNDER_SMALL_LIMITS ? test.fails : test)(name, run);
  }
});
