import type { Key } from '../../../src/kv/kv.ts';
import { equal, ok } from '../assert.ts';
import type { StoreCase } from '../store-case.ts';
import { entries, get, increment, keys, remove, set, value } from './actions.ts';

/** What is there when a store is opened again. */
export const durability: readonly StoreCase[] = [
  {
    name: 'answers as before when it is opened again',
    needs: 'durable',
    async run(open) {
      const first = await open();
      const all: Key[] = [['', 'x'], ['a\0b', -1.5], ['a\0b', 2], ['\ue000'], ['\u{10000}']];
      await set(first, all);
      await set(first, [['empty']], '');
      await set(first, [['deleted']]);
      await remove(first, [['deleted']]);
      const [listed, reversed] = [await entries(first), await keys(first, { prefix: [] }, { reverse: true, limit: 2 })];
      equal(listed.length, 6, 'The number of entries');
      await first.close();
      const second = await open();
      equal(await entries(second), listed, 'The listing');
      equal(await keys(second, { prefix: [] }, { reverse: true, limit: 2 }), reversed, 'The reversed listing');
      equal(await second.read(listed.map(({ key }) => key)), listed, 'What was read');
      equal(second.limits, first.limits, 'The limits');
    },
  },
  {
    name: 'keeps relaxed commits when it is closed in good order',
    needs: 'durable',
    async run(open) {
      const first = await open();
      for (let at = 0; at < 20; at += 1) {
        const durability = at % 5 === 0 ? 'strict' : 'relaxed';
        await first.update([], () => ({ set: [[['k', at], value('')]], result: undefined }), { durability });
      }
      await first.close();
      equal((await keys(await open())).length, 20, 'The number of keys');
    },
  },
  {
    name: 'never repeats a version, though everything is deleted and it is opened again',
    needs: 'durable',
    async run(open) {
      const versions: (string | undefined)[] = [];
      for (let round = 0; round < 4; round += 1) {
        const kv = await open();
        await set(kv, [['k']]);
        versions.push((await get(kv, ['k']))?.version);
        await remove(kv, [['k']]);
        await kv.close();
      }
      ok(!versions.includes(undefined), 'What was set was not there');
      equal(new Set(versions).size, 4, 'The number of different versions');
    },
  },
  {
    name: 'goes on counting when it is opened again and again',
    needs: 'durable',
    async run(open) {
      for (let round = 1; round <= 5; round += 1) {
        const kv = await open();
        equal(await increment(kv, ['counter']), round);
        await kv.close();
      }
    },
  },
];
