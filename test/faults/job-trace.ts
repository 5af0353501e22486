import type { Key } from '../../src/kv/kv.ts';

/** What a run of a job has written. */
export type TraceStep = 'begun' | 'done';

/** What all runs of a job have written, in the order in which it landed. */
export interface JobTrace {
  readonly steps: readonly { readonly epoch: number; readonly step: TraceStep }[];
  /** Writes that landed after those of a later run: by a worker that had lost the job. */
  readonly late: number;
}

export function keyOfTrace(id: string): Key {
  return ['trace', id];
}
