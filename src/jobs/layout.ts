import type { Key, KeyRange } from '../kv/kv.ts';

/**
 * Where jobs stand in a store. The record of a job is the truth; what is derived from it can be made anew.
 *
 * | key | value |
 * |---|---|
 * | `jobs, type, T` | what is known of the type: see `JobType` |
 * | `jobs, job, T, id` | the job: see `JobRecord` |
 * | `jobs, scheduled, T, runAt, id` | a pending job with a time |
 * | `jobs, ready, T, priority, readyAt, id` | a pending job that is due, and its time |
 * | `jobs, run, T, id` | a running job and its lock; the version of this entry is the heartbeat |
 * | `jobs, cancelling, T, id` | a running job that is asked to stop |
 * | `jobs, ended, T, endedAt, id` | a job that has ended, and how |
 * | `jobs, worker, T, worker` | a worker, for people: see `WorkerRecord` |
 * | `jobs, monitor, T` | the one who watches over what runs, of all that could |
 * | `jobs, signal, queue or activity, T` | a random value, new when jobs were queued, or changed in any way |
 */
export const keyOf = {
  type: (type: string): Key => ['jobs', 'type', type],
  job: (type: string, id: string): Key => ['jobs', 'job', type, id],
  scheduled: (type: string, runAt: number, id: string): Key => ['jobs', 'scheduled', type, runAt, id],
  ready: (type: string, priority: number, readyAt: number, id: string): Key => [
    'jobs',
    'ready',
    type,
    priority,
    readyAt,
    id,
  ],
  run: (type: string, id: string): Key => ['jobs', 'run', type, id],
  cancelling: (type: string, id: string): Key => ['jobs', 'cancelling', type, id],
  ended: (type: string, endedAt: number, id: string): Key => ['jobs', 'ended', type, endedAt, id],
  worker: (type: string, worker: string): Key => ['jobs', 'worker', type, worker],
  monitor: (type: string): Key => ['jobs', 'monitor', type],
  queueSignal: (type: string): Key => ['jobs', 'signal', 'queue', type],
  activitySignal: (type: string): Key => ['jobs', 'signal', 'activity', type],
};

/** What stands in a store about all jobs of a type, by what it is. */
export const rangeOf = {
  types: (): KeyRange => ({ prefix: ['jobs', 'type'] }),
  jobs: (type: string): KeyRange => ({ prefix: ['jobs', 'job', type] }),
  scheduled: (type: string): KeyRange => ({ prefix: ['jobs', 'scheduled', type] }),
  ready: (type: string): KeyRange => ({ prefix: ['jobs', 'ready', type] }),
  runs: (type: string): KeyRange => ({ prefix: ['jobs', 'run', type] }),
  cancelling: (type: string): KeyRange => ({ prefix: ['jobs', 'cancelling', type] }),
  ended: (type: string): KeyRange => ({ prefix: ['jobs', 'ended', type] }),
  workers: (type: string): KeyRange => ({ prefix: ['jobs', 'worker', type] }),
};

/** The id of the job, or the name of the type or worker, that a key ends with. */
export function nameIn(key: Key): string {
  return String(key.at(-1));
}
