import { isClosedError } from '../../../src/core/errors.ts';
import { equal, ok, rejects } from '../assert.ts';
import type { TargetCase } from '../target-case.ts';
import { failures, missing, recordFailure, write } from './actions.ts';

/** The beginning and the end of a target's use. */
export const opening: readonly TargetCase[] = [
  {
    name: 'is empty until it holds something, and says who it is',
    async run({ open }) {
      const target = await open();
      const { uuid, empty } = await target.open();
      ok(typeof uuid === 'string' && uuid !== '', 'It has no name for itself');
      ok(empty, 'It is not empty at first');
      await write(target, 'a', '1-x');
      equal(await target.open(), { uuid, empty: false });
      equal(await (await open()).open(), { uuid, empty: false }, 'What another handle says');
    },
  },
  {
    name: 'has everything when it is opened again',
    async run({ open, text }) {
      const first = await open();
      const { uuid } = await first.open();
      await write(first, 'a', '2-y x', '2-z x!');
      await recordFailure(first, 'b', '1-b');
      await first.writeBatch({ revisions: [], checkpoint: { id: 'pull', value: { at: 7 } } });
      await first.close();
      const second = await open();
      equal(await second.open(), { uuid, empty: false });
      equal(await missing(second, 'a', '1-x', '2-y', '2-z', '2-w'), ['2-w']);
      equal(await failures(second), [{ id: 'b', rev: '1-b', reason: 'No 1-b', attempts: 1 }]);
      equal(await second.readCheckpoint('pull'), { at: 7 });
      equal(JSON.parse((await text('a', '2-y')) ?? ''), { _id: 'a', _rev: '2-y', of: '2-y' });
    },
  },
  {
    name: 'refuses every call after it is closed',
    async run({ open }) {
      const target = await open();
      await write(target, 'a', '1-x');
      await target.close();
      await target.close();
      await rejects(target.open(), isClosedError, 'Opening');
      await rejects(target.diff([{ id: 'a', revs: ['1-x'] }]), isClosedError, 'A diff');
      await rejects(write(target, 'a', '2-y x'), isClosedError, 'A batch');
      await rejects(target.readCheckpoint('pull'), isClosedError, 'Reading a checkpoint');
      await rejects(failures(target), isClosedError, 'Reading failures');
      equal(await missing(await open(), 'a', '1-x', '2-y'), ['2-y']);
    },
  },
];
