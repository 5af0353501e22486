import { isInputError } from '../../../src/core/errors.ts';
import { equal, rejects } from '../assert.ts';
import type { JobsCase } from '../jobs-case.ts';
import { named, TYPE, take, two } from './actions.ts';

/** How jobs come and go. */
export const adding: readonly JobsCase[] = [
  {
    name: 'shows a job to everybody until it is removed',
    async run(open) {
      const [queue, other] = await two(open);
      const added = await queue.add(TYPE, 'a', { size: 1, text: 'ü 🌊' }, { priority: 2 });
      equal(await other.get(TYPE, 'a'), added);
      equal([added.state, added.data, added.priority, added.seq], ['pending', { size: 1, text: 'ü 🌊' }, 2, 1]);
      equal(await other.remove(TYPE, 'a'), true);
      equal([await queue.get(TYPE, 'a'), await queue.remove(TYPE, 'a')], [undefined, false]);
    },
  },
  {
    name: 'refuses a job of a type that nobody has defined',
    async run(open) {
      await rejects((await open()).add('other', 'a', {}), isInputError, 'The job');
    },
  },
  {
    name: 'adds one job once, however many add it at once',
    async run(open) {
      const handles = await two(open);
      await Promise.all(Array.from({ length: 10 }, (_, at) => handles[at % 2]?.add(TYPE, 'a', { size: 1 })));
      equal((await handles[0].get(TYPE, 'a'))?.seq, 1);
      equal(await handles[1].rebuild(TYPE), 0, 'What was not right');
    },
  },
  {
    name: 'adds many, lists them in order and counts them by state',
    async run(open) {
      const [queue, other] = await two(open);
      const jobs = named(130);
      await queue.addAll(TYPE, [...jobs].reverse());
      equal(
        (await other.list(TYPE, { limit: 1000 })).map(({ id }) => id),
        jobs.map(({ id }) => id),
      );
      await other.cancel(TYPE, 'job-007');
      await (await take(other)).finish();
      await take(queue);
      equal(await queue.counts(TYPE), { pending: 127, running: 1, finished: 1, cancelled: 1, dead: 0 });
    },
  },
  {
    name: 'asks for another run of a job that runs, with data of its own',
    async run(open) {
      const [queue, other] = await two(open);
      await queue.add(TYPE, 'a', { size: 1 });
      const job = await take(queue);
      equal((await other.add(TYPE, 'a', { size: 2 })).resubmitted, true);
      await job.finish({ done: 1 });
      const again = await take(other);
      equal([again.data, again.info, again.epoch, again.attempt], [{ size: 2 }, { done: 1 }, 2, 1]);
    },
  },
];
