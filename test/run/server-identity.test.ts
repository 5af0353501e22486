import { expect, test } from 'vitest';
import { isAtLeast } from './server-identity.ts';

test.each([
  ['3.4.3', '3.4', true],
  ['3.5.0', '3.4', true],
  ['3.10.1', '3.4', true],
  ['4.0', '3.4', true],
  ['3.3.3', '3.4', false],
  ['2.3.1', '3.4', false],
  ['3.4.0+cloudant', '3.4', true],
  ['', '3.4', false],
])('version %j is at least %s: %s', (version, least, expected) => {
  expect(isAtLeast(version, least)).toBe(expected);
});
