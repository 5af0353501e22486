import type { Target } from '../../../src/replica/target.ts';
import { equal } from '../assert.ts';
import type { TargetCase } from '../target-case.ts';
import { failures, leaves, missing, recordFailure, revision, write } from './actions.ts';

/** Several who write to one target at once. */
export const writers: readonly TargetCase[] = [
  {
    name: 'has everything of two who write different documents at once',
    async run({ open, text }) {
      const targets = [await open(), await open()];
      const counts = await Promise.all(targets.map((target, who) => writeOwn(target, who)));
      equal(counts, [40, 40]);
      for (const who of [0, 1]) {
        for (let at = 0; at < 40; at += 1) {
          const found = await text(`${who} ${at}`, '1-x');
          equal(JSON.parse(found ?? '{}').who, who, `Who wrote ${who} ${at}`);
        }
      }
    },
  },
  {
    name: 'has every branch of a document that several write at once',
    async run(subject) {
      const { open } = subject;
      const targets = [await open(), await open(), await open()];
      await Promise.all(
        targets.map(async (target, who) => {
          for (let at = 0; at < 8; at += 1) await write(target, 'a', `2-${who}x${at} root`);
        }),
      );
      const revs = targets.flatMap((_, who) => Array.from({ length: 8 }, (__, at) => `2-${who}x${at}`));
      equal(await leaves(subject, 'a'), revs);
      for (const target of targets) equal(await missing(target, 'a', ...revs), []);
    },
  },
  {
    name: 'counts what several bring at once only once',
    async run({ open }) {
      const targets = [await open(), await open(), await open()];
      const revisions = Array.from({ length: 50 }, (_, at) => revision(`document ${at}`, '2-b a'));
      const results = await Promise.all(targets.map((target) => target.writeBatch({ revisions })));
      equal(
        results.reduce((sum, { written }) => sum + written, 0),
        50,
      );
      for (const target of targets) equal(await missing(target, 'document 49', '2-b', '1-a'), []);
    },
  },
  {
    name: 'counts every failure that several record at once',
    needs: 'failures',
    async run({ open }) {
      const targets = [await open(), await open(), await open()];
      await Promise.all(targets.map((target) => recordFailure(target, 'a', '1-x')));
      equal(
        (await failures(await open())).map(({ attempts }) => attempts),
        [3],
      );
    },
  },
];

async function writeOwn(target: Target, who: number): Promise<number> {
  let count = 0;
  for (let at = 0; at < 40; at += 4) {
    const body = JSON.stringify({ who, value: 'x'.repeat(20_000) });
    const revisions = [0, 1, 2, 3].map((step) => revision(`${who} ${at + step}`, '1-x', { body }));
    count += (await target.writeBatch({ revisions })).written;
  }
  return count;
}
