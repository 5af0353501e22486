import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fsKv } from '../../adapters/fs/index.ts';
import { createQueue, type NewJob, type Queue } from '../../src/jobs/queue.ts';
import { work } from '../../src/jobs/work.ts';
import type { JobEvent } from '../../src/jobs/worker.ts';
import { memoryKv } from '../../src/kv/memory.ts';
import { nextLine, startProcess } from '../support/process.ts';
import { summarize } from './statistics.ts';

/** What the jobs stand in. */
export type JobStoreName = 'memory' | 'fs';

/** Jobs a second. */
export interface JobRates {
  /** Added, one by one. */
  readonly added: number;
  /** Accepted and finished. */
  readonly done: number;
}

/** So many are taken at each number of pending jobs. */
const TAKEN = 100;
const TYPE = 'nothing';

/**
 * Has jobs added, and then worked on by a handler that does nothing.
 *
 * @param workers how many, each with one job at a time, in this process
 */
export async function jobRates(store: JobStoreName, jobs: number, workers: number): Promise<JobRates> {
  return withQueue(store, async (queue) => {
    const added = await addOneByOne(queue, jobs);
    return { added, done: await rate(jobs, () => workedOff(queue, jobs, workers)) };
  });
}

/** The same on disk, the workers being processes of their own, which are started before the clock is. */
export async function jobRatesOfProcesses(jobs: number, processes: number): Promise<JobRates> {
  return withQueue('fs', async (queue, directory) => {
    const added = await addOneByOne(queue, jobs);
    await queue.pause(TYPE);
    const program = new URL('./job-program.ts', import.meta.url);
    const workers = Array.from({ length: processes }, () => startProcess(program, [directory, TYPE]));
    try {
      for (const worker of workers) await nextLine(worker);
      const done = await rate(jobs, async () => {
        await queue.resume(TYPE);
        // They are worked on in about this order, so most have ended when they are asked for.
        for (const { id } of newJobs(jobs)) await queue.wait(TYPE, id);
      });
      return { added, done };
    } finally {
      for (const worker of workers) worker.kill();
      await Promise.all(workers.map(({ ended }) => ended));
    }
  });
}

/** How long one job takes to be accepted among so many pending ones: the median of a hundred, in milliseconds. */
export async function acceptTime(store: JobStoreName, pending: number): Promise<number> {
  return withQueue(store, async (queue) => {
    await queue.addAll(TYPE, newJobs(pending));
    const times: number[] = [];
    for (let taken = 0; taken < TAKEN; taken += 1) {
      const begun = performance.now();
      const job = await queue.accept(TYPE);
      times.push(performance.now() - begun);
      // As many are pending for the next.
      await job?.release();
    }
    return summarize(times)?.median ?? Number.NaN;
  });
}

async function workedOff(queue: Queue, jobs: number, workers: number): Promise<void> {
  let left = jobs;
  await new Promise<void>((resolve, reject) => {
    const next = ({ type }: JobEvent): void => {
      if (type === 'finished') left -= 1;
      if (left > 0) return;
      for (const one of working) one.unsubscribe();
      resolve();
    };
    const working = Array.from({ length: workers }, () =>
      work(queue, TYPE, async () => {}).subscribe({ next, error: reject }),
    );
  });
}

async function addOneByOne(queue: Queue, jobs: number): Promise<number> {
  return rate(jobs, async () => {
    for (const { id, data } of newJobs(jobs)) await queue.add(TYPE, id, data);
  });
}

function newJobs(count: number): NewJob[] {
  return Array.from({ length: count }, (_, index) => ({ id: String(index).padStart(8, '0'), data: { index } }));
}

/** How many a second. */
async function rate(count: number, act: () => Promise<void>): Promise<number> {
  const begun = performance.now();
  await act();
  return (count * 1000) / (performance.now() - begun);
}

async function withQueue<R>(store: JobStoreName, use: (queue: Queue, directory: string) => Promise<R>): Promise<R> {
  const directory = await mkdtemp(join(tmpdir(), 'couchtide-bench-'));
  const kv = store === 'fs' ? await fsKv(directory) : memoryKv();
  try {
    const queue = createQueue(kv);
    await queue.defineType(TYPE);
    return await use(queue, directory);
  } finally {
    await kv.close();
    await rm(directory, { recursive: true, force: true });
  }
}
