import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isStoreError } from '../../src/core/errors.ts';
import { decodeTree, encodeTree } from '../../src/revs/codec.ts';
import { stem } from '../../src/revs/stem.ts';
import { emptyTree, treeOf } from '../../src/revs/tree.ts';
import { grown, histories, told } from './histories.ts';

/** A tree with everything in it, and its stored form. Once written, a form must be readable for ever. */
const sample = grown([
  { path: { start: 2, ids: ['b', 'a'] }, deleted: true },
  { path: { start: 3, ids: ['c,;%', 'b'] }, deleted: false },
  { path: { start: 2, ids: ['x', 'a'] }, deleted: true },
  { path: { start: 7, ids: [''] }, deleted: false },
]);
const stored = '1;3:c%2c%3b%25,b,a;2@0!x;7:;~2-b';

describe('encodeTree', () => {
  test('writes format 1', () => {
    expect(encodeTree(sample)).toBe(stored);
    expect(encodeTree(emptyTree)).toBe('1');
  });

  test('adds four characters to the id of a new document', () => {
    const id = '967a00dff5e02add41819138abb3284d';
    expect(encodeTree(treeOf({ start: 1, ids: [id] }, false))).toBe(`1;1:${id}`);
  });
});

describe('decodeTree', () => {
  test('reads format 1', () => {
    expect(decodeTree(stored)).toEqual(sample);
    expect(decodeTree('1')).toEqual(emptyTree);
  });

  test('reads back what encodeTree wrote', () =>
    fc.assert(
      fc.property(histories(), fc.integer({ min: 1, max: 20 }), ({ revs, arrivals }, limit) => {
        const tree = grown(arrivals);
        const stemmed = stem(tree, limit);
        expect(decodeTree(encodeTree(stemmed))).toEqual(stemmed);
        expect(told(decodeTree(encodeTree(tree)), revs)).toEqual(told(tree, revs));
      }),
    ));

  test('reads back any id', () =>
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'binary' }), { minLength: 1 }), (ids) => {
        const tree = treeOf({ start: ids.length, ids }, true);
        expect(decodeTree(encodeTree(tree))).toEqual(tree);
      }),
    ));

  test('names a newer format as such', () => {
    expect(failure('2;whatever')).toBe('newer');
    expect(failure('10')).toBe('newer');
  });

  test.each([
    ['nothing', ''],
    ['no format', '3:a'],
    ['format 0', '0;3:a'],
    ['an empty branch', '1;'],
    ['a branch without a mark', '1;3a'],
    ['a negative generation', '1;-3:a'],
    ['a generation too large', '1;9007199254740993:a'],
    ['a parent that does not exist', '1;3:c,b,a;3@1:x'],
    ['a parent that is too old', '1;3:c;3@0:x,b'],
    ['a branch that grows out of a leaf', '1;3:c;4@0:x'],
    ['a branch before its parent', '1;3@1:x;3:c,b'],
    ['a buried revision that nobody knows', '1;3:c,b;~1-a'],
    ['a buried leaf', '1;3:c,b;~3-c'],
    ['a buried text', '1;3:c,b;~'],
    ['buried tombstones before a branch', '1;~2-b;3:c,b'],
  ])('refuses %s', (_, text) => {
    expect(failure(text)).toBe('corrupt');
  });

  test('never fails in another way', () =>
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...'1;3:ab,c!@0~-2%') }), (tail) => {
        const text = `1;${tail}`;
        const failed = failure(text);
        expect([undefined, 'corrupt']).toContain(failed);
        if (failed === undefined) expect(decodeTree(encodeTree(decodeTree(text)))).toEqual(decodeTree(text));
      }),
      { numRuns: 2_000 },
    ));
});

/** How a text fails to be read; `undefined` when it does not. */
function failure(text: string): string | undefined {
  try {
    decodeTree(text);
    return undefined;
  } catch (error) {
    if (!isStoreError(error)) throw error;
    return error.failure;
  }
}
