import type { Job } from './jobs.ts';
import { decodeMerge, isMerge } from './merge-job.ts';
import { decodeReclaim, RECLAIM } from './reclaim-job.ts';
import type { RunDraft } from './run-draft.ts';
import { decodeSequenceJob, SEQUENCE } from './sequence-job.ts';
import { decodeAhead, isAhead, isSweep, rangesOf } from './sweep-job.ts';

/** What a job works on. */
export interface JobUse {
  /** Runs that it makes another of. */
  readonly inputs: readonly number[];
  /** The run that it makes, as far as that is written. */
  readonly output?: { readonly number: number; readonly draft: RunDraft | undefined };
}

/**
 * What a job works on; undefined for a job of an unknown name.
 *
 * @throws StoreError (`corrupt`) when its record cannot be used
 */
export function useOf(job: Job): JobUse | undefined {
  if (isMerge(job)) {
    const { inputs, output, draft } = decodeMerge(job);
    return { inputs, output: { number: output, draft } };
  }
  if (job.name === RECLAIM) {
    const { current } = decodeReclaim(job);
    if (current === undefined) return { inputs: [] };
    return { inputs: [current.input], output: { number: current.output, draft: current.draft } };
  }
  if (job.name === SEQUENCE) decodeSequenceJob(job);
  else if (isSweep(job)) rangesOf(job);
  else if (isAhead(job)) decodeAhead(job);
  else return undefined;
  return { inputs: [] };
}
