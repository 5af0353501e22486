import { describe, test } from 'vitest';
import { targetSuite } from './target.ts';
import { tinyCandidates } from './tiny.ts';

describe.each(Object.entries(tinyCandidates))('%s', (_, candidate) => {
  for (const { name, run } of targetSuite(candidate)) test(name, run);
});
