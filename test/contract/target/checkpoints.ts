import type { Target, WriteBatch } from '../../../src/replica/target.ts';
import { equal, ok } from '../assert.ts';
import { turn } from '../store/actions.ts';
import type { Failure, TargetCase, TargetSubject } from '../target-case.ts';
import { commit, failures, offered, readCheckpoint, revision, write, writeCheckpoint } from './actions.ts';

/** Where a pull stands, and that this is never farther than what is stored. */
export const checkpoints: readonly TargetCase[] = [
  {
    name: 'gives the checkpoint that was written last, of each pull its own',
    needs: 'checkpoints',
    async run({ open }) {
      const target = await open();
      equal(await readCheckpoint(target, 'a'), undefined);
      const value = { seq: '12-g1AAAA', nested: { list: [1, 'é', null, true, 1.5] }, '': '' };
      await writeCheckpoint(target, 'a', { seq: 1 });
      await writeCheckpoint(target, 'b', { seq: 2 });
      await commit(target, { revisions: [revision('x', '1-x')], checkpoint: { id: 'a', value } });
      equal(await readCheckpoint(target, 'a'), value);
      equal(await readCheckpoint(target, 'b'), { seq: 2 });
      equal(await readCheckpoint(target, 'c'), undefined);
      await writeCheckpoint(target, 'a', { seq: 3 });
      equal(await readCheckpoint(await open(), 'a'), { seq: 3 });
    },
  },
  {
    name: 'takes a checkpoint with a batch, whatever else is in it',
    needs: 'atomic',
    async run({ open }) {
      const target = await open();
      await target.writeBatch({ revisions: [], checkpoint: { id: 'a', value: { seq: 1 } } });
      equal(await readCheckpoint(target, 'a'), { seq: 1 });
      const revisions = [revision('x', '1-x')];
      for (const seq of [2, 3]) {
        // The second time nothing of it is new but the checkpoint.
        await target.writeBatch({ revisions, checkpoint: { id: 'a', value: { seq } } });
        equal(await readCheckpoint(target, 'a'), { seq });
      }
    },
  },
  {
    name: 'leaves checkpoints alone in batches that have none',
    needs: 'checkpoints',
    async run({ open }) {
      const target = await open();
      await writeCheckpoint(target, 'a', { seq: 1 });
      await write(target, 'x', '1-x');
      equal(await readCheckpoint(target, 'a'), { seq: 1 });
    },
  },
  {
    name: 'is as empty with a checkpoint as without',
    needs: 'checkpoints',
    async run({ open }) {
      const target = await open();
      await writeCheckpoint(target, 'a', { seq: 1 });
      equal((await target.open()).empty, true);
    },
  },
  {
    name: 'never shows a checkpoint to anybody before what it covers',
    needs: 'checkpoints',
    async run({ open }) {
      const [writer, reader] = [await open(), await open()];
      const batches = Array.from({ length: 12 }, (_, at) => batchOf(at));
      let writing = true;
      const writeAll = async (): Promise<void> => {
        try {
          for (const batch of batches) await commit(writer, batch);
        } finally {
          writing = false;
        }
      };
      const look = async (): Promise<void> => {
        while (writing) {
          await coversWhatItSays(reader, batches);
          await turn();
        }
      };
      await Promise.all([writeAll(), look()]);
      equal(await coversWhatItSays(reader, batches), batches.length - 1);
    },
  },
  {
    name: 'never has a checkpoint or a failure of a batch without its documents, wherever its commits fail',
    needs: ['checkpoints', 'breakable'],
    run: (subject) => breaksOff(subject, 'commit'),
  },
  {
    name: 'never has a checkpoint or a failure of a batch without its documents, wherever an answer is lost',
    needs: ['checkpoints', 'breakable'],
    run: (subject) => breaksOff(subject, 'answer'),
  },
];

/** A batch with documents small and large, a failure and a checkpoint. */
function batchOf(number: number, bytes = 100_000): WriteBatch {
  const body = (at: number): string => JSON.stringify({ value: 'x'.repeat(at === 3 ? bytes : 100 * at) });
  return {
    revisions: Array.from({ length: 8 }, (_, at) => revision(`${number} ${at}`, '2-b a', { body: body(at) })),
    failures: [{ id: `${number} failed`, rev: '1-x', reason: 'It is gone' }],
    checkpoint: { id: 'pull', value: { number } },
  };
}

/** Fails when the checkpoint covers a batch that is not whole; gives the number of the last one that it covers. */
async function coversWhatItSays(target: Target, batches: readonly WriteBatch[]): Promise<number> {
  const covered = Number((await readCheckpoint(target, 'pull'))?.['number'] ?? -1);
  for (const batch of batches.slice(0, covered + 1)) {
    equal(await target.diff(offered(batch)), [], `What is missing at checkpoint ${covered}`);
  }
  const recorded = await recordedBy(target);
  for (let number = 0; number <= covered && recorded !== undefined; number += 1) {
    ok(recorded.includes(`${number} failed`), `The failure of batch ${number} is missing at checkpoint ${covered}`);
  }
  return covered;
}

/** Lets a batch fail after none of its commits, after one, after two, until it succeeds; then the batch comes again. */
async function breaksOff({ open, text, fail }: TargetSubject, loses: Failure['loses']): Promise<void> {
  ok(fail !== undefined, 'The target cannot be made to fail, though it says so');
  const target = await open();
  const { atomic = false } = await target.open();
  const batches: WriteBatch[] = [];
  for (let isWritten = false; !isWritten; ) {
    const after = batches.length;
    // Large enough for several commits where a store's are small.
    const batch = batchOf(after, 900_000);
    batches.push(batch);
    fail({ after, loses });
    const { written } = await commit(target, batch).catch(() => ({ written: 0 }));
    fail(undefined);
    isWritten = written > 0;
    const covered = await coversWhatItSays(target, batches);
    if ((await recordedBy(target))?.includes(`${after} failed`)) {
      equal(await target.diff(offered(batch)), [], 'What is missing of a batch whose failure is on record');
      if (atomic) equal(covered, after, 'The checkpoint of a batch whose failure is on record');
    }
    await commit(target, batch);
    equal(await coversWhatItSays(target, batches), after);
    const large = JSON.parse((await text(`${after} 3`, '2-b')) ?? '{}').value;
    equal(large?.length, 900_000, 'The length of the large body');
    ok(after < 50, 'The batch never succeeds');
  }
  ok(batches.length > 1, 'Nothing has failed');
}

/** The documents of which a failure is on record; undefined in a target that keeps no record. */
async function recordedBy(target: Target): Promise<string[] | undefined> {
  return target.failed === undefined ? undefined : (await failures(target)).map(({ id }) => id);
}
