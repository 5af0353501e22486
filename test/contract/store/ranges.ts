import { isInputError } from '../../../src/core/errors.ts';
import type { Key, KeyRange } from '../../../src/kv/kv.ts';
import { equal, rejects } from '../assert.ts';
import type { StoreCase } from '../store-case.ts';
import { entries, keys, remove, set } from './actions.ts';

/** What a range holds: prefixes and bounds. */
export const ranges: readonly StoreCase[] = [
  {
    name: 'takes a prefix for whole parts: not the key itself, not a longer string, not another number',
    async run(open) {
      const kv = await open();
      const inside: Key[] = [
        ['a', ''],
        ['a', 'b'],
        ['a', 'b', 1],
        ['a', 'c'],
      ];
      await set(kv, [...inside, ['a'], ['a\0'], ['ab'], ['ab', 'c'], ['b', 'a'], ['']]);
      await set(kv, [
        ['n', 1, 'x'],
        ['n', 1.5, 'x'],
        ['n', 10, 'x'],
        ['n', -1, 'x'],
      ]);
      equal(await keys(kv, { prefix: ['a'] }), inside);
      equal(await keys(kv, { prefix: ['n', 1] }), [['n', 1, 'x']]);
      equal(await keys(kv, { prefix: ['a', 'b', 1] }), []);
    },
  },
  {
    name: 'takes the empty prefix for the whole store',
    async run(open) {
      const kv = await open();
      const all: Key[] = [[''], ['', ''], ['\0'], ['a', 1], ['\u{10ffff}', '\u{10ffff}']];
      await set(kv, all);
      equal(await keys(kv, { prefix: [] }), all);
      equal(await keys(kv, { prefix: [], from: ['\0'], to: ['b'] }), [['\0'], ['a', 1]]);
    },
  },
  {
    name: 'includes the beginning and excludes the end of a range',
    async run(open) {
      const kv = await open();
      await set(
        kv,
        ['b', 'd', 'f', 'h'].map((part) => ['r', part]),
      );
      await set(kv, [['q', 'z'], ['r'], ['s', 'a']]);
      const parts = async (bounds: { from?: Key; to?: Key }): Promise<string> => {
        const range: KeyRange = { prefix: ['r'], ...bounds };
        const forward = await keys(kv, range);
        equal(await keys(kv, range, { reverse: true }), [...forward].reverse(), 'The reversed listing');
        return forward.map(([, part]) => part).join('');
      };
      equal(await parts({ from: ['r', 'd'] }), 'dfh', 'from a key');
      equal(await parts({ from: ['r', 'c'] }), 'dfh', 'from between two keys');
      equal(await parts({ from: ['r', 'd\0'] }), 'fh', 'from after a key');
      equal(await parts({ from: ['r', 'd', 'x'] }), 'fh', 'from a longer key');
      equal(await parts({ to: ['r', 'f'] }), 'bd', 'to a key');
      equal(await parts({ to: ['r', 'f', 'x'] }), 'bdf', 'to a longer key');
      equal(await parts({ from: ['r', 'd'], to: ['r', 'h'] }), 'df', 'from and to');
      equal(await parts({ from: ['r'] }), 'bdfh', 'from the prefix');
      equal(await parts({ to: ['r'] }), '', 'to the prefix');
      equal(await parts({ from: ['r', 'a'], to: ['r', 'z'] }), 'bdfh', 'beyond both ends');
      equal(await parts({ from: ['r', 'x'] }), '', 'after the end');
      equal(await parts({ from: ['r', 'd'], to: ['r', 'd'] }), '', 'from and to the same key');
      equal(await parts({ from: ['r', 'h'], to: ['r', 'b'] }), '', 'a range turned round');
    },
  },
  {
    name: 'refuses a bound that does not begin with the prefix',
    async run(open) {
      const kv = await open();
      const wrong: KeyRange[] = [
        { prefix: ['a'], from: ['b'] },
        { prefix: ['a'], to: ['ab'] },
        { prefix: ['a', 'b'], to: ['a'] },
        { prefix: ['n', 1], from: ['n', 1.5] },
      ];
      for (const range of wrong) await rejects(kv.page(range), isInputError, `The range ${JSON.stringify(range)}`);
    },
  },
  {
    name: 'keeps key spaces apart that differ in their first part only',
    async run(open) {
      const kv = await open();
      const spaces = ['', 'a', 'a\0', 'ab', 'b'];
      const inside = (space: string): Key[] => [
        [space, 'x'],
        [space, 'x', 'y'],
        [space, 'z'],
      ];
      for (const space of spaces) await set(kv, inside(space), space);
      for (const space of spaces) equal(await keys(kv, { prefix: [space] }), inside(space), `The key space ${space}`);
      await remove(kv, inside('a'));
      equal(await keys(kv, { prefix: ['a'] }), []);
      equal((await entries(kv)).length, 12, 'The number of other keys');
    },
  },
];
