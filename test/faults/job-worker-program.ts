/**
 * A worker of jobs in a process of its own, to be killed and stopped at any moment. Whatever a job's run writes goes through the
 * fence of the job, and is held against what is there: a write that comes after those of a later run is put on record.
 *
 * @module
 */
import process from 'node:process';
import { fsKv } from '../../adapters/fs/index.ts';
import type { Job } from '../../src/jobs/job.ts';
import { createQueue } from '../../src/jobs/queue.ts';
import { work } from '../../src/jobs/work.ts';
import { decodeJson, encodeJson } from '../../src/kv/json.ts';
import { type JobTrace, keyOfTrace, type TraceStep } from './job-trace.ts';

const [directory = '', type = ''] = process.argv.slice(2);
const kv = await fsKv(directory);
const queue = createQueue(kv);

async function write(job: Job, step: TraceStep): Promise<void> {
  const key = keyOfTrace(job.id);
  await job.guard([key], ([entry]) => {
    const trace = (entry === undefined ? { steps: [], late: 0 } : decodeJson(entry.value)) as JobTrace;
    const isLate = trace.steps.some(({ epoch }) => epoch > job.epoch);
    const steps = [...trace.steps, { epoch: job.epoch, step }];
    return { set: [[key, encodeJson({ steps, late: trace.late + (isLate ? 1 : 0) })]], result: undefined };
  });
}

const events = work(
  queue,
  type,
  async (job, { signal }) => {
    await write(job, 'begun');
    await new Promise((resolve) => setTimeout(resolve, 100 + Math.random() * 200));
    signal.throwIfAborted();
    await write(job, 'done');
  },
  { concurrency: 2 },
);
for await (const { type: event } of events) console.log(event);
