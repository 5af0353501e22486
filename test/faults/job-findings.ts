import type { JobCounts } from '../../src/jobs/counts.ts';
import type { Queue } from '../../src/jobs/queue.ts';
import type { Kv } from '../../src/kv/kv.ts';
import { decodeTrace, type JobTrace, keyOfTrace } from './job-trace.ts';

/** What is there after jobs were worked on by workers that came to harm. */
export interface JobFindings {
  readonly counts: JobCounts;
  readonly jobs: readonly { readonly id: string; readonly epoch: number | undefined; readonly trace: JobTrace }[];
  /** Entries by which jobs are found that had to be put right. */
  readonly rebuilt: number;
}

/** Looks at jobs of a type, all of which are named. */
export async function findJobs(queue: Queue, kv: Kv, type: string, ids: readonly string[]): Promise<JobFindings> {
  const jobs: JobFindings['jobs'][number][] = [];
  for (const id of ids) {
    const [trace] = await kv.read([keyOfTrace(id)]);
    jobs.push({ id, epoch: (await queue.get(type, id))?.epoch, trace: decodeTrace(trace) });
  }
  return { counts: await queue.counts(type), jobs, rebuilt: await queue.rebuild(type) };
}

/** What is not as it should be: all jobs finished, each by one worker at a time, the last of which did all of it. */
export function complaintsAbout({ counts, jobs, rebuilt }: JobFindings): string[] {
  const complaints: string[] = [];
  if (counts.finished !== jobs.length) complaints.push(`There are ${JSON.stringify(counts)} of ${jobs.length} jobs`);
  if (rebuilt > 0) complaints.push(`${rebuilt} entries had to be put right`);
  for (const { id, epoch, trace } of jobs) {
    const last = Math.max(...trace.steps.map((step) => step.epoch));
    const steps = trace.steps.filter((step) => step.epoch === last).map(({ step }) => step);
    if (trace.late > 0) complaints.push(`A write of a zombie landed in ${id}`);
    if (steps.join() !== 'begun,done') complaints.push(`The last run of ${id} has written ${JSON.stringify(steps)}`);
    if (epoch !== last) complaints.push(`The last run of ${id} was the ${epoch}th, and the ${last}th has written last`);
  }
  return complaints;
}

/** How many runs have written something. */
export function runsOf({ jobs }: JobFindings): number {
  return jobs.reduce((sum, { trace }) => sum + new Set(trace.steps.map(({ epoch }) => epoch)).size, 0);
}
