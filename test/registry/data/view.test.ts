import fc from 'fast-check';
import { of } from 'rxjs';
import { describe, expect, test } from 'vitest';
import { createRegistry } from '../../../src/registry/create-registry.ts';
import { defineData } from '../../../src/registry/data/data-key.ts';
import { compareKeys, type DataEntry } from '../../../src/registry/data/entry.ts';
import type { RegistryView } from '../../../src/registry/data/view.ts';
import { constant } from '../../../src/registry/sources/constant.ts';

const rules = defineData<string | number | readonly [string, number], string>('rules');
type Key = string | number | readonly [string, number];

/** A view of sources, in the order of their plugins. */
function viewOf(sources: Readonly<Record<string, readonly DataEntry<Key, string>[]>>): RegistryView<Key, string> {
  const registry = createRegistry();
  for (const [source, entries] of Object.entries(sources)) {
    registry.contribute(rules, constant<Key, string>(entries), { source });
  }
  return registry.view(rules);
}

describe('a view', () => {
  test('of nothing is empty', () => {
    const view = viewOf({});
    expect([view.keys(), view.sources(), view.entries(), view.byKey(), view.bySource()]).toEqual([[], [], [], [], []]);
    expect([view.version, view.values('a'), view.value('s', 'a')]).toEqual([0, [], undefined]);
  });

  test('of one source with one entry', () => {
    const view = viewOf({ nuts: [['pea', 'peanut']] });
    expect(view.entries()).toEqual([{ source: 'nuts', key: 'pea', value: 'peanut', prefix: false }]);
    expect(view.values('pea')).toEqual(['peanut']);
    expect(view.value('nuts', 'pea')).toBe('peanut');
    expect(view.byKey()).toEqual([['pea', [['nuts', 'peanut']]]]);
    expect(view.byKey('pea')).toEqual([['nuts', 'peanut']]);
    expect(view.bySource()).toEqual([['nuts', [['pea', 'peanut']]]]);
    expect(view.bySource('nuts')).toEqual([['pea', 'peanut']]);
    expect([view.keys(), view.sources()]).toEqual([['pea'], ['nuts']]);
  });

  test('of two sources that share a key has both, in the order of the sources', () => {
    const view = viewOf({
      second: [
        ['b', '1'],
        ['a', '2'],
      ],
      first: [['b', '3']],
    });
    expect(view.values('b')).toEqual(['1', '3']);
    expect(view.byKey('b')).toEqual([
      ['second', '1'],
      ['first', '3'],
    ]);
    expect(view.byKey()).toEqual([
      ['a', [['second', '2']]],
      [
        'b',
        [
          ['second', '1'],
          ['first', '3'],
        ],
      ],
    ]);
    expect([view.keys(), view.sources()]).toEqual([
      ['a', 'b'],
      ['second', 'first'],
    ]);
    expect(view.entries().map(({ source, key }) => `${source} ${String(key)}`)).toEqual([
      'second b',
      'second a',
      'first b',
    ]);
  });

  test('says nothing of what is not there, and refuses the version of a source that is not', () => {
    const view = viewOf({ nuts: [['pea', 'peanut']], milk: [['milk', 'milk']] });
    expect([view.values('x'), view.byKey('x'), view.bySource('x')]).toEqual([[], [], []]);
    expect([view.value('x', 'pea'), view.value('milk', 'pea')]).toEqual([undefined, undefined]);
    expect(view.versionOf('nuts')).not.toBe(view.versionOf('milk'));
    expect(() => view.versionOf('x')).toThrow('There is no source "x" in this view');
  });

  test('finds the same by keys of any kind', () => {
    const view = viewOf({
      s: [
        [1, 'number'],
        ['1', 'text'],
        [['1', 1], 'list'],
      ],
    });
    expect([view.value('s', 1), view.value('s', '1'), view.value('s', ['1', 1])]).toEqual(['number', 'text', 'list']);
    expect(view.keys()).toEqual([1, '1', ['1', 1]]);
  });
});

describe('prefixes', () => {
  const prefix = { prefix: true } as const;

  test.each([
    [
      [
        ['', 'all', prefix],
        ['pea', 'p', prefix],
        ['peanut', 'exact'],
        ['peanut', 'longer', prefix],
      ],
    ],
    [
      [
        ['peanut', 'longer', prefix],
        ['peanut', 'exact'],
        ['pea', 'p', prefix],
        ['', 'all', prefix],
      ],
    ],
  ] as const)('the longest wins, and the key itself before it, whatever the order: %j', (entries) => {
    const view = viewOf({ s: entries });
    const found = ['peanut', 'peanuts', 'peach', 'nut'].map((key) => view.value('s', key));
    expect(found).toEqual(['exact', 'longer', 'p', 'all']);
    expect(view.value('s', 7)).toBe(undefined);
  });

  test('each source answers for itself', () => {
    const view = viewOf({
      a: [['p', 'a of p', prefix]],
      b: [
        ['pe', 'b of pe', prefix],
        ['x', 'b of x'],
      ],
      c: [['pea', 'c']],
    });
    expect(view.byKey('pea')).toEqual([
      ['a', 'a of p'],
      ['b', 'b of pe'],
      ['c', 'c'],
    ]);
    expect(view.keys()).toEqual(['p', 'pe', 'pea', 'x']);
  });

  test('agree with looking at all of them', () => {
    const text = fc.string({ unit: fc.constantFrom('a', 'b', '\u{1f95c}'), maxLength: 4 });
    const entries = fc.uniqueArray(fc.record({ key: text, isPrefix: fc.boolean() }), {
      selector: ({ key, isPrefix }) => `${isPrefix} ${key}`,
    });
    fc.assert(
      fc.property(entries, text, (written, key) => {
        const list = written.map((entry, i) => [entry.key, `${i}`, { prefix: entry.isPrefix }] as const);
        const fitting = written
          .map((entry, i) => ({ ...entry, i }))
          .filter((entry) => (entry.isPrefix ? key.startsWith(entry.key) : key === entry.key))
          .sort((a, b) => Number(a.isPrefix) - Number(b.isPrefix) || b.key.length - a.key.length);
        expect(viewOf({ s: list }).value('s', key)).toBe(fitting[0] === undefined ? undefined : `${fitting[0].i}`);
      }),
    );
  });
});

describe('what a source delivers', () => {
  test.each([
    [undefined, 'must deliver a list of entries'],
    ['text', 'must deliver a list of entries'],
    [[1], 'An entry must be [key, value]'],
    [[[true, 1]], 'An entry must be [key, value] with a text, a number or a list of such as key, not [true,1]'],
    [[[Number.NaN, 1]], 'An entry must be'],
    [[[[], 1]], 'An entry must be'],
    [[['a']], 'The value of "a" is undefined'],
    [[[1, 1, { prefix: true }]], 'Only a text can be a prefix, not 1'],
    [
      [
        ['a', 1],
        ['a', 2],
      ],
      'The key "a" is there twice',
    ],
  ])('is refused: %j', (delivered, message) => {
    const registry = createRegistry();
    const errors: string[] = [];
    registry.errors$.subscribe((error) => errors.push(error.message));
    registry.contribute(rules, of<Iterable<DataEntry<Key, string>>>(delivered as never));
    expect(errors).toEqual([expect.stringContaining(message)]);
    expect(registry.view(rules)).toMatchObject({ version: 0, stale: ['application'] });
  });

  test('is copied, so that it cannot be changed afterwards', () => {
    const list: [string, string][] = [['a', '1']];
    const view = viewOf({ s: list });
    const [first] = list;
    if (first !== undefined) first[1] = '2';
    list.push(['b', '3']);
    expect(view.entries()).toEqual([{ source: 's', key: 'a', value: '1', prefix: false }]);
    view.bySource('s').push(['c', '4']);
    expect(view.keys()).toEqual(['a']);
  });
});

describe('compareKeys', () => {
  const key = fc.oneof(fc.integer(), fc.string(), fc.array(fc.oneof(fc.integer(), fc.string()), { minLength: 1 }));

  test('is an order', () => {
    fc.assert(
      fc.property(key, key, key, (a, b, c) => {
        expect(Math.sign(compareKeys(a, b))).toBe(-Math.sign(compareKeys(b, a)) + 0);
        expect(compareKeys(a, a)).toBe(0);
        if (compareKeys(a, b) <= 0 && compareKeys(b, c) <= 0) expect(compareKeys(a, c)).toBeLessThanOrEqual(0);
      }),
    );
  });

  test('puts numbers first, then texts, then lists part by part', () => {
    const sorted = [[1, 2], ['a', 1], 'b', 10, [1], 'a', 9].sort(compareKeys);
    expect(sorted).toEqual([9, 10, 'a', 'b', [1], [1, 2], ['a', 1]]);
  });
});
