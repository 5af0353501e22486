import { take } from 'rxjs';
import { describe, expect, test } from 'vitest';
import { packKey } from '../../src/kv/key.ts';
import type { Entry, Kv, Page } from '../../src/kv/kv.ts';
import { memoryKv } from '../../src/kv/memory.ts';
import { alteredKv } from './altered-kv.ts';
import { storeCases } from './store.ts';

/** Stores with one defect each, and the point of the contract that shows it. */
const defects: readonly (readonly [defect: string, found: string, spoil: (kv: Kv) => Kv])[] = [
  [
    'orders strings by UTF-16 units',
    'puts U+E000 before U+10000',
    (kv) =>
      alteredPages(kv, (page) => ({
        entries: [...page.entries].sort((a, b) => (String(a.key) < String(b.key) ? -1 : 1)),
      })),
  ],
  ['orders numbers as text', 'orders numbers by value, negative ones and fractions too', orderNumbersAsText],
  [
    'gives more than the prefix',
    'takes a prefix for whole parts: not the key itself, not a longer string, not another number',
    (kv) => alteredKv(kv, { page: (_, options) => kv.page({ prefix: [] }, options) }),
  ],
  [
    'includes the end of a range',
    'includes the beginning and excludes the end of a range',
    (kv) =>
      alteredKv(kv, {
        async page(range, options) {
          const { entries } = await kv.page(range, options);
          const [end] = range.to === undefined ? [] : await kv.read([range.to]);
          return { entries: end === undefined ? entries : [...entries, end] };
        },
      }),
  ],
  [
    'takes any bound',
    'refuses a bound that does not begin with the prefix',
    (kv) => alteredKv(kv, { page: ({ prefix }, options) => kv.page({ prefix }, options) }),
  ],
  [
    'does not say that there is more',
    'gives every entry once and in order, whatever the size of pages',
    (kv) => alteredPages(kv, ({ entries }) => ({ entries })),
  ],
  [
    'loses a part of an emptied page',
    'goes on when the key where the next page begins is deleted',
    (kv) =>
      alteredKv(kv, {
        async page(range, options) {
          const first = range.from && (await kv.read([range.from]))[0];
          return range.from && first === undefined ? { entries: [] } : kv.page(range, options);
        },
      }),
  ],
  [
    'takes empty bytes for absence',
    'takes empty bytes for a value, and not for absence',
    (kv) =>
      alteredKv(kv, {
        read: async (keys) => (await kv.read(keys)).map((entry) => (entry?.value.length ? entry : undefined)),
      }),
  ],
  ['gives the same bytes to all', 'gives copies of its own to everyone who looks', shareEntries],
  [
    'tells versions by the content',
    'gives every commit that touches a key a version that the key never had',
    (kv) =>
      alteredKv(kv, {
        read: async (keys) => (await kv.read(keys)).map((entry) => entry && { ...entry, version: String(entry.value) }),
      }),
  ],
  ['decides on what was read before', 'loses none of many guarded updates at once', decideOnReads],
  [
    'has several commits for one update',
    'reads and pages one snapshot each, while it is written to',
    (kv) => writeApart(kv, (commits) => commits),
  ],
  [
    'sets before it deletes',
    'deletes before it sets, and lets the last value of a key stand',
    (kv) => writeApart(kv, (commits) => [...commits].reverse()),
  ],
  [
    'takes more than it says',
    'reads keysPerRead keys at once, and no more',
    (kv) => alteredKv(kv, { limits: { ...kv.limits, keysPerRead: 7 } }),
  ],
  [
    'takes less than it says',
    'takes keys of keyBytes, and no longer ones',
    (kv) => alteredKv(kv, { limits: { ...kv.limits, keyBytes: kv.limits.keyBytes + 1 } }),
  ],
  [
    'decides for signals that are aborted',
    'does not decide for a signal that is aborted already',
    (kv) => alteredKv(kv, { update: (guards, decide) => kv.update(guards, decide) }),
  ],
  [
    'tells of nothing but the beginning of a watch',
    'emits after a key is set, set again, deleted and made anew',
    (kv) => alteredKv(kv, { watch: (key) => kv.watch(key).pipe(take(1)) }),
  ],
  [
    'lets everybody hold a lock',
    'lets one at a time hold a lock, and gives what it gave',
    (kv) => alteredKv(kv, { exclusive: (_, run) => run(new AbortController().signal) }),
  ],
  ['stays open', 'refuses every call after it is closed', (kv) => alteredKv(kv, { close: async () => undefined })],
];

describe('The store suite', () => {
  test.each(defects)('finds a store that %s', async (_, found, spoil) => {
    const point = storeCases.find(({ name }) => name === found);
    if (point === undefined) expect.unreachable(`There is no point "${found}"`);
    const kv = spoil(memoryKv());
    await expect(inTime(point.run(async () => kv))).rejects.toThrow();
  });

  test('has a name of its own for every point', () => {
    const names = storeCases.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
  });
});

/** What waits for something that a spoiled store never does would wait for ever. */
async function inTime(running: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('It waits for what never comes')), 500);
  });
  await Promise.race([running, late]).finally(() => clearTimeout(timer));
}

function alteredPages(kv: Kv, alter: (page: Page) => Page): Kv {
  return alteredKv(kv, { page: async (range, options) => alter(await kv.page(range, options)) });
}

function orderNumbersAsText(kv: Kv): Kv {
  const asText = (entry: Entry): string => entry.key.map(String).join();
  return alteredPages(kv, (page) => ({
    ...page,
    entries: [...page.entries].sort((a, b) => (asText(a) < asText(b) ? -1 : 1)),
  }));
}

function shareEntries(kv: Kv): Kv {
  const shared = new Map<string, Entry>();
  return alteredKv(kv, {
    read: async (keys) =>
      (await kv.read(keys)).map((entry) => {
        if (entry === undefined) return undefined;
        const name = String(packKey(entry.key));
        shared.set(name, shared.get(name) ?? entry);
        return shared.get(name);
      }),
  });
}

function decideOnReads(kv: Kv): Kv {
  return alteredKv(kv, {
    async update(guards, decide, options) {
      const seen = await kv.read(guards);
      return kv.update([], () => decide(seen), options);
    },
  });
}

/** Writes each mutation of an update in a commit of its own, in another order where one is given. */
function writeApart(kv: Kv, inOrder: (commits: (() => Promise<void>)[]) => (() => Promise<void>)[]): Kv {
  return alteredKv(kv, {
    async update(guards, decide, options) {
      const decision = await kv.update(guards, (seen) => ({ result: decide(seen) }), options);
      const { set = [], delete: deleted = [], result } = decision;
      const commits = [
        ...deleted.map((key) => () => kv.update([], () => ({ delete: [key], result: undefined }))),
        ...set.map((mutation) => () => kv.update([], () => ({ set: [mutation], result: undefined }))),
      ];
      for (const commit of inOrder(commits)) {
        await commit();
        await new Promise(setImmediate);
      }
      return result;
    },
  });
}
