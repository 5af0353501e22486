import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isInputError, isStoreError } from '../../src/core/errors.ts';
import { compareBytes, packKey, rangeBounds, unpackKey } from '../../src/kv/key.ts';
import type { Key, KeyRange } from '../../src/kv/kv.ts';
import { compareKeys, key, keyPair } from './keys.ts';

describe('packKey', () => {
  test('orders bytes as keys are ordered', () =>
    fc.assert(
      fc.property(keyPair, ([a, b]) => {
        expect(Math.sign(compareBytes(packKey(a), packKey(b)))).toBe(Math.sign(compareKeys(a, b)));
      }),
      { numRuns: 5000 },
    ));

  test.each<[string, Key, Key]>([
    ['U+E000 before U+10000', ['\ue000'], ['\u{10000}']],
    ['a zero after the end', ['a'], ['a\0']],
    ['a further part before a longer string', ['a', 'b'], ['a\0']],
    ['zero before one', ['\0'], ['\x01']],
    ['one before zero behind it', ['\0\x01'], ['\x01\0']],
    ['the empty string first', [''], ['\0']],
    ['a key before those it begins', ['a'], ['a', '']],
    ['negative numbers by value', [-2], [-1]],
    ['the smallest before nothing', [-Number.MIN_VALUE], [0]],
    ['2 before 10', [2], [10]],
    ['fractions', [1], [1.5]],
  ])('puts %s', (_, smaller, larger) => {
    expect(compareBytes(packKey(smaller), packKey(larger))).toBeLessThan(0);
    expect(compareBytes(packKey(larger), packKey(smaller))).toBeGreaterThan(0);
  });

  test('takes -0 for 0', () => {
    expect(packKey([-0])).toEqual(packKey([0]));
  });

  test.each([Number.NaN, Number.POSITIVE_INFINITY, '\ud800', 'a\udc00', '\udc00\ud800'])('refuses %j', (part) => {
    expect(() => packKey(['a', part])).toThrow(expect.toSatisfy(isInputError));
  });

  test('keeps no larger buffer alive', () => {
    for (const packed of [packKey(['a', 'b']), packKey(['a', 1]), packKey([1])]) {
      expect(packed.buffer.byteLength).toBe(packed.byteLength);
    }
  });
});

describe('unpackKey', () => {
  test('gives back what was packed', () =>
    fc.assert(
      fc.property(key, (original) => {
        expect(unpackKey(packKey(original))).toEqual(original.map((part) => (part === 0 ? 0 : part)));
      }),
      { numRuns: 5000 },
    ));

  test('reads a key that stands inside of a larger buffer', () => {
    const packed = packKey(['a', -1.5, 'b']);
    const larger = Uint8Array.of(9, ...packed, 9);
    expect(unpackKey(larger.subarray(1, -1))).toEqual(['a', -1.5, 'b']);
  });

  const anyBytes = fc.array(fc.oneof(fc.constantFrom(0, 1, 2, 3, 0x61, 0xff), fc.nat(255)), { maxLength: 30 });

  test('ends on any bytes, with a key or a StoreError', () =>
    fc.assert(
      fc.property(anyBytes, (any) => {
        try {
          expect(unpackKey(Uint8Array.from(any))).toBeInstanceOf(Array);
        } catch (error) {
          expect(isStoreError(error) && error.failure).toBe('corrupt');
        }
      }),
      { numRuns: 2000 },
    ));

  test.each([
    ['an unknown tag', [4, 0x61, 0]],
    ['a string without its end', [2, 0x61]],
    ['a number cut short', [3, 0x80, 0, 0]],
    ['a string that is not UTF-8', [2, 0xff, 0]],
  ])('refuses %s', (_, bytes) => {
    expect(() => unpackKey(Uint8Array.from(bytes))).toThrow(expect.toSatisfy(isStoreError));
  });
});

describe('rangeBounds', () => {
  const holds = (range: KeyRange, candidate: Key): boolean => {
    const { start, end } = rangeBounds(range);
    const packed = packKey(candidate);
    return compareBytes(start, packed) <= 0 && compareBytes(packed, end) < 0;
  };

  test.each<[boolean, KeyRange, Key]>([
    [true, { prefix: ['a'] }, ['a', 'b']],
    [true, { prefix: ['a'] }, ['a', '']],
    [true, { prefix: ['a'] }, ['a', -1]],
    [true, { prefix: ['a'] }, ['a', Number.MAX_VALUE, 'c']],
    [false, { prefix: ['a'] }, ['a']],
    [false, { prefix: ['a'] }, ['ab']],
    [false, { prefix: ['a'] }, ['ab', 'c']],
    [false, { prefix: ['a'] }, ['a\0', 'c']],
    [false, { prefix: [1] }, [1.5, 'c']],
    [true, { prefix: [] }, ['']],
    [false, { prefix: [] }, []],
    [true, { prefix: ['a'], from: ['a', 'b'] }, ['a', 'b']],
    [false, { prefix: ['a'], from: ['a', 'b', ''] }, ['a', 'b']],
    [true, { prefix: ['a'], to: ['a', 'b', ''] }, ['a', 'b']],
    [false, { prefix: ['a'], to: ['a', 'b'] }, ['a', 'b']],
    [true, { prefix: ['a'], from: ['a'] }, ['a', '']],
    [false, { prefix: ['a'], to: ['a'] }, ['a', '']],
    [false, { prefix: ['a'], from: ['a', 'c'], to: ['a', 'b'] }, ['a', 'b']],
  ])('says %s of %j and %j', (expected, range, candidate) => {
    expect(holds(range, candidate)).toBe(expected);
  });

  const anyRange = fc.record({ prefix: key, from: fc.option(key), to: fc.option(key), candidate: key });

  test('holds what its definition says', () =>
    fc.assert(
      fc.property(anyRange, ({ prefix, from, to, candidate }) => {
        const under = (rest: Key | null): Key => [...prefix, ...(rest ?? [])];
        const sameTypes = (a: Key, b: Key): boolean =>
          a.every((part, at) => b[at] === undefined || typeof part === typeof b[at]);
        fc.pre([from, to].every((bound) => bound === null || sameTypes(bound, candidate)));
        const expected =
          candidate.length > 0 &&
          (from === null || compareKeys(from, candidate) <= 0) &&
          (to === null || compareKeys(candidate, to) < 0);
        const asked = { prefix, ...(from && { from: under(from) }), ...(to && { to: under(to) }) };
        expect(holds(asked, under(candidate))).toBe(expected);
      }),
    ));

  test.each<KeyRange>([
    { prefix: ['a'], from: ['b'] },
    { prefix: ['a'], to: ['ab'] },
    { prefix: ['a', 'b'], to: ['a'] },
    { prefix: [1], from: [1.5] },
  ])('refuses a bound outside of the prefix: %j', (range) => {
    expect(() => rangeBounds(range)).toThrow(expect.toSatisfy(isInputError));
  });
});
