import { equal } from '../assert.ts';
import type { TargetCase } from '../target-case.ts';
import { missing, revision, write } from './actions.ts';

/** Ids that a target could take for each other. */
const ids: readonly string[] = [
  'a',
  'A',
  'a\0',
  'a\0b',
  'a/b',
  'a,b',
  '_design/a',
  '__proto__',
  'constructor',
  ' a',
  'e\u0301',
  '\u00e9',
  '\ue000',
  '\u{10000}',
  'x'.repeat(3000),
  `${'x'.repeat(3000)}y`,
  `${'x'.repeat(2999)}y`,
  '\0'.repeat(600),
  '\u{10000}'.repeat(600),
];

/** What a target lacks of what it is offered. */
export const comparing: readonly TargetCase[] = [
  {
    name: 'lacks everything of a document that it does not have',
    async run({ open }) {
      const target = await open();
      equal(await target.diff([]), []);
      const [lacking, ...others] = await target.diff([{ id: 'a', revs: ['3-z', '1-x', '1-x'] }]);
      equal([lacking?.id, lacking?.known, others], ['a', false, []]);
      equal([...(lacking?.missing ?? [])].sort(), ['1-x', '3-z']);
    },
  },
  {
    name: 'lacks neither leaves nor history, and leaves documents out of which it lacks nothing',
    async run({ open }) {
      const target = await open();
      await write(target, 'a', '3-c b a', '2-d a!');
      await write(target, 'b', '1-x');
      const lacking = await target.diff([
        { id: 'a', revs: ['1-a', '2-b', '3-c', '2-d'] },
        { id: 'b', revs: ['1-x', '2-y'] },
        { id: 'c', revs: ['1-x'] },
      ]);
      equal(
        lacking.map(({ id, missing: revs, known }) => [id, revs, known]),
        [
          ['b', ['2-y'], true],
          ['c', ['1-x'], false],
        ],
      );
    },
  },
  {
    name: 'names the leaves that are older than what is missing',
    needs: 'ancestors',
    async run({ open }) {
      const target = await open();
      await write(target, 'a', '3-c b a', '2-d a');
      const ancestors = async (rev: string): Promise<readonly string[] | undefined> => {
        const [lacking] = await target.diff([{ id: 'a', revs: [rev] }]);
        return lacking?.possibleAncestors && [...lacking.possibleAncestors].sort();
      };
      equal(await ancestors('4-e'), ['2-d', '3-c']);
      equal(await ancestors('3-e'), ['2-d']);
      equal(await ancestors('2-e'), []);
    },
  },
  {
    name: 'lacks revisions that cannot be read, and does not fail of them',
    async run({ open }) {
      const target = await open();
      await write(target, 'a', '1-x');
      for (const rev of ['', 'x', '-', 'x-1', '-1-x', '99999999999999999999-x']) {
        equal(await missing(target, 'a', rev, '1-x'), [rev]);
        equal(await missing(target, 'unknown', rev), [rev]);
      }
    },
  },
  {
    name: 'tells documents apart whose ids look alike',
    async run({ open, text }) {
      const target = await open();
      const even = ids.filter((_, at) => at % 2 === 0);
      await target.writeBatch({ revisions: even.map((id, at) => revision(id, `1-${at}`)) });
      const lacking = await target.diff(ids.map((id) => ({ id, revs: ['1-new'] })));
      equal(
        lacking.map(({ id, known }) => [id, known]),
        ids.map((id) => [id, even.includes(id)]),
      );
      const odd = ids.filter((_, at) => at % 2 === 1);
      await target.writeBatch({ revisions: odd.map((id, at) => revision(id, `2-${at} root`)) });
      for (const [at, id] of even.entries()) {
        equal(await missing(target, id, `1-${at}`, '1-root'), ['1-root'], `What ${JSON.stringify(id)} lacks`);
        equal(JSON.parse((await text(id, `1-${at}`)) ?? ''), { _id: id, _rev: `1-${at}`, of: `1-${at}` });
      }
      for (const [at, id] of odd.entries()) equal(await missing(target, id, `2-${at}`, '1-root'), []);
    },
  },
  {
    name: 'answers for more documents than a store reads at once, in the order asked',
    async run({ open }) {
      const target = await open();
      const names = Array.from({ length: 1200 }, (_, at) => `document ${(at * 7) % 1200}`);
      await target.writeBatch({ revisions: names.filter((_, at) => at % 3 === 0).map((id) => revision(id, '1-x')) });
      const lacking = await target.diff(names.map((id) => ({ id, revs: ['1-x'] })));
      equal(
        lacking.map(({ id }) => id),
        names.filter((_, at) => at % 3 !== 0),
      );
    },
  },
];
