import type { Job } from '../../../src/jobs/job.ts';
import { equal } from '../assert.ts';
import type { JobsCase } from '../jobs-case.ts';
import { named, TYPE, take, two } from './actions.ts';

/** Who gets which job. */
export const accepting: readonly JobsCase[] = [
  {
    name: 'gives one job to one of many who want it, time after time',
    async run(open) {
      const handles = await two(open);
      await handles[0].add(TYPE, 'a', {});
      for (let round = 1; round <= 5; round += 1) {
        const jobs = await Promise.all(Array.from({ length: 8 }, (_, at) => handles[at % 2]?.accept(TYPE)));
        const winners = jobs.filter((job): job is Job => job !== undefined);
        equal(
          winners.map(({ epoch }) => epoch),
          [round],
        );
        await winners[0]?.release();
      }
    },
  },
  {
    name: 'gives each of many jobs once to those who share them',
    async run(open) {
      const handles = await two(open);
      const jobs = named(40);
      await handles[0].addAll(TYPE, jobs);
      const shares = await Promise.all(
        Array.from({ length: 4 }, async (_, at) => {
          const own: string[] = [];
          for (let job = await handles[at % 2]?.accept(TYPE); job; job = await handles[at % 2]?.accept(TYPE)) {
            own.push(job.id);
            await job.finish();
          }
          return own;
        }),
      );
      equal(
        shares.flat().sort(),
        jobs.map(({ id }) => id),
      );
      equal(await handles[1].rebuild(TYPE), 0, 'What was not right');
    },
  },
  {
    name: 'gives jobs by priority, and none before its time',
    async run(open) {
      const [queue, other] = await two(open);
      for (const priority of [7, 0, 5]) await queue.add(TYPE, `${priority}`, {}, { priority });
      await queue.add(TYPE, 'later', {}, { priority: 0, runAt: Date.now() + 3_600_000 });
      equal(await other.accept(TYPE, { maxPriority: 0 }).then((job) => job?.id), '0');
      equal(await other.accept(TYPE, { maxPriority: 4 }), undefined);
      equal([(await take(other)).id, (await take(queue)).id], ['5', '7']);
      equal(await queue.accept(TYPE), undefined);
    },
  },
  {
    name: 'wakes who waits when another adds a job, and when its time comes',
    async run(open) {
      const [queue, other] = await two(open);
      const waiting = queue.accept(TYPE, { wait: Number.POSITIVE_INFINITY });
      await other.add(TYPE, 'a', {});
      equal((await waiting)?.id, 'a');
      const runAt = Date.now() + 100;
      await other.add(TYPE, 'b', {}, { runAt });
      const later = await queue.accept(TYPE, { wait: Number.POSITIVE_INFINITY });
      equal([later?.id, Date.now() >= runAt], ['b', true]);
    },
  },
  {
    name: 'gives nothing while another has paused the type',
    async run(open) {
      const [queue, other] = await two(open);
      await other.pause(TYPE);
      await queue.add(TYPE, 'a', {});
      equal(await queue.accept(TYPE), undefined);
      const waiting = queue.accept(TYPE, { wait: Number.POSITIVE_INFINITY });
      await other.resume(TYPE);
      equal((await waiting)?.id, 'a');
    },
  },
];
