import { describe, test } from 'vitest';
import { denoKvLimits, memoryCandidate } from './memory.ts';
import { storeSuite } from './store.ts';

describe('memoryKv', () => {
  for (const { name, run } of storeSuite(memoryCandidate())) test(name, run);
});

describe('memoryKv with the limits of Deno KV', () => {
  for (const { name, run } of storeSuite(memoryCandidate(denoKvLimits))) test(name, run);
});
