import { describe, expect, test } from 'vitest';
import { leaves, pathTo } from '../../src/revs/leaves.ts';
import { mergePath } from '../../src/revs/merge.ts';
import { keepLeaves } from '../../src/revs/prune.ts';
import { emptyTree, type RevTree } from '../../src/revs/tree.ts';

const paths: [number, string[], boolean][] = [
  [3, ['c', 'b', 'a'], false],
  [3, ['d', 'b', 'a'], true],
  [2, ['e', 'a'], false],
  [1, ['other'], false],
];
const tree: RevTree = paths.reduce(
  (sum, [start, ids, deleted]) => mergePath(sum, { start, ids }, deleted).tree,
  emptyTree,
);

describe('keepLeaves', () => {
  test('keeps the named leaves with their ancestors and their marks, and nothing else', () => {
    const pruned = keepLeaves(tree, ['3-d', '2-e', '9-unknown']);
    expect(leaves(pruned).map(({ rev, deleted }) => [rev, deleted])).toEqual([
      ['2-e', false],
      ['3-d', true],
    ]);
    expect(pathTo(pruned, '3-d')).toEqual({ start: 3, ids: ['d', 'b', 'a'] });
    for (const gone of ['3-c', '1-other']) expect(pathTo(pruned, gone)).toBeUndefined();
  });

  test('is the same tree when nothing is to be forgotten, and never an empty one', () => {
    expect(keepLeaves(tree, ['1-other', '2-e', '3-c', '3-d'])).toBe(tree);
    expect(keepLeaves(tree, [])).toBe(tree);
    expect(keepLeaves(tree, ['2-b'])).toBe(tree);
  });
});
