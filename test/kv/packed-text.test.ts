import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { compareBytes } from '../../src/kv/key.ts';
import { packedBytes, packedText } from '../../src/kv/packed-text.ts';

const bytes = fc.uint8Array({ maxLength: 12 });

test('texts are ordered as their bytes are', () =>
  fc.assert(
    fc.property(bytes, bytes, (a, b) => {
      const [left, right] = [packedText(a), packedText(b)];
      expect(left < right ? -1 : left > right ? 1 : 0).toBe(Math.sign(compareBytes(a, b)));
    }),
    { numRuns: 2000 },
  ));

test.each([0, 1, 4095, 4096, 4097, 100_000])('%j bytes come back', (length) => {
  const long = Uint8Array.from({ length }, (_, at) => at % 251);
  const text = packedText(long);
  expect(text).toHaveLength(length);
  expect(packedBytes(text)).toEqual(long);
});
