import { describe, test } from 'vitest';
import { fsCandidate } from './fs.ts';
import { storeSuite } from './store.ts';

describe('fsKv', () => {
  for (const { name, run } of storeSuite(fsCandidate)) test(name, run);
});
