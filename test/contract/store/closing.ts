import { isClosedError } from '../../../src/core/errors.ts';
import type { Key } from '../../../src/kv/kv.ts';
import { equal, ok, rejects } from '../assert.ts';
import type { StoreCase } from '../store-case.ts';
import { get, keys, says, set, value } from './actions.ts';

/** The end of a handle. */
export const closing: readonly StoreCase[] = [
  {
    name: 'refuses every call after it is closed',
    async run(open) {
      const kv = await open();
      await set(kv, [['a']]);
      await kv.close();
      await rejects(kv.read([['a']]), isClosedError, 'A read');
      await rejects(kv.read([]), isClosedError, 'A read of nothing');
      await rejects(kv.page({ prefix: [] }), isClosedError, 'A page');
      let decided = false;
      const update = kv.update([], () => {
        decided = true;
        return { set: [[['b'], value('')]], result: undefined };
      });
      await rejects(update, isClosedError, 'An update');
      ok(!decided, 'An update of a closed store was decided');
    },
  },
  {
    name: 'is closed twice, and twice at once, without harm',
    async run(open) {
      const kv = await open();
      await Promise.all([kv.close(), kv.close()]);
      await kv.close();
    },
  },
  {
    name: 'finishes or refuses what is under way when it is closed',
    async run(open) {
      const kv = await open();
      const under = Array.from({ length: 10 }, (_, at) => set(kv, [['k', at]]));
      const looks = [kv.read([['k', 0]]), kv.page({ prefix: ['k'] })];
      const [outcomes] = await Promise.all([Promise.allSettled<unknown>([...under, ...looks]), kv.close()]);
      for (const outcome of outcomes) {
        if (outcome.status === 'rejected') ok(isClosedError(outcome.reason), `It was refused by ${outcome.reason}`);
      }
    },
  },
  {
    name: 'has what was finished when it was closed, and nothing of what was refused',
    needs: 'durable',
    async run(open) {
      const kv = await open();
      await set(kv, [['before']]);
      const wanted = Array.from({ length: 10 }, (_, at): Key => ['k', at]);
      const under = wanted.map((key) => set(kv, [key]));
      const [outcomes] = await Promise.all([Promise.allSettled(under), kv.close()]);
      const finished = wanted.filter((_, at) => outcomes[at]?.status === 'fulfilled');
      const again = await open();
      equal(await keys(again, { prefix: ['k'] }), finished);
      equal(await keys(again, { prefix: [] }), [['before'], ...finished]);
    },
  },
  {
    name: 'leaves other handles alone when one is closed',
    needs: 'several',
    async run(open) {
      const [closed, staying] = [await open(), await open()];
      await set(closed, [['a']], 'before');
      await closed.close();
      equal(says(await get(staying, ['a'])), 'before');
      await set(staying, [['a']], 'after');
      equal(says(await get(await open(), ['a'])), 'after');
    },
  },
];
