import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { leaves } from '../../src/revs/leaves.ts';
import { emptyTree } from '../../src/revs/tree.ts';
import { compareLeaves, winner } from '../../src/revs/winner.ts';
import { type Arrival, grown, histories } from './histories.ts';

test.each([
  ['a live leaf before a longer tombstone', [live(2, 'a'), tombstone(12, 'b')], '2-a'],
  ['the longer branch', [live(9, 'z'), live(10, 'a')], '10-a'],
  ['the greater id', [live(3, 'a'), live(3, 'c'), live(3, 'b')], '3-c'],
  [
    'the greater id by the bytes stored',
    [live(1, 'abc'), live(1, '967a00dff5e02add41819138abb3284d')],
    '1-967a00dff5e02add41819138abb3284d',
  ],
  ['the best tombstone where all is deleted', [tombstone(2, 'a'), tombstone(3, 'b'), tombstone(3, 'a')], '3-b'],
])('winner is %s', (_, arrivals, rev) => {
  expect(winner(grown(arrivals))?.rev).toBe(rev);
  expect(winner(grown([...arrivals].reverse()))?.rev).toBe(rev);
});

test('winner is no leaf that a path has since gone on from', () => {
  const tree = grown([
    live(2, 'b'),
    live(4, 'd'),
    { path: { start: 6, ids: ['f', 'e', 'd', 'c', 'b'] }, deleted: true },
  ]);
  expect(winner(tree)).toEqual({ rev: '6-f', generation: 6, id: 'f', deleted: true });
});

test('winner of the empty tree is undefined', () => {
  expect(winner(emptyTree)).toBeUndefined();
});

test('winner tells whether the document is deleted', () => {
  expect(winner(grown([tombstone(3, 'a')]))).toEqual({ rev: '3-a', generation: 3, id: 'a', deleted: true });
});

test('winner is the first of the leaves, whatever the order of arrival', () =>
  fc.assert(
    fc.property(histories(), ({ arrivals }) => {
      const best = winner(grown(arrivals));
      expect(best).toEqual(leaves(grown(arrivals))[0]);
      expect(winner(grown([...arrivals].reverse()))).toEqual(best);
    }),
  ));

test('compareLeaves is zero for equal leaves only', () => {
  const [a, b] = leaves(grown([live(1, 'a'), live(1, 'b')]));
  if (a === undefined || b === undefined) throw new Error('Two leaves were planted');
  expect(compareLeaves(a, { ...a })).toBe(0);
  expect(Math.sign(compareLeaves(a, b))).toBe(-Math.sign(compareLeaves(b, a)));
});

function live(start: number, id: string): Arrival {
  return { path: { start, ids: [id] }, deleted: false };
}

function tombstone(start: number, id: string): Arrival {
  return { path: { start, ids: [id] }, deleted: true };
}
