import { decodeJson } from '../kv/json.ts';
import { listPages } from '../kv/list.ts';
import type { JobState } from './job-record.ts';
import type { JobStore } from './job-store.ts';
import { rangeOf } from './layout.ts';

/** How many jobs of a type are in each state. */
export type JobCounts = Readonly<Record<JobState, number>>;

/** Counts the jobs of a type, by what they are found by: a read for every 500 jobs. */
export async function countJobs({ kv }: JobStore, type: string): Promise<JobCounts> {
  const counts = { pending: 0, running: 0, finished: 0, cancelled: 0, dead: 0 };
  for (const range of [rangeOf.ready, rangeOf.scheduled])
    for await (const entries of listPages(kv, range(type))) counts.pending += entries.length;
  for await (const entries of listPages(kv, rangeOf.runs(type))) counts.running += entries.length;
  for await (const entries of listPages(kv, rangeOf.ended(type))) {
    for (const { value } of entries) {
      const state = decodeJson(value);
      if (state === 'finished' || state === 'cancelled' || state === 'dead') counts[state] += 1;
    }
  }
  return counts;
}
