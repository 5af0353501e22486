import type { Subscription } from 'rxjs';
import type { Job } from '../../../src/jobs/job.ts';
import type { JobTypeOptions } from '../../../src/jobs/job-type.ts';
import type { Queue } from '../../../src/jobs/queue.ts';
import { type WorkOptions, work } from '../../../src/jobs/work.ts';
import type { JobHandler } from '../../../src/jobs/worker.ts';
import { ok } from '../assert.ts';
import type { OpenQueue } from '../jobs-case.ts';

/** The type of the jobs. */
export const TYPE = 'task';

/** Two handles of one queue, whose type is defined. */
export async function two(open: OpenQueue, type: JobTypeOptions = {}): Promise<[Queue, Queue]> {
  const handles: [Queue, Queue] = [await open(), await open()];
  await handles[0].defineType(TYPE, type);
  return handles;
}

/** Accepts a job that there must be. */
export async function take(queue: Queue): Promise<Job> {
  const job = await queue.accept(TYPE);
  ok(job !== undefined, 'There was no job to accept');
  return job;
}

/** Jobs without data, by their ids. */
export function named(count: number): { readonly id: string; readonly data: Record<string, never> }[] {
  return Array.from({ length: count }, (_, at) => ({ id: `job-${String(at).padStart(3, '0')}`, data: {} }));
}

/** Works while something is done, and until all that was begun is over. */
export async function during<T>(
  queue: Queue,
  handler: JobHandler,
  act: () => Promise<T>,
  options: WorkOptions = {},
): Promise<T> {
  const drain = new AbortController();
  let subscription: Subscription | undefined;
  const ended = new Promise<void>((resolve, reject) => {
    subscription = work(queue, TYPE, handler, { ...options, drain: drain.signal }).subscribe({
      complete: resolve,
      error: reject,
    });
  });
  try {
    return await Promise.race([act(), ended.then(() => Promise.reject(new Error('The worker has ended')))]);
  } finally {
    drain.abort();
    await ended;
    subscription?.unsubscribe();
  }
}
