import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createRegistry } from '../../src/registry/create-registry.ts';
import { defineData } from '../../src/registry/data/data-key.ts';
import { pipe, series } from '../../src/registry/hook.ts';
import { inOrder, type Placed, type Position } from '../../src/registry/position.ts';
import { defineService } from '../../src/registry/service.ts';
import { constant } from '../../src/registry/sources/constant.ts';

const kitchen = defineService('kitchen', {
  cook: series<[], string>({ sync: true }),
  season: pipe<string>({ sync: true }),
});
const rules = defineData<string, number>('rules');

const placed = (plugin: string, turn: number, position: Position = {}): Placed => ({
  plugin,
  turn: [turn, turn],
  position,
});
const names = (list: readonly Placed[]): string =>
  inOrder(list)
    .map(({ plugin }) => plugin)
    .join('');

describe('inOrder', () => {
  test('goes by order, then by turn, and never by name or by where something stood', () => {
    const positions = fc.uniqueArray(
      fc.record({ plugin: fc.string(), turn: fc.integer(), order: fc.option(fc.integer(), { nil: undefined }) }),
      { selector: ({ turn }) => turn },
    );
    fc.assert(
      fc.property(positions, fc.func(fc.integer()), (written, shuffle) => {
        const list = written.map(({ plugin, turn, order }) =>
          placed(plugin, turn, order === undefined ? {} : { order }),
        );
        const shuffled = [...list].sort((a, b) => shuffle(a.turn) - shuffle(b.turn));
        const expected = [...list].sort((a, b) => {
          return (a.position.order ?? 0) - (b.position.order ?? 0) || a.turn[0] - b.turn[0];
        });
        expect(inOrder(shuffled)).toEqual(expected);
        const renamed = shuffled.map((one) => ({ ...one, plugin: `z${one.turn[0]}` }));
        expect(inOrder(renamed).map(({ turn }) => turn)).toEqual(expected.map(({ turn }) => turn));
      }),
    );
  });

  test('has those wait who have to stand behind others', () => {
    expect(names([placed('a', 1), placed('b', 2), placed('c', 3, { before: ['a'] })])).toBe('bca');
    expect(names([placed('a', 1, { after: ['c'] }), placed('b', 2), placed('c', 3)])).toBe('bca');
    expect(names([placed('a', 1, { after: ['nobody'] }), placed('b', 2, { order: -1, after: ['a'] })])).toBe('ab');
  });

  test('keeps whatever before and after ask for, unless they go in a circle', () => {
    const list = fc.uniqueArray(
      fc.record({
        plugin: fc.constantFrom(...'abcdef'),
        turn: fc.integer(),
        before: fc.subarray([...'abcdef'], { maxLength: 2 }),
        after: fc.subarray([...'abcdef'], { maxLength: 1 }),
      }),
      { selector: ({ plugin }) => plugin },
    );
    fc.assert(
      fc.property(list, (written) => {
        const all = written.map(({ plugin, turn, before, after }) => {
          const others = (some: readonly string[]): string[] => some.filter((name) => name !== plugin);
          return placed(plugin, turn, { before: others(before), after: others(after) });
        });
        const pairs = all.flatMap(({ plugin, position: { before = [], after = [] } }) => [
          ...before.map((other) => [plugin, other] as const),
          ...after.map((other) => [other, plugin] as const),
        ]);
        let order: string;
        try {
          order = names(all);
        } catch {
          expect(
            isCircular(
              pairs,
              all.map(({ plugin }) => plugin),
            ),
          ).toBe(true);
          return;
        }
        expect([...order].sort()).toEqual(all.map(({ plugin }) => plugin).sort());
        for (const [first, second] of pairs) {
          if (order.includes(first) && order.includes(second))
            expect(order.indexOf(first)).toBeLessThan(order.indexOf(second));
        }
      }),
    );
  });
});

describe('the order of a registry', () => {
  const plugin = (name: string, position: Position = {}) => ({
    name,
    setup: (registry: ReturnType<typeof createRegistry>) => {
      registry.provide(kitchen, { cook: () => `${name}1`, season: (dish) => `${dish}${name}` }, position);
      registry.provide(kitchen, { cook: () => `${name}2` }, position);
      registry.contribute(rules, constant({ [name]: 1 }), position);
    },
  });

  test('is that of the plugins, then that in which each registers, for calls, data and the description alike', () => {
    const registry = createRegistry();
    registry.use(plugin('z'));
    registry.use(plugin('a'));
    registry.use(plugin('m', { order: -1 }));
    const order = (): unknown[] => [
      registry
        .call(kitchen.cook, [])
        .map(({ value }) => value)
        .join(' '),
      registry.call(kitchen.season, ['']),
      registry.view(rules).sources().join(' '),
      registry
        .describe()
        .data[0]?.sources.map(({ source }) => source)
        .join(' '),
    ];
    expect(order()).toEqual(['m1 m2 z1 z2 a1 a2', 'mza', 'm z a', 'm z a']);
  });

  test('stays as it was when somebody is replaced', () => {
    const registry = createRegistry();
    const handles = ['z', 'a', 'm'].map((name) => registry.use(plugin(name)));
    handles[0]?.replace(plugin('y'));
    expect(registry.call(kitchen.season, [''])).toBe('yam');
    const own = registry.provide(kitchen, { season: (dish) => `${dish}!` });
    registry.provide(kitchen, { season: (dish) => `${dish}?` });
    own.replace({ season: (dish) => `${dish}.` });
    expect(registry.call(kitchen.season, [''])).toBe('yam.?');
  });

  test('refuses circles and orders that are no numbers, and nothing has changed then', () => {
    const registry = createRegistry();
    registry.use(plugin('a', { before: ['b'] }));
    expect(() => registry.use(plugin('b', { before: ['a'] }))).toThrow(
      'Plugin "b" could not be set up: Plugins want to stand before each other in a circle, among "a", "b"',
    );
    expect(() => registry.use(plugin('b', { order: Number.NaN }))).toThrow('Option order must be a number, not NaN');
    expect(registry.describe().plugins).toEqual(['a']);
    expect(registry.call(kitchen.season, [''])).toBe('a');
  });
});

function isCircular(pairs: readonly (readonly [string, string])[], names: readonly string[]): boolean {
  const edges = pairs.filter(([a, b]) => names.includes(a) && names.includes(b));
  const reach = (from: string, seen: readonly string[] = []): boolean =>
    edges.some(([a, b]) => a === from && (seen.includes(b) || reach(b, [...seen, b])));
  return names.some((name) => reach(name, [name]));
}
