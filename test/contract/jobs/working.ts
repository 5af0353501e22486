import { isJobCancelledError, isLeaseLostError } from '../../../src/core/errors.ts';
import { work } from '../../../src/jobs/work.ts';
import { equal, rejects } from '../assert.ts';
import type { JobsCase } from '../jobs-case.ts';
import { during, named, TYPE, take, two } from './actions.ts';

/** As short as a timeout may be for a test that waits for it: milliseconds. */
const TIMEOUT = 300;

/** How workers work. */
export const working: readonly JobsCase[] = [
  {
    name: 'has many jobs done by the workers of two handles, each once',
    async run(open) {
      const [queue, other] = await two(open);
      const jobs = named(60);
      const done: string[] = [];
      const handler = async ({ id }: { readonly id: string }) => {
        done.push(id);
        return { of: id };
      };
      const options = { concurrency: 3 };
      await during(
        queue,
        handler,
        () =>
          during(
            other,
            handler,
            async () => {
              await queue.addAll(TYPE, jobs);
              for (const { id } of jobs) equal((await queue.wait(TYPE, id))?.info, { of: id });
            },
            options,
          ),
        options,
      );
      equal(
        done.sort(),
        jobs.map(({ id }) => id),
      );
    },
  },
  {
    name: 'gives the job of a worker that vanishes to another, and refuses who comes back',
    async run(open) {
      const [queue, other] = await two(open, { timeout: TIMEOUT });
      await queue.add(TYPE, 'a', { size: 1 });
      const lost = await take(queue);
      await lost.update({ done: 1 });
      const handler = async ({ info, epoch }: { readonly info: object; readonly epoch: number }) => ({ info, epoch });
      const view = await during(other, handler, () => other.wait(TYPE, 'a'));
      equal([view?.state, view?.info], ['finished', { info: { done: 1 }, epoch: 2 }]);
      await rejects(lost.finish(), isLeaseLostError, 'Who comes back');
    },
  },
  {
    name: 'tells a worker that another has cancelled its job, which may end cleanly',
    async run(open) {
      const [queue, other] = await two(open, { timeout: TIMEOUT });
      await queue.add(TYPE, 'a', {});
      await queue.add(TYPE, 'pending', {}, { runAt: Date.now() + 3_600_000 });
      let reason: unknown;
      const view = await during(
        queue,
        async (_, { signal }) => {
          await new Promise((resolve) => signal.addEventListener('abort', resolve));
          reason = signal.reason;
          return { half: true };
        },
        async () => {
          await other.wait(TYPE, 'a', ['running']);
          await other.cancel(TYPE, 'a');
          return other.wait(TYPE, 'a');
        },
      );
      equal([view?.state, view?.info, isJobCancelledError(reason)], ['cancelled', { half: true }, true]);
      equal((await other.cancel(TYPE, 'pending'))?.state, 'cancelled');
    },
  },
  {
    name: 'runs a job that repeats again and again, until it is cancelled',
    async run(open) {
      const [queue, other] = await two(open);
      let runs = 0;
      let reached = (): void => {};
      const enough = new Promise<void>((resolve) => {
        reached = resolve;
      });
      await during(
        queue,
        async () => {
          runs += 1;
          if (runs === 3) reached();
        },
        async () => {
          await other.add(TYPE, 'a', {}, { repeat: 1 });
          await enough;
          await other.cancel(TYPE, 'a');
          equal((await other.wait(TYPE, 'a'))?.state, 'cancelled');
        },
      );
    },
  },
  {
    name: 'gives back what a worker has that is left, and it is done elsewhere',
    async run(open) {
      const [queue, other] = await two(open);
      await queue.add(TYPE, 'a', {});
      const leaving = work(queue, TYPE, async (_, { signal }) => {
        await new Promise((resolve) => signal.addEventListener('abort', resolve));
        signal.throwIfAborted();
      }).subscribe();
      await other.wait(TYPE, 'a', ['running']);
      leaving.unsubscribe();
      equal((await other.wait(TYPE, 'a', ['pending']))?.attempt, 0);
      const view = await during(
        other,
        async () => {},
        () => queue.wait(TYPE, 'a'),
      );
      equal([view?.state, view?.attempt, view?.epoch], ['finished', 1, 2]);
    },
  },
];
