import { describe, expect, test } from 'vitest';
import {
  ascendingLeaves,
  conflicts,
  deletedConflicts,
  descendantLeaves,
  leaves,
  nodeDeleted,
  pathTo,
} from '../../src/revs/leaves.ts';
import { emptyTree, type RevTree } from '../../src/revs/tree.ts';
import { grown } from './histories.ts';

/** 1-a forks into 2-b, 3-c and the tombstone 2-x; 3-c was deleted by 4-d and made again as 5-e; 4-y is another root. */
const tree = grown([
  { path: { start: 4, ids: ['d', 'c', 'b', 'a'] }, deleted: true },
  { path: { start: 2, ids: ['x', 'a'] }, deleted: true },
  { path: { start: 5, ids: ['e', 'd'] }, deleted: false },
  { path: { start: 3, ids: ['z', 'b'] }, deleted: false },
  { path: { start: 4, ids: ['y'] }, deleted: true },
]);

test('leaves come best first, the tombstones last', () => {
  expect(leaves(tree)).toEqual([
    { rev: '5-e', generation: 5, id: 'e', deleted: false },
    { rev: '3-z', generation: 3, id: 'z', deleted: false },
    { rev: '4-y', generation: 4, id: 'y', deleted: true },
    { rev: '2-x', generation: 2, id: 'x', deleted: true },
  ]);
});

test('ascendingLeaves come by generation and id', () => {
  expect(ascendingLeaves(tree).map(({ rev }) => rev)).toEqual(['2-x', '3-z', '4-y', '5-e']);
});

test('conflicts and deletedConflicts are the losers', () => {
  expect(conflicts(tree)).toEqual(['3-z']);
  expect(deletedConflicts(tree)).toEqual(['4-y', '2-x']);
});

describe('pathTo', () => {
  test.each([
    ['5-e', { start: 5, ids: ['e', 'd', 'c', 'b', 'a'] }],
    ['3-z', { start: 3, ids: ['z', 'b', 'a'] }],
    ['2-b', { start: 2, ids: ['b', 'a'] }],
    ['1-a', { start: 1, ids: ['a'] }],
    ['01-a', { start: 1, ids: ['a'] }],
    ['4-y', { start: 4, ids: ['y'] }],
    ['2-a', undefined],
    ['6-e', undefined],
    ['nonsense', undefined],
  ])('%s', (rev, path) => {
    expect(pathTo(tree, rev)).toEqual(path);
  });

  test('is cut to the newest ids', () => {
    expect(pathTo(tree, '5-e', 2)).toEqual({ start: 5, ids: ['e', 'd'] });
    expect(pathTo(tree, '3-z', 2)).toEqual({ start: 3, ids: ['z', 'b'] });
    expect(pathTo(tree, '4-y', 2)).toEqual({ start: 4, ids: ['y'] });
  });
});

test.each([
  ['1-a', ['2-x', '3-z', '5-e']],
  ['2-b', ['3-z', '5-e']],
  ['3-c', ['5-e']],
  ['5-e', ['5-e']],
  ['3-z', ['3-z']],
  ['4-y', ['4-y']],
  ['7-a', []],
  ['nonsense', []],
])('descendantLeaves of %s', (rev, expected) => {
  expect(descendantLeaves(tree, rev).map((leaf) => leaf.rev)).toEqual(expected);
});

test('nodeDeleted knows tombstones, leaves or not', () => {
  const deleted = ['1-a', '2-b', '2-x', '3-c', '3-z', '4-d', '4-y', '5-e', '9-q', ''].filter((rev) =>
    nodeDeleted(tree, rev),
  );
  expect(deleted).toEqual(['2-x', '4-d', '4-y']);
});

test('the empty tree has nothing to tell', () => {
  const ask = [leaves, ascendingLeaves, conflicts, deletedConflicts];
  expect(ask.map((question: (tree: RevTree) => unknown[]) => question(emptyTree))).toEqual([[], [], [], []]);
  expect(pathTo(emptyTree, '1-a')).toBeUndefined();
});
