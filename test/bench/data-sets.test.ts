import { describe, expect, test } from 'vitest';
import { contentsOf, dataSet } from './data-sets.ts';

function revisionsOf(name: string, count: number) {
  return [...dataSet(name).revisions(count)];
}

describe('dataSets', () => {
  test.each([
    ['a', { documents: 202, leaves: 202 }, [1]],
    ['b', { documents: 202, leaves: 202 }, [5]],
    ['c', { documents: 202, leaves: 606 }, [2]],
    ['d', { documents: 2, leaves: 202 }, [1, 2]],
    ['mixed', { documents: 202, leaves: 202 }, [1, 2, 3, 4, 5]],
    ['small', { documents: 202, leaves: 202 }, [1]],
  ])(
    '%s has the leaves and generations that it should have, each with its whole history',
    (name, contents, generations) => {
      const revisions = revisionsOf(name, 202);
      expect(contentsOf(revisions)).toEqual(contents);
      expect(new Set(revisions.map(({ _id, _rev }) => `${_id} ${_rev}`)).size).toBe(contents.leaves);
      expect([...new Set(revisions.map(({ _revisions }) => _revisions?.start))].sort()).toEqual(generations);
      for (const { _rev, _revisions } of revisions) {
        expect(_revisions?.ids).toHaveLength(_revisions?.start ?? 0);
        expect(_rev).toBe(`${_revisions?.start}-${_revisions?.ids[0]}`);
      }
    },
  );

  test.each([
    ['a', 1000],
    ['b', 1000],
    ['c', 1000],
    ['mixed', 800],
    ['small', 100],
  ])('%s has documents of the size that its title says, to a tenth and what names them', (name, size) => {
    for (const { _revisions, ...document } of revisionsOf(name, 20)) {
      const length = JSON.stringify(document).length;
      expect(length).toBeGreaterThan(size * 0.9);
      expect(length).toBeLessThan(size * 1.1 + 100);
    }
  });

  test('are the same each time', () => {
    expect(revisionsOf('c', 5)).toEqual(revisionsOf('c', 5));
  });

  test('name what there is when asked for another one', () => {
    expect(() => dataSet('constructor')).toThrow('There is no data set "constructor": name some of a, b, c, d, mixed');
  });
});
