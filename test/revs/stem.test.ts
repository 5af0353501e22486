import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { leaves, nodeDeleted, pathTo } from '../../src/revs/leaves.ts';
import { stem } from '../../src/revs/stem.ts';
import { emptyTree, type RevTree } from '../../src/revs/tree.ts';
import { grown, histories, Model, told } from './histories.ts';

const limits = fc.integer({ min: 1, max: 6 });

describe('stem', () => {
  test('cuts a single path', () => {
    expect(pathTo(stem(live(5, 'edcba'), 2), '5-e')).toEqual({ start: 5, ids: ['e', 'd'] });
  });

  test('parts branches whose fork is too old for both', () => {
    const stemmed = stem(live(4, 'dcba', 'zyxa'), 2);
    expect(pathTo(stemmed, '4-d')).toEqual({ start: 4, ids: ['d', 'c'] });
    expect(pathTo(stemmed, '4-z')).toEqual({ start: 4, ids: ['z', 'y'] });
  });

  test('keeps for a long branch what a short one needs', () => {
    const stemmed = grown([{ path: { start: 2, ids: ['x', 'a'] }, deleted: false }], live(3, 'cba'));
    expect(pathTo(stem(stemmed, 2), '3-c')).toEqual({ start: 3, ids: ['c', 'b', 'a'] });
  });

  test('cuts every path by itself when an id occurs twice', () => {
    const twice = grown([{ path: { start: 2, ids: ['c', 'a'] }, deleted: false }], live(3, 'cba'));
    expect(pathTo(stem(twice, 2), '3-c')).toEqual({ start: 3, ids: ['c', 'b'] });
  });

  test('counts the whole path of a branch', () => {
    const twice = grown([{ path: { start: 4, ids: ['d', 'c', 'x', 'a'] }, deleted: false }], live(2, 'ca'));
    expect(pathTo(stem(twice, 3), '4-d')).toEqual({ start: 4, ids: ['d', 'c', 'x'] });
  });

  test('keeps a leaf that a path has linked and the limit parts from it again', () => {
    const linked = grown([
      { path: { start: 2, ids: ['b', 'a'] }, deleted: false },
      { path: { start: 4, ids: ['d'] }, deleted: false },
      { path: { start: 6, ids: ['f', 'e', 'd', 'c', 'b'] }, deleted: false },
    ]);
    expect(revs(stem(linked, 1))).toEqual(['6-f', '4-d']);
    expect(revs(stem(linked, 3))).toEqual(['6-f']);
  });

  test('forgets the tombstones it cuts off', () => {
    const revived = grown(
      [{ path: { start: 3, ids: ['c', 'b'] }, deleted: false }],
      grown([{ path: { start: 2, ids: ['b', 'a'] }, deleted: true }]),
    );
    expect(nodeDeleted(stem(revived, 2), '2-b')).toBe(true);
    expect(stem(revived, 1).buried).toEqual([]);
  });

  test('takes a limit below 1 as 1', () => {
    expect(pathTo(stem(live(3, 'cba'), 0), '3-c')).toEqual({ start: 3, ids: ['c'] });
    expect(stem(emptyTree, 0)).toBe(emptyTree);
  });

  test('gives the same tree when nothing is too old', () => {
    const tree = live(3, 'cba');
    expect(stem(tree, 3)).toBe(tree);
  });

  test('keeps what is near enough to a leaf, and nothing else', () =>
    fc.assert(
      fc.property(histories({ repeats: false }), limits, ({ revs: all, arrivals }, limit) => {
        const tree = grown(arrivals);
        fc.pre(!tree.overlapping);
        const model = new Model(arrivals);
        const near = new Set(model.leaves().flatMap((leaf) => model.line(leaf).slice(0, limit)));
        for (const rev of model.parents.keys()) {
          if (!near.has(rev)) model.parents.delete(rev);
        }
        for (const [rev, parent] of model.parents) {
          if (parent !== undefined && !near.has(parent)) model.parents.set(rev, undefined);
        }
        for (const rev of model.tombstones) if (!near.has(rev)) model.tombstones.delete(rev);
        expect(told(stem(tree, limit), all)).toEqual(model.told(all));
      }),
      { numRuns: 500 },
    ));

  test('changes nothing the second time, unless an id occurs twice', () =>
    fc.assert(
      fc.property(histories({ repeats: false }), limits, ({ arrivals }, limit) => {
        const tree = grown(arrivals);
        fc.pre(!tree.overlapping);
        const stemmed = stem(tree, limit);
        expect(stem(stemmed, limit)).toEqual(stemmed);
      }),
    ));

  test('keeps every leaf', () =>
    fc.assert(
      fc.property(histories(), limits, ({ arrivals }, limit) => {
        const tree = grown(arrivals);
        expect(leaves(stem(tree, limit))).toEqual(expect.arrayContaining(leaves(tree)));
      }),
    ));

  test('bears 300 leaves on 5,000 generations', () => {
    const ids = Array.from({ length: 5_000 }, (_, i) => `trunk${i}`);
    const tree = grown(
      Array.from({ length: 300 }, (_, i) => ({
        path: { start: 5_001 - i * 16, ids: [`leaf${i}`, ...ids.slice(i * 16)] },
        deleted: false,
      })),
    );
    const stemmed = stem(tree, 50);
    expect(leaves(stemmed)).toHaveLength(300);
    expect(pathTo(stemmed, '217-leaf299')?.ids).toHaveLength(50);
    expect(pathTo(stemmed, '5001-leaf0')?.ids).toHaveLength(4_834);
  });
});

/** A tree of live paths that end at one generation, their ids newest first. */
function live(start: number, ...paths: string[]): RevTree {
  return grown(paths.map((ids) => ({ path: { start, ids: [...ids] }, deleted: false })));
}

function revs(tree: RevTree): string[] {
  return leaves(tree).map(({ rev }) => rev);
}
