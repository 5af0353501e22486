import type { Entry } from '../../../src/kv/kv.ts';
import { equal, ok } from '../assert.ts';
import type { StoreCase } from '../store-case.ts';
import { entries, get, says, set, value } from './actions.ts';

/** Every byte there is, several times. */
const everyByte = Uint8Array.from({ length: 1024 }, (_, at) => at % 256);

/** What is stored: bytes, copied in and out. */
export const values: readonly StoreCase[] = [
  {
    name: 'gives values back byte by byte',
    async run(open) {
      const kv = await open();
      const large = Uint8Array.from({ length: Math.min(300_000, kv.limits.valueBytes) }, (_, at) => (at * 31) % 256);
      await kv.update([], () => ({
        set: [
          [['every'], everyByte],
          [['large'], large],
        ],
        result: undefined,
      }));
      equal((await get(kv, ['every']))?.value, everyByte, 'The value with every byte');
      equal((await get(kv, ['large']))?.value, large, 'The large value');
    },
  },
  {
    name: 'takes empty bytes for a value, and not for absence',
    async run(open) {
      const kv = await open();
      await set(kv, [['empty']], '');
      const entry = await get(kv, ['empty']);
      equal(entry?.value, new Uint8Array(), 'The value');
      equal(await entries(kv), [entry], 'The listing');
      const seen = await kv.update([['empty']], ([guarded]) => ({ result: guarded }));
      equal(seen, entry, 'What a guard sees');
    },
  },
  {
    name: 'reads in the order asked, the absent as undefined, and the same key as often as it is asked for',
    async run(open) {
      const kv = await open();
      await set(kv, [['a'], ['b']]);
      const found = await kv.read([['b'], ['x'], ['a'], ['b']]);
      equal(
        found.map((entry) => entry?.key),
        [['b'], undefined, ['a'], ['b']],
      );
      equal(found[0], found[3], 'The same entry');
      equal(await kv.read([]), []);
    },
  },
  {
    name: 'copies what goes in',
    async run(open) {
      const kv = await open();
      const larger = value('a value in something larger');
      const part = larger.subarray(2, 7);
      await kv.update([], () => ({ set: [[['part'], part]], result: undefined }));
      larger.fill(0);
      equal(says(await get(kv, ['part'])), 'value');
    },
  },
  {
    name: 'gives copies of its own to everyone who looks',
    async run(open) {
      const kv = await open();
      await set(kv, [['k']], 'value');
      const looks: (() => Promise<Entry | undefined>)[] = [
        () => get(kv, ['k']),
        async () => (await kv.page({ prefix: [] })).entries[0],
        () => kv.update([['k']], ([seen]) => ({ result: seen })),
      ];
      for (const look of looks) {
        const entry = await look();
        equal(says(entry), 'value');
        entry?.value.fill(0);
      }
      equal(says(await get(kv, ['k'])), 'value');
      const [first, second] = await kv.read([['k'], ['k']]);
      ok(first?.value.buffer !== second?.value.buffer, 'Two entries share their bytes');
    },
  },
  {
    name: 'gives values that keep nothing larger alive',
    async run(open) {
      const kv = await open();
      await set(kv, [['a'], ['b'], ['c']], 'value');
      const seen = [...(await kv.read([['a'], ['b']])), ...(await entries(kv))];
      for (const entry of seen) equal(entry?.value.buffer.byteLength, 5, 'The size of the buffer behind a value');
    },
  },
];
