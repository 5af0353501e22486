import type { Job } from '../../src/jobs/job.ts';
import type { JobHandler } from '../../src/jobs/worker.ts';
import { decodeJson, encodeJson } from '../../src/kv/json.ts';
import type { Entry, Key } from '../../src/kv/kv.ts';

/** What a run of a job has written. */
export type TraceStep = 'begun' | 'done';

/** What all runs of a job have written, in the order in which it landed. */
export interface JobTrace {
  readonly steps: readonly { readonly epoch: number; readonly step: TraceStep }[];
  /** Writes that landed after those of a later run: by a worker that had lost the job. */
  readonly late: number;
}

/**
 * A handler whose worker is to be killed and stopped at any moment. Whatever it writes goes through the fence of the job, and is held
 * against what is there: a write that comes after those of a later run is put on record.
 *
 * @param length how long a run takes, in milliseconds, give or take a half
 */
export function traced(length: number): JobHandler {
  return async (job, { signal }) => {
    await write(job, 'begun');
    await new Promise((resolve) => setTimeout(resolve, length * (0.5 + Math.random())));
    signal.throwIfAborted();
    await write(job, 'done');
  };
}

export function keyOfTrace(id: string): Key {
  return ['trace', id];
}

export function decodeTrace(entry: Entry | undefined): JobTrace {
  return entry === undefined ? { steps: [], late: 0 } : (decodeJson(entry.value) as JobTrace);
}

async function write(job: Job, step: TraceStep): Promise<void> {
  const key = keyOfTrace(job.id);
  await job.guard([key], ([entry]) => {
    const trace = decodeTrace(entry);
    const isLate = trace.steps.some(({ epoch }) => epoch > job.epoch);
    const steps = [...trace.steps, { epoch: job.epoch, step }];
    return { set: [[key, encodeJson({ steps, late: trace.late + (isLate ? 1 : 0) })]], result: undefined };
  });
}
