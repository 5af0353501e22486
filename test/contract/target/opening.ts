import { equal, ok } from '../assert.ts';
import type { TargetCase } from '../target-case.ts';
import { commit, failures, leaves, missing, readCheckpoint, recordFailure, revision, write } from './actions.ts';

/** The beginning of a target's use. */
export const opening: readonly TargetCase[] = [
  {
    name: 'is empty until it holds something, and says who it is',
    async run({ open }) {
      const target = await open();
      const { uuid, empty } = await target.open();
      ok(typeof uuid === 'string' && uuid !== '', 'It has no name for itself');
      ok(empty, 'It is not empty at first');
      await write(target, 'a', '1-x');
      for (const handle of [target, await open()]) {
        const now = await handle.open();
        equal([now.uuid, now.empty], [uuid, false], 'Who it is, and whether it is empty');
      }
    },
  },
  {
    name: 'is not empty with nothing but a tombstone',
    async run({ open }) {
      const target = await open();
      await write(target, 'a', '2-y x!');
      equal((await target.open()).empty, false);
    },
  },
  {
    name: 'has its documents when it is opened again',
    async run(subject) {
      const first = await subject.open();
      const { uuid } = await first.open();
      await write(first, 'a', '2-y x', '2-z x!');
      await first.close();
      const second = await subject.open();
      equal((await second.open()).uuid, uuid);
      equal(await missing(second, 'a', '1-x', '2-y', '2-z', '2-w'), ['2-w']);
      equal(await leaves(subject, 'a'), ['2-y', '2-z']);
      equal(JSON.parse((await subject.text('a', '2-y')) ?? ''), { _id: 'a', _rev: '2-y', of: '2-y' });
    },
  },
  {
    name: 'has its checkpoints when it is opened again',
    needs: 'checkpoints',
    async run({ open }) {
      const first = await open();
      await commit(first, { revisions: [revision('a', '1-x')], checkpoint: { id: 'pull', value: { at: 7 } } });
      await first.close();
      equal(await readCheckpoint(await open(), 'pull'), { at: 7 });
    },
  },
  {
    name: 'has its record of failures when it is opened again',
    needs: 'failures',
    async run({ open }) {
      const first = await open();
      await recordFailure(first, 'b', '1-b');
      await first.close();
      equal(await failures(await open()), [{ id: 'b', rev: '1-b', reason: 'No 1-b', attempts: 1 }]);
    },
  },
];
