import type { Key, Kv } from '../../../src/kv/kv.ts';
import { alteredKv } from '../altered-kv.ts';
import { equal, ok, rejection } from '../assert.ts';
import type { StoreCase } from '../store-case.ts';
import { count, get, increment, says, set, turn, value } from './actions.ts';

const counter: Key = ['counter'];

/** What updates do to each other. */
export const contention: readonly StoreCase[] = [
  {
    name: 'loses none of many guarded updates at once',
    async run(open) {
      const kv = await open();
      const results = await Promise.all(upTo(40).map(() => increment(kv, counter)));
      equal(results.sort(ascending), upTo(40));
      equal(count(await get(kv, counter)), 40);
    },
  },
  {
    name: 'loses none of many guarded updates of several handles at once',
    needs: 'several',
    async run(open) {
      const results = await onHandles(open, async (kv) => {
        const own: number[] = [];
        for (let round = 0; round < 15; round += 1) own.push(await increment(kv, counter));
        return own;
      });
      equal(results.flat().sort(ascending), upTo(60));
      equal(count(await get(await open(), counter)), 60);
    },
  },
  {
    name: 'lets exactly one make a key that is absent',
    async run(open) {
      const kv = await open();
      const results = await Promise.all(upTo(20).map((who) => claim(kv, ['claimed'], who)));
      const winners = upTo(20).filter((_, at) => results[at]);
      equal(winners.map(String), [says(await get(kv, ['claimed']))]);
    },
  },
  {
    name: 'lets exactly one of several handles make a key that is absent, each time it is deleted',
    needs: 'several',
    async run(open) {
      const kv = await open();
      for (let round = 0; round < 5; round += 1) {
        const results = await onHandles(open, (handle, who) => claim(handle, ['claimed'], who));
        equal(results.filter((won) => won).length, 1, 'The number of winners');
        equal(Number(says(await get(kv, ['claimed']))), results.indexOf(true), 'The winner');
        await kv.update([], () => ({ delete: [['claimed']], result: undefined }));
      }
    },
  },
  {
    name: 'commits all of an update or nothing, and never between the parts of another',
    needs: 'several',
    async run(open) {
      const accounts: Key[] = [
        ['account', 'a'],
        ['account', 'b'],
        ['account', 'c'],
      ];
      const reader = await open();
      await set(reader, accounts, '10');
      let moving = true;
      const moves = onHandles(open, async (kv, who) => {
        for (let round = 0; round < 10; round += 1) {
          const from = accounts[(who + round) % 3] ?? counter;
          const to = accounts[(who + round + 1) % 3] ?? counter;
          await kv.update([from, to], ([left, right]) => ({
            set: [
              [from, value(String(count(left) - 1))],
              [to, value(String(count(right) + 1))],
            ],
            result: undefined,
          }));
        }
      }).finally(() => {
        moving = false;
      });
      const look = async (): Promise<void> => {
        while (moving) {
          const { entries } = await reader.page({ prefix: ['account'] });
          equal(
            entries.reduce((sum, entry) => sum + count(entry), 0),
            30,
            'The sum of all accounts',
          );
          await turn();
        }
      };
      await Promise.all([moves, look()]);
      const last = await reader.read(accounts);
      equal(
        last.reduce((sum, entry) => sum + count(entry), 0),
        30,
        'The sum in the end',
      );
    },
  },
  {
    name: 'decides on what is there at the commit, not on what was read before',
    async run(open) {
      const kv = await open();
      await set(kv, [counter], '1');
      const stale = await get(kv, counter);
      await increment(kv, counter);
      const changed = await kv.update([counter], ([seen]) => ({ result: seen?.version !== stale?.version }));
      ok(changed, 'A guard shows the version that was read before');
    },
  },
  {
    name: 'bears repeating a commit whose answer was lost',
    async run(open) {
      const kv = await open();
      let lost = 0;
      // Every answer is lost at first: the commit has happened, and its writer is told that it failed.
      const lossy = alteredKv(kv, {
        async update(guards, decide, options) {
          const result = await kv.update(guards, decide, options);
          if (lost++ % 2 === 0) throw new Error('The answer was lost');
          return result;
        },
      });
      for (const token of ['first', 'second']) {
        const attempt = () =>
          lossy.update([counter, ['token']], ([number, last]) => {
            if (says(last) === token) return { result: 'repeated' };
            const next = value(String(count(number) + 1));
            return { set: [[counter, next] as const, [['token'], value(token)] as const], result: 'written' };
          });
        await rejection(attempt(), 'The update whose answer was lost');
        equal(await attempt(), 'repeated');
      }
      equal(count(await get(kv, counter)), 2);
    },
  },
];

/** Does the same on four handles at once. */
function onHandles<R>(open: () => Promise<Kv>, work: (kv: Kv, who: number) => Promise<R>): Promise<R[]> {
  return Promise.all([0, 1, 2, 3].map(async (who) => work(await open(), who)));
}

/** Whether this one was the first to set the key. */
function claim(kv: Kv, key: Key, who: number): Promise<boolean> {
  return kv.update([key], ([seen]) =>
    seen === undefined ? { set: [[key, value(String(who))]], result: true } : { result: false },
  );
}

function upTo(last: number): number[] {
  return Array.from({ length: last }, (_, at) => at + 1);
}

function ascending(a: number, b: number): number {
  return a - b;
}
