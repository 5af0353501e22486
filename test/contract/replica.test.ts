import { describe, test } from 'vitest';
import { createFsStore } from './fs.ts';
import { denoKvLimits, memoryCandidate } from './memory.ts';
import { replicaCandidate } from './replica.ts';
import { targetSuite } from './target.ts';

/** Points that a replica does not keep yet where a store's limits are small: they fail here, until they do not. */
const openUnderSmallLimits: ReadonlySet<string> = new Set([
  'records more failures in one batch than a store commits at once',
]);

describe.each([
  { store: 'memoryKv', create: memoryCandidate().create },
  { store: 'fsKv', create: createFsStore },
])('A replica over $store', ({ create }) => {
  for (const { name, run } of targetSuite(replicaCandidate(create))) test(name, run);
});

describe('A replica over memoryKv with the limits of Deno KV', () => {
  for (const { name, run } of targetSuite(replicaCandidate(memoryCandidate(denoKvLimits).create))) {
    (openUnderSmallLimits.has(name) ? test.fails : test)(name, run);
  }
});
