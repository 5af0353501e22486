import type { RevisionToWrite } from '../../../src/replica/target.ts';
import { equal, ok } from '../assert.ts';
import type { TargetCase } from '../target-case.ts';
import { failures, missing, revision, write } from './actions.ts';

/** Revisions that no target can ever take. */
const impossible: readonly RevisionToWrite[] = [
  revision('no dash', '1-x', { rev: 'x' }),
  revision('no generation', '1-x', { rev: '-x' }),
  revision('generation too large', '1-x', { rev: '99999999999999999999-x' }),
  revision('another revision', '2-b a', { rev: '2-c' }),
  revision('another generation', '2-b a', { rev: '3-b' }),
  revision('no ancestry', '1-x', { revisions: { start: 1, ids: [] } }),
  revision('ancestry too long', '2-d c b a'),
  revision('', '1-x'),
];

/** What becomes of revisions that cannot be stored. */
export const rejecting: readonly TargetCase[] = [
  {
    name: 'rejects what can never be stored, and stores the rest of the batch with its checkpoint',
    async run({ open }) {
      const target = await open();
      const revisions = [revision('sound', '1-a'), ...impossible, revision('sound too', '2-b a')];
      const { written, rejected } = await target.writeBatch({
        revisions,
        checkpoint: { id: 'pull', value: { at: 1 } },
      });
      equal(written, 2, 'The number of new revisions');
      equal(
        rejected.map(({ id, rev }) => [id, rev]),
        impossible.map(({ id, rev }) => [id, rev]),
        'What was rejected',
      );
      for (const { reason } of rejected) ok(/^[A-Z].*\w/.test(reason), `The reason ${reason} is no sentence`);
      equal(await missing(target, 'sound', '1-a'), []);
      equal(await missing(target, 'sound too', '2-b', '1-a'), []);
      equal(await target.readCheckpoint('pull'), { at: 1 });
    },
  },
  {
    name: 'records what it has rejected, and how often',
    async run({ open }) {
      const target = await open();
      const { rejected } = await target.writeBatch({ revisions: impossible });
      const recorded = async (attempts: number): Promise<void> => {
        const found = await failures(target);
        equal(found.length, rejected.length, 'The number of failures');
        for (const failure of rejected) {
          const { id, rev } = failure;
          const same = found.find((other) => other.id === id && other.rev === rev);
          equal(same, { ...failure, attempts }, 'The failure on record');
        }
      };
      await recorded(1);
      await target.writeBatch({ revisions: impossible });
      await recorded(2);
    },
  },
  {
    name: 'leaves a document as it is when a revision of it is rejected',
    async run({ open }) {
      const target = await open();
      await write(target, 'a', '2-b a');
      const state = await target.open();
      await target.writeBatch({ revisions: [revision('a', '3-c b a', { rev: '3-d' })] });
      equal(await missing(target, 'a', '2-b', '3-c', '3-d'), ['3-c', '3-d']);
      equal(await target.open(), state);
    },
  },
  {
    name: 'stores or rejects ids that are no sound text, and loses none of them',
    async run({ open }) {
      const target = await open();
      const ids = ['\ud800', 'a\udfff', '\udc00\ud800', '\0', '_local/a', '_a', ' '.repeat(2000)];
      const revisions = ids.map((id) => revision(id, '1-x'));
      const { rejected } = await target.writeBatch({ revisions });
      const recorded = new Set((await failures(target)).map(({ id }) => id));
      for (const id of ids) {
        const isRejected = rejected.some((other) => other.id === id);
        equal(recorded.has(id), isRejected, `Whether ${JSON.stringify(id)} is on record as failed`);
        equal(await missing(target, id, '1-x'), isRejected ? ['1-x'] : [], `What ${JSON.stringify(id)} lacks`);
      }
    },
  },
];
