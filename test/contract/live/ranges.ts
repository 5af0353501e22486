import type { AllDocsRange, Replica, ReplicaDoc, Shown } from '../../../src/index.ts';
import { equal } from '../assert.ts';
import type { LiveCase } from '../live-case.ts';
import { names, settle, type Watched, watch, write } from './actions.ts';

/** Ranges of documents that are watched. */
export const ranges: readonly LiveCase[] = [
  {
    name: 'shows the documents of a range in order, and as they come, change and go',
    async run(open) {
      const [replica, writer] = [await open(), await open()];
      const docs = watch(replica.docs$({ startKey: 'b', endKey: 'd' }));
      await docs.until((now) => names(now) === '');
      for (const id of ['d', 'a', 'b', 'e', 'c']) await write(writer, id, '1-x');
      await docs.until((now) => names(now) === 'b 1-x, c 1-x, d 1-x');
      await write(writer, 'c', '2-y x');
      await docs.until((now) => names(now) === 'b 1-x, c 2-y, d 1-x');
      await write(writer, 'b', '2-y x!');
      await docs.until((now) => names(now) === 'c 2-y, d 1-x');
    },
  },
  {
    name: 'orders ids by their bytes, in ranges from either end',
    async run(open) {
      const replica = await open();
      const inOrder = ['B', 'a', 'é', '\ue000', '\u{10000}'];
      const up = watch(replica.docs$({ startKey: 'a', endKey: '\ue000' }));
      const down = watch(replica.docs$({ startKey: '\u{10000}', endKey: 'a', descending: true }));
      await Promise.all([up.until(() => true), down.until(() => true)]);
      for (const id of ['\u{10000}', 'é', 'B', '\ue000', 'a']) await write(replica, id, '1-x');
      await up.until((now) => ids(now) === inOrder.slice(1, 4).join());
      await down.until((now) => ids(now) === inOrder.slice(1).reverse().join());
    },
  },
  {
    name: 'shows as many as are asked for, and others in the places of those that go',
    async run(open) {
      const replica = await open();
      for (const id of ['b', 'd', 'f', 'h', 'j']) await write(replica, id, '1-x');
      const first = watch(replica.docs$({ limit: 2 }));
      const last = watch(replica.docs$({ limit: 2, descending: true }));
      const none = watch(replica.docs$({ limit: 0 }));
      const shows = async (of: Watched<readonly ReplicaDoc[]>, expected: string): Promise<void> => {
        await of.until((now) => ids(now) === expected);
      };
      await Promise.all([shows(first, 'b,d'), shows(last, 'j,h'), shows(none, '')]);
      await write(replica, 'c', '1-x');
      await shows(first, 'b,c');
      await write(replica, 'b', '2-y x!');
      await shows(first, 'c,d');
      for (const id of ['c', 'd', 'f']) await write(replica, id, '2-y x!');
      await shows(first, 'h,j');
      await write(replica, 'j', '2-y x!');
      await Promise.all([shows(first, 'h'), shows(last, 'h')]);
      await write(replica, 'k', '1-x');
      await Promise.all([shows(first, 'h,k'), shows(last, 'k,h')]);
      await settle(replica, replica);
      equal(none.values.length, 1, 'How often nothing was shown');
    },
  },
  {
    name: 'shows a range only when it has become another one',
    async run(open) {
      const [replica, writer] = [await open(), await open()];
      for (const id of ['a', 'b', 'c']) await write(replica, id, '2-y x');
      const range = watch(replica.docs$({ startKey: 'a', endKey: 'b' }));
      const window = watch(replica.docs$({ limit: 1 }));
      await Promise.all([range.until(() => true), window.until(() => true)]);
      await write(writer, 'b', '1-w');
      await write(writer, 'c', '3-z y x');
      await write(writer, 'aa', '1-x!');
      await settle(replica, writer);
      equal([range.values.length, window.values.length], [1, 1], 'How often each was shown');
    },
  },
  {
    name: 'shows of a range what reading it gives, whatever is written',
    async run(open) {
      const [replica, writer] = [await open(), await open()];
      const next = pseudoRandom(42);
      const bounds: (AllDocsRange & Shown)[] = [
        {},
        { descending: true, limit: 4 },
        { limit: 3, conflicts: true },
        { startKey: 'd3', endKey: 'd8', limit: 2 },
        { startKey: 'd8', endKey: 'd3', descending: true, limit: 3 },
      ];
      const watched = bounds.map((range) => watch(replica.docs$(range)));
      const generations = new Map<string, number>();
      for (let round = 0; round < 12; round += 1) {
        for (let writes = next(6); writes >= 0; writes -= 1) {
          const id = `d${next(12)}`;
          const generation = (generations.get(id) ?? 0) + 1;
          generations.set(id, generation);
          const path = Array.from({ length: generation }, (_, index) => `r${generation - index}`).join(' ');
          await write(next(3) === 0 ? replica : writer, id, `${generation}-${path}${next(3) === 0 ? '!' : ''}`);
        }
        for (const [index, range] of bounds.entries()) {
          const expected = JSON.stringify(await read(replica, range));
          await watched[index]?.until((now) => JSON.stringify(now) === expected);
        }
      }
    },
  },
];

function ids(docs: readonly ReplicaDoc[]): string {
  return docs.map(({ _id }) => _id).join();
}

async function read(replica: Replica, range: AllDocsRange & Shown): Promise<ReplicaDoc[]> {
  const docs: ReplicaDoc[] = [];
  for await (const doc of replica.allDocs(range)) docs.push(doc);
  return docs;
}

/** Whole numbers from 0 up to, not including, a bound: always the same ones (Lehmer's generator, as in MINSTD). */
function pseudoRandom(seed: number): (bound: number) => number {
  let state = seed;
  return (bound) => {
    state = (state * 48_271) % 2_147_483_647;
    return state % bound;
  };
}
