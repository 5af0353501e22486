import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { encodeTree } from '../../src/revs/codec.ts';
import { leaves, pathTo } from '../../src/revs/leaves.ts';
import { mergePath, mergeTrees } from '../../src/revs/merge.ts';
import type { RevisionPath } from '../../src/revs/path.ts';
import { emptyTree, treeOf } from '../../src/revs/tree.ts';
import { winner } from '../../src/revs/winner.ts';
import { type Arrival, grown, histories, Model, told } from './histories.ts';

/** `path('3-cba')` is 3-c, 2-b, 1-a. */
function path(text: string): RevisionPath {
  const [start, ids = ''] = text.split('-');
  return { start: Number(start), ids: [...ids] };
}

/** The tree of paths like `3-cba`, `!` behind a tombstone. */
function tree(...texts: string[]) {
  return grown(texts.map((text) => ({ path: path(text.replace('!', '')), deleted: text.endsWith('!') })));
}

function leafRevs(...texts: string[]): string[] {
  return leaves(tree(...texts)).map(({ rev }) => rev);
}

describe('mergePath', () => {
  test.each([
    ['the first path', [], '2-ba', 'branched', ['2-b']],
    ['the same path', ['2-ba'], '2-ba', 'none', ['2-b']],
    ['an ancestor', ['3-cba'], '2-ba', 'none', ['3-c']],
    ['a cut ancestor', ['3-cba'], '2-b', 'none', ['3-c']],
    ['a successor', ['1-a'], '2-ba', 'extended', ['2-b']],
    ['a cut successor', ['2-ba'], '3-cb', 'extended', ['3-c']],
    ['a late successor', ['1-a'], '5-edcba', 'extended', ['5-e']],
    ['a fork', ['3-cba'], '3-xba', 'branched', ['3-x', '3-c']],
    ['a fork at the root', ['2-ba'], '2-ca', 'branched', ['2-c', '2-b']],
    ['a cut fork', ['4-dcba'], '4-xcb', 'branched', ['4-x', '4-d']],
    ['another root', ['2-ba'], '1-x', 'branched', ['2-b', '1-x']],
    ['a path that does not overlap', ['2-ba'], '4-dc', 'branched', ['4-d', '2-b']],
    ['the same id on other ancestors', ['2-ba'], '2-bx', 'none', ['2-b', '2-b']],
    ['the same id on other ancestors, beside a branch', ['2-bx', '2-ax'], '2-ay', 'none', ['2-b', '2-a', '2-a']],
    ['a path that reaches further back', ['3-c'], '3-cba', 'none', ['3-c']],
    ['a successor that reaches further back', ['3-c'], '4-dcba', 'extended', ['4-d']],
    ['a fork below a cut branch', ['4-dc'], '5-xwcba', 'branched', ['5-x', '4-d']],
    ['a path through two roots', ['2-ba', '4-d'], '5-edcba', 'extended', ['5-e']],
    ['a path that forks off the second root', ['2-ba', '5-ed'], '6-yxdcba', 'extended', ['6-y', '5-e']],
    ['a path up to a known root', ['1-a', '3-c'], '3-cba', 'none', ['3-c']],
  ])('%s', (_, before, arriving, change, after) => {
    const merged = mergePath(tree(...before), path(arriving), false);
    expect(merged.change).toBe(change);
    expect(leaves(merged.tree).map(({ rev }) => rev)).toEqual(after);
  });

  test('gives a root the ancestors it lacked', () => {
    expect(pathTo(tree('3-c', '3-cba'), '3-c')).toEqual(path('3-cba'));
    expect(pathTo(tree('3-c', '4-xcb'), '3-c')).toEqual(path('3-cb'));
  });

  test('joins roots that a path links', () => {
    const joined = tree('2-ba', '5-ed', '5-xd', '4-dcb');
    expect(leaves(joined).map(({ rev }) => rev)).toEqual(['5-x', '5-e']);
    expect(pathTo(joined, '5-x')).toEqual(path('5-xdcba'));
  });

  test('keeps a tombstone that something follows', () => {
    const revived = tree('2-ba!', '3-cba');
    expect(winner(revived)).toMatchObject({ rev: '3-c', deleted: false });
    expect(leafRevs('2-ba!', '2-ba')).toEqual(['2-b']);
  });

  test('ignores a path without ids', () => {
    const before = tree('1-a');
    expect(mergePath(before, { start: 0, ids: [] }, false)).toEqual({ tree: before, change: 'none' });
  });

  test('leaves tree and path as they were', () =>
    fc.assert(
      fc.property(histories(), ({ arrivals }) => {
        let sum = emptyTree;
        for (const { path: arriving, deleted } of freeze(arrivals))
          sum = freeze(mergePath(sum, arriving, deleted).tree);
      }),
    ));

  test('agrees with a naive model on every question', () =>
    fc.assert(
      fc.property(histories(), ({ revs, arrivals }) => {
        expect(told(grown(arrivals), revs)).toEqual(new Model(arrivals).told(revs));
      }),
      { numRuns: 300 },
    ));

  const shuffled = histories().chain((history) =>
    fc.record({
      history: fc.constant(history),
      order: fc.shuffledSubarray([...history.arrivals], { minLength: history.arrivals.length }),
    }),
  );

  /** An id that three generations share, in roots that overlap. */
  const overlapping = {
    revs: ['1-0', '2-a', '1-a', '3-a', '2-0', '3-0', '4-a'],
    arrivals: [
      { path: { start: 2, ids: ['0'] }, deleted: true },
      { path: { start: 1, ids: ['0'] }, deleted: true },
      { path: { start: 4, ids: ['a', 'a', 'a'] }, deleted: true },
      { path: { start: 3, ids: ['0', 'a', '0'] }, deleted: true },
      { path: { start: 1, ids: ['0'] }, deleted: true },
    ],
  };

  test('does not care for the order of arrival', () =>
    fc.assert(
      fc.property(shuffled, ({ history: { revs, arrivals }, order }) => {
        expect(told(grown(order), revs)).toEqual(told(grown(arrivals), revs));
      }),
      { numRuns: 500 },
    ));

  test('changes nothing when everything arrives again', () =>
    fc.assert(
      fc.property(histories(), ({ revs, arrivals }) => {
        const merged = grown(arrivals);
        for (const { path: arriving, deleted } of arrivals) {
          const again = mergePath(merged, arriving, deleted);
          expect(again.change).toBe('none');
          // Roots that overlap may change places, which nobody can tell from outside.
          expect(told(again.tree, revs)).toEqual(told(merged, revs));
        }
      }),
      { examples: [[overlapping]] },
    ));

  test('says what became of the newest revision', () =>
    fc.assert(
      fc.property(histories(), ({ arrivals }) => {
        let sum = emptyTree;
        for (const { path: arriving, deleted } of arrivals) {
          const rev = `${arriving.start}-${arriving.ids[0]}`;
          const known = pathTo(sum, rev) !== undefined;
          const before = leaves(sum).length;
          // Among roots that overlap, a leaf of one may be history in another.
          const { overlapping } = sum;
          const merged = mergePath(sum, arriving, deleted);
          sum = merged.tree;
          expect(merged.change === 'none').toBe(known);
          expect(pathTo(sum, rev)).toBeDefined();
          if (merged.change === 'extended' && !overlapping) expect(leaves(sum).length).toBeLessThanOrEqual(before);
        }
      }),
    ));

  test('bears 300 leaves on 5,000 generations', () => {
    const ids = Array.from({ length: 5_000 }, (_, i) => `trunk${i}`);
    const arrivals = Array.from({ length: 300 }, (_, i): Arrival => {
      const from = i * 16;
      return { path: { start: ids.length - from + 1, ids: [`leaf${i}`, ...ids.slice(from)] }, deleted: i % 2 === 1 };
    });
    const merged = grown(arrivals);
    expect(leaves(merged)).toHaveLength(300);
    expect(winner(merged)?.rev).toBe('5001-leaf0');
    expect(pathTo(merged, '217-leaf299')?.ids).toHaveLength(217);
    expect(encodeTree(grown([...arrivals].reverse())).length).toBeLessThan(60_000);
  });
});

describe('mergeTrees', () => {
  const three = fc.tuple(histories(), fc.nat(30), fc.nat(30)).map(([{ revs, arrivals }, i, j]) => {
    const [low, high] = [Math.min(i, j), Math.max(i, j)];
    return {
      revs,
      trees: [arrivals.slice(0, low), arrivals.slice(low, high), arrivals.slice(high)].map((some) => grown(some)),
    };
  });

  test('is commutative and associative', () =>
    fc.assert(
      fc.property(three, ({ revs, trees: [a = emptyTree, b = emptyTree, c = emptyTree] }) => {
        const left = told(mergeTrees(mergeTrees(a, b), c), revs);
        expect(told(mergeTrees(a, mergeTrees(b, c)), revs)).toEqual(left);
        expect(told(mergeTrees(c, mergeTrees(b, a)), revs)).toEqual(left);
      }),
      { numRuns: 300 },
    ));

  test('gives the same tree when there is nothing new', () =>
    fc.assert(
      fc.property(histories(), fc.nat(30), ({ revs, arrivals }, i) => {
        const all = grown(arrivals);
        const some = grown(arrivals.slice(0, i));
        expect(told(mergeTrees(all, some), revs)).toEqual(told(all, revs));
        const once = mergeTrees(emptyTree, all);
        if (!once.overlapping) expect(mergeTrees(once, some)).toBe(once);
      }),
    ));

  test('takes over tombstones that something follows', () => {
    const ours = treeOf(path('3-cba'), false);
    const theirs = tree('2-ba!', '3-cba');
    expect(told(mergeTrees(ours, theirs), ['2-b'])).toMatchObject({ revs: [{ rev: '2-b', deleted: true }] });
  });
});

/** Freezes a value and all within it, so that a write to it throws. */
function freeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const member of Object.values(value)) freeze(member);
  }
  return value;
}
