import { isLeaseLostError } from '../../../src/core/errors.ts';
import { equal, rejects } from '../assert.ts';
import type { JobsCase } from '../jobs-case.ts';
import { TYPE, take, two } from './actions.ts';

/** What only who holds a job may do. */
export const holding: readonly JobsCase[] = [
  {
    name: 'shows everybody what who holds a job tells of it',
    async run(open) {
      const [queue, other] = await two(open);
      await queue.add(TYPE, 'a', { size: 1 });
      const job = await take(queue);
      await job.update({ done: 1 });
      await job.update();
      const view = await other.get(TYPE, 'a');
      equal([view?.state, view?.data, view?.info], ['running', { size: 1 }, { done: 1 }]);
      await job.finish({ done: 2 });
      const ended = await other.get(TYPE, 'a');
      equal([ended?.state, ended?.info], ['finished', { done: 2 }]);
    },
  },
  {
    name: 'refuses everything from who holds a job no more, though it runs again elsewhere',
    async run(open) {
      const [queue, other] = await two(open);
      await queue.add(TYPE, 'a', {});
      const lost = await take(queue);
      await other.remove(TYPE, 'a');
      await other.add(TYPE, 'a', {});
      const held = await take(other);
      const before = await other.get(TYPE, 'a');
      const late = { late: true };
      for (const act of [
        () => lost.update(),
        () => lost.update(late),
        () => lost.finish(late),
        () => lost.fail('late'),
        () => lost.release(),
        () => lost.resubmit(0, late),
        () => lost.guard([], () => ({ set: [[['own'], new Uint8Array()]], result: undefined })),
      ])
        await rejects(act(), isLeaseLostError, 'Who holds it no more');
      equal(await queue.get(TYPE, 'a'), before);
      equal(await held.guard([['own']], ([own]) => ({ result: own })), undefined, 'What was written');
      await held.finish();
    },
  },
  {
    name: "loses none of the application's own writes to each other, and lets none land after the end",
    async run(open) {
      const [queue] = await two(open);
      await queue.add(TYPE, 'a', {});
      const job = await take(queue);
      const count = () =>
        job.guard([['total']], ([total]) => {
          const next = (total?.value[0] ?? 0) + 1;
          return { set: [[['total'], Uint8Array.of(next)]], result: next };
        });
      const counts = await Promise.all(Array.from({ length: 10 }, count));
      equal(
        counts.sort((a, b) => a - b),
        [1, 2, 3, 4, 5, 6, 7, 8, 9, 10],
      );
      const [ended, late] = await Promise.allSettled([job.finish(), count()]);
      equal(ended.status, 'fulfilled');
      // It was first, or it was refused.
      if (late.status === 'fulfilled') equal(late.value, 11);
      await rejects(count(), isLeaseLostError, 'A write after the end');
    },
  },
  {
    name: 'tries again what fails, then calls it dead, and runs it anew when somebody wants',
    async run(open) {
      const [queue, other] = await two(open, { maxAttempts: 2, backoff: { base: 0, cap: 0 } });
      await queue.add(TYPE, 'a', {});
      await (await take(queue)).fail(new Error('No'));
      const second = await other.accept(TYPE, { wait: Number.POSITIVE_INFINITY });
      equal(second?.attempt, 2);
      await second?.fail(new Error('No more'));
      const dead = await queue.get(TYPE, 'a');
      equal([dead?.state, dead?.error], ['dead', 'No more']);
      equal((await other.retry(TYPE, 'a'))?.state, 'pending');
      equal((await take(queue)).attempt, 1);
    },
  },
];
