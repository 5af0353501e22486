import type { JobView } from '../../../src/jobs/job-view.ts';
import { equal } from '../assert.ts';
import type { JobsCase } from '../jobs-case.ts';
import { watch } from '../live/actions.ts';
import { TYPE, take, two } from './actions.ts';

/** How jobs are followed from another handle. */
export const following: readonly JobsCase[] = [
  {
    name: 'shows one handle what another makes of a job, until it has ended',
    async run(open) {
      const [queue, other] = await two(open);
      await queue.add(TYPE, 'a', {});
      const shown = watch(other.state$(TYPE, 'a'));
      await shown.until((job) => job?.state === 'pending');
      const job = await take(queue);
      await shown.until((now) => now?.state === 'running');
      await job.update({ done: 1 });
      await shown.until((now) => now?.info['done'] === 1);
      await job.finish({ done: 2 });
      const last = await shown.until((now) => now?.state === 'finished');
      equal(last?.info, { done: 2 });
      await shown.failure;
      const seqs = shown.values.map((now) => now?.seq ?? 0);
      equal(
        seqs,
        [...new Set(seqs)].sort((a, b) => a - b),
        'The order',
      );
    },
  },
  {
    name: 'shows that a job is removed, and ends',
    async run(open) {
      const [queue, other] = await two(open);
      await queue.add(TYPE, 'a', {});
      const shown = watch(other.state$(TYPE, 'a'));
      await shown.until((job) => job !== undefined);
      await queue.remove(TYPE, 'a');
      await shown.failure;
      equal(shown.values.at(-1), undefined);
    },
  },
  {
    name: 'shows all jobs of a type as they become',
    async run(open) {
      const [queue, other] = await two(open);
      await queue.add(TYPE, 'a', {});
      await queue.add(TYPE, 'b', {});
      const shown = watch(other.jobs$(TYPE));
      const known = new Map<string, JobView['state']>();
      const until = (isReached: () => boolean) =>
        shown.until((event) => {
          if (event.type === 'job') known.set(event.job.id, event.job.state);
          else known.delete(event.id);
          return isReached();
        });
      await until(() => known.size === 2);
      await queue.cancel(TYPE, 'b');
      await queue.remove(TYPE, 'a');
      await queue.add(TYPE, 'c', {});
      await until(() => !known.has('a') && known.get('b') === 'cancelled' && known.get('c') === 'pending');
      shown.leave();
    },
  },
];
