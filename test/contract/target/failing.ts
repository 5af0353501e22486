import { equal } from '../assert.ts';
import type { TargetCase } from '../target-case.ts';
import { commit, failures, missing, readCheckpoint, recordFailure, revision, write } from './actions.ts';

/** The record of revisions that could not be had. */
export const failing: readonly TargetCase[] = [
  {
    name: 'has no failures at first',
    needs: 'failures',
    async run({ open }) {
      const target = await open();
      equal(await failures(target), []);
      await write(target, 'a', '1-x');
      equal(await failures(target), []);
    },
  },
  {
    name: 'records failures, and counts how often they were tried',
    needs: 'failures',
    async run({ open }) {
      const target = await open();
      await recordFailure(target, 'a', '1-x', '2-y');
      await recordFailure(target, 'b', '1-x');
      await target.writeBatch({ revisions: [], failures: [{ id: 'a', rev: '2-y', reason: 'Another reason' }] });
      equal(await failures(target), [
        { id: 'a', rev: '1-x', reason: 'No 1-x', attempts: 1 },
        { id: 'a', rev: '2-y', reason: 'Another reason', attempts: 2 },
        { id: 'b', rev: '1-x', reason: 'No 1-x', attempts: 1 },
      ]);
      equal(await missing(target, 'a', '1-x', '2-y'), ['1-x', '2-y'], 'What failed and is lacking');
    },
  },
  {
    name: 'counts a revision once that failed twice in one batch',
    needs: 'failures',
    async run({ open }) {
      const target = await open();
      await recordFailure(target, 'a', '1-x', '1-x');
      equal(await failures(target), [{ id: 'a', rev: '1-x', reason: 'No 1-x', attempts: 1 }]);
    },
  },
  {
    name: 'strikes a failure out when the revision arrives, as a leaf or as history',
    needs: 'failures',
    async run({ open }) {
      const target = await open();
      await recordFailure(target, 'a', '1-x', '2-y', '2-z');
      await recordFailure(target, 'b', '1-x');
      await write(target, 'a', '3-w y x');
      equal(
        (await failures(target)).map(({ id, rev }) => [id, rev]),
        [
          ['a', '2-z'],
          ['b', '1-x'],
        ],
      );
      await write(target, 'a', '2-z x');
      await write(target, 'b', '1-x');
      equal(await failures(target), []);
    },
  },
  {
    name: 'records a failure and strikes others out in one batch',
    needs: 'failures',
    async run({ open }) {
      const target = await open();
      await recordFailure(target, 'a', '1-x');
      await target.writeBatch({
        revisions: [revision('a', '1-x'), revision('b', '1-x')],
        failures: [
          { id: 'b', rev: '1-y', reason: 'No 1-y' },
          { id: 'c', rev: '1-x', reason: 'No 1-x' },
        ],
      });
      equal(await failures(target), [
        { id: 'b', rev: '1-y', reason: 'No 1-y', attempts: 1 },
        { id: 'c', rev: '1-x', reason: 'No 1-x', attempts: 1 },
      ]);
    },
  },
  {
    name: 'does not record as failed what it has',
    needs: 'failures',
    async run({ open }) {
      const target = await open();
      await write(target, 'a', '2-y x');
      await recordFailure(target, 'a', '1-x', '2-y', '2-z');
      equal(await failures(target), [{ id: 'a', rev: '2-z', reason: 'No 2-z', attempts: 1 }]);
    },
  },
  {
    name: 'strikes out what is given up, and nothing else',
    needs: 'failures',
    async run({ open }) {
      const target = await open();
      await recordFailure(target, 'a', '1-x', '1-y');
      const forget = [
        { id: 'a', rev: '1-x' },
        { id: 'a', rev: '1-z' },
        { id: 'b', rev: '1-x' },
      ];
      await target.writeBatch({ revisions: [], forget });
      equal(await failures(target), [{ id: 'a', rev: '1-y', reason: 'No 1-y', attempts: 1 }]);
      await target.writeBatch({ revisions: [], forget });
      equal((await failures(target)).length, 1, 'The number of failures');
    },
  },
  {
    name: 'does not mix up failures of documents and revisions that look alike',
    needs: 'failures',
    async run({ open }) {
      const target = await open();
      const ids = ['x'.repeat(3000), `${'x'.repeat(3000)}y`, 'x', '', '\0', '\ud800', '\ud801', '__proto__'];
      const revs = ['1-x', '1-X', '', 'x', `1-${'x'.repeat(3000)}`, `1-${'x'.repeat(3000)}y`];
      for (const id of ids) await recordFailure(target, id, ...revs);
      const found = new Set((await failures(target)).map(({ id, rev }) => JSON.stringify([id, rev])));
      equal(found.size, ids.length * revs.length, 'The number of different failures');
      for (const id of ids) {
        for (const rev of revs) equal(found.has(JSON.stringify([id, rev])), true, `The record of ${rev}`);
      }
      await write(target, ids[0] ?? '', '1-x');
      await target.writeBatch({ revisions: [], forget: [{ id: ids[1] ?? '', rev: revs[4] ?? '' }] });
      const left = await failures(target);
      equal(left.length, ids.length * revs.length - 2, 'The number of failures after two were struck out');
    },
  },
  {
    name: 'records more failures in one batch than a store commits at once',
    needs: ['failures', 'checkpoints'],
    async run({ open }) {
      const target = await open();
      const long = 'x'.repeat(300);
      const reason = 'y'.repeat(1000);
      const many = Array.from({ length: 1200 }, (_, at) => ({ id: `${at} ${long}`, rev: `1-${at}`, reason }));
      await commit(target, { revisions: [], failures: many, checkpoint: { id: 'pull', value: { at: 1 } } });
      equal((await failures(target)).length, 1200, 'The number of failures');
      equal(await readCheckpoint(target, 'pull'), { at: 1 });
      await target.writeBatch({ revisions: many.map(({ id, rev }) => revision(id, rev)) });
      equal(await failures(target), []);
    },
  },
  {
    name: 'records many failures beside documents that fill a commit',
    needs: 'failures',
    async run({ open }) {
      const target = await open();
      const value = 'x'.repeat(10_000);
      const revisions = Array.from({ length: 79 }, (_, at) =>
        revision(`document ${at}`, '1-x', { body: JSON.stringify({ value }) }),
      );
      const many = Array.from({ length: 400 }, (_, at) => ({ id: `failed ${at}`, rev: '1-x', reason: 'It is gone' }));
      equal((await target.writeBatch({ revisions, failures: many })).written, 79, 'The number of new revisions');
      equal((await failures(target)).length, 400, 'The number of failures');
    },
  },
];
