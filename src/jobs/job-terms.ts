import { InputError } from '../core/errors.ts';
import { excerptOf, type JsonObject } from '../core/json-value.ts';
import { type JobTerms, jsonObject } from './job-record.ts';

/** When and how a job is to run. Times in milliseconds. */
export interface AddOptions {
  /** Not before this time, since 1970. Default 0, at once. */
  readonly runAt?: number | undefined;
  /**
   * From 0 to 9, default 5: among jobs that are due, the smaller goes first. One that has waited a minute longer counts as one
   * smaller, so that none waits for ever.
   */
  readonly priority?: number | undefined;
  /** Runs again so long after each run, until it is cancelled. */
  readonly repeat?: number | undefined;
}

/** Bytes of UTF-8: with the rest of a key these fit into every store. */
const LONGEST_NAME = { job: 700, 'job type': 200 };

/** @throws InputError for what no job can be made of */
export function jobTerms(data: JsonObject, { runAt = 0, priority = 5, repeat }: AddOptions): JobTerms {
  checkTime(runAt);
  checkPriority(priority);
  if (repeat !== undefined && !(Number.isSafeInteger(repeat) && repeat >= 1)) {
    throw new InputError(`Option repeat must be a whole number of milliseconds of at least 1, not ${String(repeat)}`);
  }
  return { data: jsonObject(data, 'The data of a job'), runAt, priority, repeat: repeat ?? null };
}

/** @throws InputError for what is no time in milliseconds since 1970 */
export function checkTime(time: number): void {
  if (Number.isSafeInteger(time) && time >= 0) return;
  throw new InputError(
    `A job runs at a time in whole milliseconds since 1970, or at 0 for at once, not at ${String(time)}`,
  );
}

/** @throws InputError for what is no priority */
export function checkPriority(priority: number): void {
  if (Number.isInteger(priority) && priority >= 0 && priority <= 9) return;
  throw new InputError(`A priority is a whole number from 0 to 9, not ${String(priority)}`);
}

/**
 * @param what it names
 * @throws InputError for what cannot name a job or a type
 */
export function checkName(name: string, what: 'job' | 'job type'): void {
  const bytes = typeof name === 'string' ? new TextEncoder().encode(name).length : 0;
  if (bytes >= 1 && bytes <= LONGEST_NAME[what]) return;
  const told = bytes === 0 ? excerptOf(name) : `${bytes} bytes`;
  throw new InputError(`A ${what} is named by a text of 1 to ${LONGEST_NAME[what]} bytes of UTF-8, not by ${told}`);
}
