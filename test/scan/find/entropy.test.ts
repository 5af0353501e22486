import { expect, test } from 'vitest';
import { entropyOf } from '../../../src/scan/find/entropy.ts';

test.each([
  ['', 0],
  ['aaaa', 0],
  ['aabb', 1],
  ['abcd', 2],
  ['😀😁', 1],
  ['0123456789abcdef', 4],
])('the entropy of %j is %i bits a character', (text, bits) => {
  expect(entropyOf(text)).toBe(bits);
});
