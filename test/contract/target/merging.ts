import type { RevisionToWrite } from '../../../src/replica/target.ts';
import { equal, ok } from '../assert.ts';
import type { TargetCase, TargetSubject } from '../target-case.ts';
import { leaves, missing, revision, write } from './actions.ts';

/** A document with a fork, a tombstone and a path that is cut off: leaves 3-f (a tombstone) and 5-g. */
const paths = ['3-c b a', '2-d a', '4-e c b a', '3-f d a!', '5-g e'];
const all = ['1-a', '2-b', '3-c', '4-e', '5-g', '2-d', '3-f'];

/** How revisions become part of a document. */
export const merging: readonly TargetCase[] = [
  {
    name: 'comes to the same document in whatever order revisions arrive',
    async run(subject) {
      const { open, text } = subject;
      const target = await open();
      for (const [number, order] of permutations(paths).entries()) {
        const id = `document ${number}`;
        // Some together, some alone.
        await write(target, id, ...order.slice(0, number % 4));
        for (const path of order.slice(number % 4)) await write(target, id, path);
        equal(await leaves(subject, id), ['3-f', '5-g'], `The leaves after ${order.join(', ')}`);
        equal(await missing(target, id, ...all, '1-z'), ['1-z'], `What is missing after ${order.join(', ')}`);
        for (const leaf of ['3-f', '5-g']) {
          equal(of(await text(id, leaf)), leaf, `What ${leaf} says after ${order.join(', ')}`);
        }
      }
    },
  },
  {
    name: 'changes nothing when the same comes again',
    async run(subject) {
      const { open, text } = subject;
      const target = await open();
      const revisions = paths.map((path) => revision('a', path));
      const first = await target.writeBatch({ revisions });
      ok(first.written > 0, 'Nothing of the first batch was new');
      const state = await stateOf(subject);
      for (let round = 0; round < 3; round += 1) {
        equal(await target.writeBatch({ revisions }), { written: 0, rejected: [] });
        for (const one of revisions) {
          const changed = { ...one, body: '{"of":"something else"}' };
          equal(await target.writeBatch({ revisions: [changed] }), { written: 0, rejected: [] });
        }
      }
      equal(await stateOf(subject), state);
      equal(of(await text('a', '5-g')), '5-g');
    },
  },
  {
    name: 'counts what is new',
    async run({ open }) {
      const target = await open();
      const written = async (...batch: string[]): Promise<number> => (await write(target, 'a', ...batch)).written;
      equal(await written('1-a'), 1, 'The first revision');
      equal(await written('1-a'), 0, 'The same');
      equal(await written('3-c b a', '2-d a!'), 2, 'A successor and a fork');
      equal(await written('2-b a'), 0, 'An ancestor');
      equal(await written('2-b a', '3-e b a', '3-c b a'), 1, 'One new among old ones');
      equal(await written('4-f c', '4-f c'), 1, 'The same twice in a batch');
      equal((await target.writeBatch({ revisions: [] })).written, 0, 'An empty batch');
    },
  },
  {
    name: 'takes ancestors that come after their successors',
    async run(subject) {
      const target = await subject.open();
      await write(target, 'a', '3-c');
      equal(await missing(target, 'a', '3-c', '2-b', '1-a'), ['1-a', '2-b']);
      equal((await write(target, 'a', '3-c b a')).rejected, []);
      equal(await missing(target, 'a', '3-c', '2-b', '1-a'), []);
      equal(await leaves(subject, 'a'), ['3-c']);
    },
  },
  {
    name: 'keeps the leaves of a conflict side by side, tombstones too',
    async run(subject) {
      const { open, text } = subject;
      const target = await open();
      await write(target, 'a', '2-b a', '2-c a');
      await write(target, 'a', '3-d c a!', '1-x');
      equal(await leaves(subject, 'a'), ['1-x', '2-b', '3-d']);
      equal(JSON.parse((await text('a', '3-d')) ?? ''), { _id: 'a', _rev: '3-d', _deleted: true, of: '3-d' });
      for (const leaf of ['1-x', '2-b']) {
        equal(JSON.parse((await text('a', leaf)) ?? ''), { _id: 'a', _rev: leaf, of: leaf });
      }
    },
  },
  {
    name: 'keeps a long ancestry, and longer ones where the source has them',
    async run({ open }) {
      const target = await open();
      for (const length of [1000, 1500]) {
        const id = `document ${length}`;
        const { rev, revisions } = long(id, length);
        await target.writeBatch({ revisions: [long(id, length)] });
        const [middle, first] = [revisions.ids[length - 500], revisions.ids[length - 1]];
        equal(await missing(target, id, rev, `500-${middle}`, `1-${first}`, '1-z'), ['1-z'], `What ${id} lacks`);
      }
    },
  },
  {
    name: 'keeps a document of several long branches',
    async run(subject) {
      const target = await subject.open();
      const branches = [1, 2, 3, 4].map((branch) => long('a', 1000, branch));
      for (const branch of branches) await target.writeBatch({ revisions: [branch] });
      equal(await leaves(subject, 'a'), branches.map(({ rev }) => rev).sort());
    },
  },
  {
    name: 'keeps a document of very many conflicts',
    async run(subject) {
      const { open, text } = subject;
      const target = await open();
      const branches = Array.from({ length: 1000 }, (_, branch) => long('a', 2, branch));
      equal(await target.writeBatch({ revisions: branches }), { written: 1000, rejected: [] });
      equal(await leaves(subject, 'a'), branches.map(({ rev }) => rev).sort());
      const rev = branches[999]?.rev ?? '';
      equal(of(await text('a', rev)), rev);
    },
  },
];

/** A revision with ids as long as CouchDB's own; those of different branches differ. */
function long(id: string, length: number, branch = 0): RevisionToWrite {
  const ids = Array.from({ length }, (_, at) => (branch * 10_000 + length - at).toString(16).padStart(32, '0'));
  return revision(id, `${length}-${ids.join(' ')}`);
}

/** What can be asked of the document `a`. */
async function stateOf(subject: TargetSubject): Promise<unknown> {
  const target = await subject.open();
  return [await target.open(), await leaves(subject, 'a'), await missing(target, 'a', ...all)];
}

function of(text: string | undefined): unknown {
  return text === undefined ? undefined : JSON.parse(text).of;
}

function permutations<T>(values: readonly T[]): T[][] {
  if (values.length < 2) return [[...values]];
  return values.flatMap((first, at) =>
    permutations(values.filter((_, other) => other !== at)).map((rest) => [first, ...rest]),
  );
}
