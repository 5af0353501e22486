import { isInputError } from '../../../src/core/errors.ts';
import type { Key, KeyRange, Kv } from '../../../src/kv/kv.ts';
import { list } from '../../../src/kv/list.ts';
import { equal, ok, rejects } from '../assert.ts';
import type { StoreCase } from '../store-case.ts';
import { count, get, keys, pages, remove, set, turn } from './actions.ts';

const inPages: KeyRange = { prefix: ['p'] };

/** `['p', 0]`, `['p', 1]` and so on. */
function numbered(length: number): Key[] {
  return Array.from({ length }, (_, at) => ['p', at]);
}

/** How long listings come in pages. */
export const paging: readonly StoreCase[] = [
  {
    name: 'gives every entry once and in order, whatever the size of pages',
    async run(open) {
      const kv = await open();
      const all = numbered(12);
      await set(kv, [...all, ['o', 0], ['q', 0]]);
      for (const limit of [1, 2, 3, 11, 12, 13, 1000]) {
        for (const reverse of [false, true]) {
          const found = await pages(kv, inPages, { limit, reverse });
          ok(
            found.every((page) => page.entries.length <= limit),
            `A page has more than ${limit} entries`,
          );
          const expected = reverse ? [...all].reverse() : all;
          equal(
            found.flatMap((page) => page.entries.map(({ key }) => key)),
            expected,
            `The listing by ${limit}`,
          );
        }
      }
    },
  },
  {
    name: 'goes on within the bounds of a range, in both directions',
    async run(open) {
      const kv = await open();
      await set(kv, numbered(12));
      const range = { ...inPages, from: ['p', 3], to: ['p', 9] };
      const expected = numbered(9).slice(3);
      for (const limit of [1, 2, 5, 6, 7]) {
        equal(await keys(kv, range, { limit }), expected);
        equal(await keys(kv, range, { limit, reverse: true }), [...expected].reverse());
      }
    },
  },
  {
    name: 'gives at most 500 entries unless told otherwise, and all of them in the end',
    async run(open) {
      const kv = await open();
      const all = numbered(1201);
      for (let start = 0; start < all.length; start += 400) await set(kv, all.slice(start, start + 400), '');
      const found = await pages(kv, inPages);
      ok(
        found.every((page) => page.entries.length <= 500),
        'A page has more than 500 entries',
      );
      equal(
        found.flatMap((page) => page.entries.map(({ key }) => key)),
        all,
        'The listing',
      );
    },
  },
  {
    name: 'has nothing to give of an empty range',
    async run(open) {
      const kv = await open();
      equal(await kv.page(inPages), { entries: [] });
      equal(await kv.page(inPages, { reverse: true, limit: 1 }), { entries: [] });
    },
  },
  {
    name: 'refuses pages without entries',
    async run(open) {
      const kv = await open();
      for (const limit of [0, -1, Number.NaN]) {
        await rejects(kv.page(inPages, { limit }), isInputError, `The limit ${limit}`);
      }
    },
  },
  {
    name: 'goes on when the key where the next page begins is deleted',
    async run(open) {
      const kv = await open();
      const all = numbered(9);
      for (const reverse of [false, true]) {
        await set(kv, all);
        const deleted: Key[] = [];
        const found = await pages(kv, inPages, {
          limit: 2,
          reverse,
          async between({ entries, next }) {
            // What was just given, and what would come next.
            const at = Number(entries.at(-1)?.key[1]);
            deleted.push(['p', at], ['p', reverse ? at - 1 : at + 1], ...(next ? [next] : []));
            await remove(kv, deleted);
          },
        });
        const seen = found.flatMap((page) => page.entries.map(({ key }) => JSON.stringify(key)));
        equal(seen.length, new Set(seen).size, 'The number of different keys');
        const gone = new Set(deleted.map((key) => JSON.stringify(key)));
        const stayed = all.map((key) => JSON.stringify(key)).filter((key) => !gone.has(key));
        ok(
          stayed.every((key) => seen.includes(key)),
          `${JSON.stringify(seen)} lacks a key that was never deleted`,
        );
      }
    },
  },
  {
    name: 'shows what stays once and in order while keys are added and deleted around it',
    async run(open) {
      const kv = await open();
      const stays = Array.from({ length: 60 }, (_, at): Key => ['p', at * 2]);
      await set(kv, stays);
      for (const reverse of [false, true]) {
        let round = 0;
        const found = await pages(kv, inPages, {
          limit: 7,
          reverse,
          async between() {
            const odd = Array.from({ length: 60 }, (_, at): Key => ['p', at * 2 + 1]);
            await (round++ % 2 === 0 ? set(kv, odd) : remove(kv, odd));
          },
        });
        const numbers = found.flatMap((page) => page.entries.map(({ key }) => Number(key[1])));
        const ordered = [...numbers].sort((a, b) => (reverse ? b - a : a - b));
        equal(numbers, ordered, 'The listing');
        const even = numbers.filter((number) => number % 2 === 0);
        equal(even.length, stays.length, 'The number of keys that stayed');
        equal(new Set(numbers).size, numbers.length, 'The number of different keys');
      }
    },
  },
  {
    name: 'lets a listing be left early',
    async run(open) {
      const kv = await open();
      await set(kv, numbered(30));
      for await (const { key } of list(kv, inPages, { pageSize: 4 })) if (key[1] === 5) break;
      for await (const _ of list(kv, inPages, { pageSize: 4, reverse: true })) break;
      await set(kv, [['p', 5]], 'written');
      equal(await keys(kv, inPages), numbered(30));
      await kv.close();
    },
  },
  {
    name: 'reads and pages one snapshot each, while it is written to',
    async run(open) {
      const kv = await open();
      await looksWhole(kv, kv);
    },
  },
  {
    name: 'reads and pages one snapshot each, while another handle writes',
    needs: 'several',
    async run(open) {
      await looksWhole(await open(), await open());
    },
  },
];

/** Writes pairs of the same number while reading them, each look on its own whole and none older than the one before. */
async function looksWhole(writer: Kv, reader: Kv): Promise<void> {
  const pair: Key[] = [
    ['p', 'left'],
    ['p', 'right'],
  ];
  await set(writer, pair, '0');
  let writing = true;
  const write = async (): Promise<void> => {
    try {
      for (let round = 1; round <= 40; round += 1) await set(writer, pair, String(round));
    } finally {
      writing = false;
    }
  };
  const look = async (): Promise<void> => {
    let latest = 0;
    while (writing) {
      for (const [left, right] of [await reader.read(pair), (await reader.page(inPages)).entries]) {
        equal(count(left), count(right), 'The one half of a pair');
        ok(count(left) >= latest, `A look shows ${count(left)}, and an earlier one showed ${latest}`);
        latest = count(left);
      }
      await turn();
    }
  };
  await Promise.all([write(), look()]);
  equal(count(await get(reader, ['p', 'left'])), 40);
}
