import type { Target, WriteBatch } from '../../../src/replica/target.ts';
import { equal, ok } from '../assert.ts';
import { turn } from '../store/actions.ts';
import type { Failure, TargetCase, TargetSubject } from '../target-case.ts';
import { failures, offered, revision, write } from './actions.ts';

/** Where a pull stands, and that this is never farther than what is stored. */
export const checkpoints: readonly TargetCase[] = [
  {
    name: 'gives the checkpoint that was written last, of each pull its own',
    async run({ open }) {
      const target = await open();
      equal(await target.readCheckpoint('a'), undefined);
      const value = { seq: '12-g1AAAA', nested: { list: [1, 'é', null, true, 1.5] }, '': '' };
      await target.writeBatch({ revisions: [], checkpoint: { id: 'a', value: { seq: 1 } } });
      await target.writeBatch({ revisions: [], checkpoint: { id: 'b', value: { seq: 2 } } });
      await target.writeBatch({ revisions: [], checkpoint: { id: 'a', value } });
      equal(await target.readCheckpoint('a'), value);
      equal(await target.readCheckpoint('b'), { seq: 2 });
      equal(await target.readCheckpoint('c'), undefined);
    },
  },
  {
    name: 'leaves checkpoints alone in batches that have none',
    async run({ open }) {
      const target = await open();
      await target.writeBatch({ revisions: [], checkpoint: { id: 'a', value: { seq: 1 } } });
      await write(target, 'x', '1-x');
      equal(await target.readCheckpoint('a'), { seq: 1 });
    },
  },
  {
    name: 'never shows a checkpoint to anybody before what it covers',
    async run({ open }) {
      const [writer, reader] = [await open(), await open()];
      const batches = Array.from({ length: 12 }, (_, at) => batchOf(at));
      let writing = true;
      const writeAll = async (): Promise<void> => {
        try {
          for (const batch of batches) await writer.writeBatch(batch);
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
    needs: 'breakable',
    run: (subject) => breaksOff(subject, 'commit'),
  },
  {
    name: 'never has a checkpoint or a failure of a batch without its documents, wherever an answer is lost',
    needs: 'breakable',
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
  const covered = Number((await target.readCheckpoint('pull'))?.['number'] ?? -1);
  for (const batch of batches.slice(0, covered + 1)) {
    equal(await target.diff(offered(batch)), [], `What is missing at checkpoint ${covered}`);
  }
  const recorded = (await failures(target)).map(({ id }) => id);
  for (let number = 0; number <= covered; number += 1) {
    ok(recorded.includes(`${number} failed`), `The failure of batch ${number} is missing at checkpoint ${covered}`);
  }
  return covered;
}

/** Lets a batch fail after none of its commits, after one, after two, until it succeeds; then the batch comes again. */
async function breaksOff({ open, text, fail }: TargetSubject, loses: Failure['loses']): Promise<void> {
  ok(fail !== undefined, 'The target cannot be made to fail, though it says so');
  const target = await open();
  const batches: WriteBatch[] = [];
  for (let isWritten = false; !isWritten; ) {
    const after = batches.length;
    // Large enough for several commits where a store's are small.
    const batch = batchOf(after, 900_000);
    batches.push(batch);
    fail({ after, loses });
    const { written } = await target.writeBatch(batch).catch(() => ({ written: 0 }));
    fail(undefined);
    isWritten = written > 0;
    const covered = await coversWhatItSays(target, batches);
    if (!isWritten && covered < after) {
      const recorded = (await failures(target)).map(({ id }) => id);
      ok(!recorded.includes(`${after} failed`), 'A failure was recorded without the checkpoint of its batch');
    }
    await target.writeBatch(batch);
    equal(await coversWhatItSays(target, batches), after);
    const large = JSON.parse((await text(`${after} 3`, '2-b')) ?? '{}').value;
    equal(large?.length, 900_000, 'The length of the large body');
    ok(after < 50, 'The batch never succeeds');
  }
  ok(batches.length > 1, 'Nothing has failed');
}
