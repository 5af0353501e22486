import type { JsonObject } from '../core/json-value.ts';
import type { JobRecord, JobState, JobTerms } from './job-record.ts';

/*
 * What may become of a job, as pure functions from record to record. One that changes nothing gives the record itself.
 *
 *   absent     add      -> pending          running    finish   -> finished, or pending when it is to run again
 *   pending    accept   -> running          running    fail     -> pending later, or dead after too many attempts
 *   pending    cancel   -> cancelled        running    lose     -> pending, or dead after too many attempts
 *   any ended  add      -> pending          running    release  -> pending, as if it had not been accepted
 *                                           running, asked to stop    any of these -> cancelled, or pending
 *                                           when it was added again since
 */

/** Who accepts a job. */
export interface Acceptance {
  readonly lock: string;
  readonly workerId: string;
}

/** How a run of a job ended. */
export type RunEnd =
  | { readonly how: 'finish'; readonly info?: JsonObject | undefined }
  /** It threw; `again` is when to try once more. */
  | { readonly how: 'fail'; readonly error: string; readonly again: number; readonly isLast: boolean }
  /** Nobody has heard of its worker for the timeout of its type. */
  | { readonly how: 'lose'; readonly isLast: boolean }
  | { readonly how: 'release' };

/** What the error of a job says when nobody is left to say it. */
export const LOST = 'Its worker has not been heard of for longer than the timeout';

/** Adds a job, or asks for another run of one that is there. */
export function add(record: JobRecord | undefined, terms: JobTerms, token: string, now: number): JobRecord {
  if (record === undefined) return pending({ ...NEW, ...terms, lastAdd: token }, terms, now);
  if (record.lastAdd === token) return record;
  if (record.state === 'running') {
    if (record.next !== null && isSame(record.next, terms)) return record;
    return step(record, { next: terms, lastAdd: token });
  }
  if (record.state === 'pending') {
    if (isSame(record, terms)) return record;
    return pending(step(record, { lastAdd: token }), terms, now);
  }
  return pending(step(record, { lastAdd: token, attempt: 0, error: null }), terms, now);
}

/** Gives a job to a worker. */
export function accept(record: JobRecord, { lock, workerId }: Acceptance): JobRecord {
  const { attempt, epoch } = record;
  return step(record, {
    state: 'running',
    lock,
    workerId,
    attempt: attempt + 1,
    epoch: epoch + 1,
    readyAt: null,
  });
}

/** Moves a pending job among those that are due. */
export function promote(record: JobRecord): JobRecord {
  // Nothing that anybody sees changes.
  return { ...record, readyAt: record.runAt };
}

/** Writes progress. */
export function report(record: JobRecord, info: JsonObject): JobRecord {
  return step(record, { info });
}

/** Asks for another run after the one that is under way, on other terms or on the same. */
export function resubmit(record: JobRecord, runAt: number, data: JsonObject | undefined): JobRecord {
  const { priority, repeat, cancelRequested } = record;
  // Whoever cancelled it wants no more of it than who works on it.
  if (cancelRequested) return record;
  const terms = { data: data ?? record.next?.data ?? record.data, runAt, priority, repeat };
  return record.next !== null && isSame(record.next, terms) ? record : step(record, { next: terms });
}

/** Asks a job to end without having been done. */
export function cancel(record: JobRecord, now: number): JobRecord {
  if (record.state === 'pending') return ended(record, 'cancelled', now);
  if (record.state !== 'running' || (record.cancelRequested && record.next === null)) return record;
  return step(record, { cancelRequested: true, next: null });
}

/** Has a job that has ended run once more. */
export function retry(record: JobRecord, now: number): JobRecord {
  if (record.state === 'pending' || record.state === 'running') return record;
  return pending(step(record, { attempt: 0, error: null }), { ...record, runAt: 0 }, now);
}

/** Ends the run that is under way. */
export function endRun(running: JobRecord, end: RunEnd, now: number): JobRecord {
  const idle = step(running, { lock: null, workerId: null, cancelRequested: false, next: null });
  const after = running.cancelRequested
    ? afterCancelledRun(running, withInfo(idle, end), now)
    : afterRun(running, idle, end, now);
  // Whoever held it finds its own end here when the answer was lost, and nothing when it was given up.
  const isOwnEnd = running.lock !== null && end.how !== 'lose';
  const lastRun = isOwnEnd ? { lock: running.lock, state: after.state } : null;
  // Counted as one step, however many it took.
  return { ...after, seq: idle.seq, lastRun };
}

function afterCancelledRun({ next }: JobRecord, idle: JobRecord, now: number): JobRecord {
  // Added again after it was cancelled, it begins anew.
  if (next !== null) return pending({ ...idle, attempt: 0, error: null }, next, now);
  return ended(idle, 'cancelled', now);
}

function afterRun({ next, attempt, repeat }: JobRecord, idle: JobRecord, end: RunEnd, now: number): JobRecord {
  switch (end.how) {
    case 'finish': {
      const well = { ...withInfo(idle, end), attempt: 0, error: null };
      if (next !== null) return pending(well, next, now);
      if (repeat !== null) return pending(well, { ...idle, runAt: now + repeat }, now);
      return { ...ended(well, 'finished', now), attempt };
    }
    case 'release':
      return pending({ ...idle, attempt: attempt - 1 }, next ?? idle, now);
    case 'fail':
    case 'lose': {
      const ill = { ...idle, error: end.how === 'lose' ? LOST : end.error };
      if (next !== null) return pending(ill, next, now);
      if (!end.isLast) return pending(ill, { ...idle, runAt: end.how === 'lose' ? idle.runAt : end.again }, now);
      if (repeat !== null) return pending({ ...ill, attempt: 0 }, { ...idle, runAt: now + repeat }, now);
      return ended(ill, 'dead', now);
    }
  }
}

function withInfo(record: JobRecord, end: RunEnd): JobRecord {
  return end.how === 'finish' && end.info !== undefined ? { ...record, info: end.info } : record;
}

function pending(record: JobRecord, { data, runAt, priority, repeat }: JobTerms, now: number): JobRecord {
  const readyAt = runAt === 0 ? now : null;
  return { ...record, state: 'pending', data, runAt, priority, repeat, readyAt, endedAt: null };
}

function ended(record: JobRecord, state: JobState, now: number): JobRecord {
  return step(record, { state, readyAt: null, endedAt: now });
}

function step(record: JobRecord, changes: Partial<JobRecord>): JobRecord {
  return { ...record, ...changes, seq: record.seq + 1 };
}

function isSame(a: JobTerms, b: JobTerms): boolean {
  return textOf(a) === textOf(b);
}

function textOf({ data, runAt, priority, repeat }: JobTerms): string {
  return JSON.stringify([data, runAt, priority, repeat]);
}

const NEW: Omit<JobRecord, keyof JobTerms | 'lastAdd'> = {
  state: 'pending',
  info: {},
  attempt: 0,
  epoch: 0,
  seq: 1,
  next: null,
  cancelRequested: false,
  error: null,
  lock: null,
  workerId: null,
  readyAt: null,
  endedAt: null,
  lastRun: null,
};
