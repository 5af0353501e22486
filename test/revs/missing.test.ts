import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { missingRevs } from '../../src/revs/missing.ts';
import { emptyTree } from '../../src/revs/tree.ts';
import { grown, histories, Model } from './histories.ts';

const tree = grown([
  { path: { start: 3, ids: ['c', 'b', 'a'] }, deleted: false },
  { path: { start: 2, ids: ['x', 'a'] }, deleted: true },
]);

test.each([
  ['nothing', [], { missing: [], possibleAncestors: [] }],
  ['known revisions, leaves or not', ['3-c', '1-a', '2-x'], { missing: [], possibleAncestors: [] }],
  ['a successor', ['4-d'], { missing: ['4-d'], possibleAncestors: ['3-c', '2-x'] }],
  ['a sibling', ['3-y'], { missing: ['3-y'], possibleAncestors: ['2-x'] }],
  ['what is older than every leaf', ['2-y', '1-y'], { missing: ['1-y', '2-y'], possibleAncestors: [] }],
  ['any order', ['10-d', '9-b', '9-a', '1-a'], { missing: ['9-a', '9-b', '10-d'], possibleAncestors: ['3-c', '2-x'] }],
  ['a revision asked twice', ['3-c', '3-c'], { missing: ['3-c'], possibleAncestors: ['2-x'] }],
  ['what is no revision', ['x', '4-d'], { missing: ['4-d', 'x'], possibleAncestors: ['3-c', '2-x'] }],
])('missingRevs for %s', (_, revs, answer) => {
  expect(missingRevs(tree, revs)).toEqual(answer);
});

test('missingRevs of an unknown document is everything, in the order asked', () => {
  expect(missingRevs(emptyTree, ['2-b', '1-a'])).toEqual({ missing: ['2-b', '1-a'], possibleAncestors: [] });
});

test('missingRevs is what a naive model does not know', () =>
  fc.assert(
    fc.property(histories(), ({ revs, arrivals }) => {
      const { parents } = new Model(arrivals);
      const { missing } = missingRevs(grown(arrivals), revs);
      expect([...missing].sort()).toEqual(revs.filter((rev) => !parents.has(rev)).sort());
    }),
  ));
