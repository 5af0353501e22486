import type { JsonObject } from '../core/json-value.ts';
import type { JobRecord, JobState } from './job-record.ts';

/** A job as it was at one moment. Times in milliseconds since 1970. */
export interface JobView {
  readonly type: string;
  readonly id: string;
  readonly state: JobState;
  /** What is to be done. */
  readonly data: JsonObject;
  /** Progress and result. */
  readonly info: JsonObject;
  readonly runAt: number;
  readonly priority: number;
  readonly repeat: number | undefined;
  /** How often it has been accepted since it last ended well. */
  readonly attempt: number;
  /** How often it has been accepted at all. */
  readonly epoch: number;
  /** Grows with every commit of the job. */
  readonly seq: number;
  /** Who works on it. */
  readonly workerId: string | undefined;
  /** Whether another run follows the one that is under way. */
  readonly resubmitted: boolean;
  /** Whether the run that is under way is asked to stop. */
  readonly cancelRequested: boolean;
  /** Why the last run failed. */
  readonly error: string | undefined;
  readonly endedAt: number | undefined;
}

export function viewOf(type: string, id: string, record: JobRecord): JobView {
  const { state, data, info, runAt, priority, repeat, attempt, epoch, seq, workerId, next, cancelRequested } = record;
  return {
    type,
    id,
    state,
    data,
    info,
    runAt,
    priority,
    repeat: repeat ?? undefined,
    attempt,
    epoch,
    seq,
    workerId: workerId ?? undefined,
    resubmitted: next !== null,
    cancelRequested,
    error: record.error ?? undefined,
    endedAt: record.endedAt ?? undefined,
  };
}

/** Whether a job in this state runs no more, unless somebody wants it to. */
export function hasEnded(state: JobState): boolean {
  return state !== 'pending' && state !== 'running';
}
