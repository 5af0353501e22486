import { isInputError } from '../../../src/core/errors.ts';
import type { Key, Kv } from '../../../src/kv/kv.ts';
import { equal, ok, rejects } from '../assert.ts';
import type { OpenKv, StoreCase } from '../store-case.ts';
import { get, keys, says, set } from './actions.ts';

/** The order of keys: by the UTF-8 bytes of strings, numbers by value. */
export const order: readonly StoreCase[] = [
  {
    name: 'orders strings by their UTF-8 bytes, which is not the order of UTF-16',
    run: (open) => keepsOrder(open, ['', ' ', 'A', 'Z', 'a', 'aa', 'b', '\x7f', '\x80', 'é', '\uffff', '\u{10000}']),
  },
  {
    name: 'puts U+E000 before U+10000',
    run: (open) => keepsOrder(open, ['\ud7ff', '\ue000', '\ufeff', '\u{10000}', '\u{10ffff}']),
  },
  {
    name: 'orders strings with zeros and other control characters, and gives them back',
    run: (open) => keepsOrder(open, ['', '\0', '\0\0', '\0\x01', '\0a', '\x01', '\x01\0', '\x01\x01', '\x02', '\x03']),
  },
  {
    name: 'orders numbers by value, negative ones and fractions too',
    run: (open) => {
      const [tiny, huge] = [Number.MIN_VALUE, Number.MAX_VALUE];
      const large = Number.MAX_SAFE_INTEGER;
      return keepsOrder(open, [-huge, -large, -10, -2, -1.5, -1, -tiny, 0, tiny, 0.1, 1, 1.5, 2, 10, 256, large, huge]);
    },
  },
  {
    name: 'takes -0 for 0',
    async run(open) {
      const kv = await open();
      await set(kv, [['n', -0]], 'zero');
      equal(says(await get(kv, ['n', 0])), 'zero');
      equal(await keys(kv), [['n', 0]]);
    },
  },
  {
    name: 'orders keys part by part, a key before those that it begins',
    async run(open) {
      const kv = await open();
      const ordered: Key[] = [
        ['a'],
        ['a', ''],
        ['a', '', 'z'],
        ['a', 'b'],
        ['a', 'b', 'c'],
        ['a\0'],
        ['a\0', 'b'],
        ['ab'],
      ];
      await set(kv, shuffled(ordered));
      equal(await keys(kv), ordered);
    },
  },
  {
    name: 'tells keys apart that look alike',
    async run(open) {
      const kv = await open();
      const alike: Key[] = [
        ['1'],
        ['a', 'b'],
        ['a\0b'],
        ['ab'],
        ['a,b'],
        ['e\u0301'],
        ['\u00e9'],
        ['__proto__'],
        ['A'],
      ];
      await set(kv, alike);
      equal(
        (await kv.read(alike)).map(says),
        alike.map((key) => JSON.stringify(key)),
      );
    },
  },
  {
    name: 'refuses keys that have no place in the order',
    async run(open) {
      const kv = await open();
      for (const part of ['\ud800', 'a\udc00', Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
        await refusesKey(kv, ['a', part]);
      }
      await refusesKey(kv, []);
      equal(await keys(kv), []);
    },
  },
];

/** Writes keys that differ in their last part, mixed up, and expects them back in this order, from both ends. */
async function keepsOrder(open: OpenKv, parts: readonly (string | number)[]): Promise<void> {
  const kv = await open();
  const ordered: Key[] = parts.map((part) => ['first', part]);
  await set(kv, shuffled(ordered));
  equal(await keys(kv, { prefix: ['first'] }), ordered, 'The listing');
  equal(
    await keys(kv, { prefix: ['first'] }, { reverse: true, limit: 2 }),
    [...ordered].reverse(),
    'The reversed listing',
  );
  const found = await Promise.all(ordered.map((key) => get(kv, key)));
  equal(
    found.map(says),
    ordered.map((key) => JSON.stringify(key)),
    'What was read',
  );
}

async function refusesKey(kv: Kv, key: Key): Promise<void> {
  const what = `The key ${JSON.stringify(key)}`;
  await rejects(kv.read([key]), isInputError, what);
  await rejects(
    kv.update([key], () => ({ result: undefined })),
    isInputError,
    what,
  );
  await rejects(set(kv, [['sound'], key]), isInputError, what);
  await rejects(
    kv.update([], () => ({ set: [[['sound'], new Uint8Array()]], delete: [key], result: undefined })),
    isInputError,
    what,
  );
  ok((await get(kv, ['sound'])) === undefined, 'A part of a refused update was written');
}

/** Every other one, then the rest backwards: no order that a store could mistake for its own. */
function shuffled<T>(values: readonly T[]): T[] {
  return [...values.filter((_, at) => at % 2 === 1), ...values.filter((_, at) => at % 2 === 0).reverse()];
}
