import type { RevisionToWrite } from '../../../src/replica/target.ts';
import { equal, ok } from '../assert.ts';
import type { TargetCase } from '../target-case.ts';
import { commit, failures, leaves, missing, readCheckpoint, revision, write } from './actions.ts';

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
    name: 'stores or rejects every revision of a batch, whatever is wrong with some of them',
    async run({ open }) {
      const target = await open();
      const revisions = [revision('sound', '1-a'), ...impossible, revision('sound too', '2-b a')];
      const { written, rejected } = await target.writeBatch({ revisions });
      equal(written + rejected.length, revisions.length, 'The number of revisions that are stored or rejected');
      for (const { id, rev } of revisions) {
        const isRejected = rejected.some((other) => other.id === id && other.rev === rev);
        equal(await missing(target, id, rev), isRejected ? [rev] : [], `What is missing of ${rev} of ${id}`);
      }
      for (const { reason } of rejected) ok(/^[A-Z].*\w/.test(reason), `The reason ${reason} is no sentence`);
      equal(await missing(target, 'sound', '1-a'), []);
      equal(await missing(target, 'sound too', '2-b', '1-a'), []);
    },
  },
  {
    name: 'passes what it rejects with its checkpoint',
    needs: 'checkpoints',
    async run({ open }) {
      const target = await open();
      await commit(target, { revisions: impossible, checkpoint: { id: 'pull', value: { at: 1 } } });
      equal(await readCheckpoint(target, 'pull'), { at: 1 });
    },
  },
  {
    name: 'records what it has rejected, and how often',
    needs: 'failures',
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
    async run(subject) {
      const target = await subject.open();
      await write(target, 'a', '2-b a');
      const { rejected } = await target.writeBatch({ revisions: [revision('a', '3-c b a', { rev: '3-d' })] });
      equal(rejected.length, 1, 'The number of rejected revisions');
      equal(await missing(target, 'a', '2-b', '3-c', '3-d'), ['3-c', '3-d']);
      equal(await leaves(subject, 'a'), ['2-b']);
    },
  },
  {
    name: 'stores or rejects ids that are no sound text, and loses none of them',
    async run({ open }) {
      const target = await open();
      const ids = ['\ud800', 'a\udfff', '\udc00\ud800', '\0', '_local/a', '_a', ' '.repeat(2000)];
      const { rejected } = await target.writeBatch({ revisions: ids.map((id) => revision(id, '1-x')) });
      for (const id of ids) {
        const isRejected = rejected.some((other) => other.id === id);
        equal(await missing(target, id, '1-x'), isRejected ? ['1-x'] : [], `What ${JSON.stringify(id)} lacks`);
      }
    },
  },
];
