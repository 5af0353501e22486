import { describe, test } from 'vitest';
import { denoKvCandidate, denoKvInMemory } from './deno-kv.ts';
import { storeSuite } from './store.ts';

describe('denoKv, by @deno/kv in a file', () => {
  for (const { name, run } of storeSuite(denoKvCandidate)) test(name, run);
});

describe('denoKv, by @deno/kv in memory', () => {
  for (const { name, run } of storeSuite(denoKvInMemory)) test(name, run);
});
