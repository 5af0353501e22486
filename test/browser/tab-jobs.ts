import { createQueue, work } from '../../src/index.ts';
import type { Kv } from '../../src/kv/kv.ts';
import { findJobs, type JobFindings } from '../faults/job-findings.ts';
import { traced } from '../faults/job-trace.ts';

/** Jobs in the store of a tab, as tests call them. */
export function jobsOf(kv: Kv) {
  const queue = createQueue(kv);
  return {
    addJobs: async (type: string, timeout: number, ids: readonly string[]): Promise<void> => {
      await queue.defineType(type, { timeout, maxAttempts: Number.POSITIVE_INFINITY });
      await queue.addAll(
        type,
        ids.map((id) => ({ id, data: {} })),
      );
    },
    /** What becomes of the jobs is heard outside of the page without asking it. */
    workOnJobs(type: string, length: number): void {
      work(queue, type, traced(length), { concurrency: 2 }).subscribe((event) => console.log(`job ${event.type}`));
    },
    jobsLeft: async (type: string): Promise<number> => {
      const { pending, running } = await queue.counts(type);
      return pending + running;
    },
    findJobs: (type: string, ids: readonly string[]): Promise<JobFindings> => findJobs(queue, kv, type, ids),
  };
}
