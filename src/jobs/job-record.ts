import { InputError, StoreError } from '../core/errors.ts';
import { isJsonObject, type JsonObject } from '../core/json-value.ts';
import { decodeJson, encodeJson } from '../kv/json.ts';
import type { Entry } from '../kv/kv.ts';

/**
 * Where a job is in its life. It waits (`pending`), is being worked on (`running`), or has ended: as it should (`finished`), because
 * somebody wanted it (`cancelled`), or because it failed too often (`dead`).
 */
export type JobState = 'pending' | 'running' | 'finished' | 'cancelled' | 'dead';

/** What a job is to do, and when. */
export interface JobTerms {
  readonly data: JsonObject;
  /** Not before this time, in milliseconds since 1970; 0 for at once. */
  readonly runAt: number;
  /** From 0 to 9; among jobs that are due, the smaller goes first. */
  readonly priority: number;
  /** After each run, the next one is so many milliseconds later; null for a job that ends. */
  readonly repeat: number | null;
}

/** The run of a job that ended last, by the hand of who held it. */
export interface PastRun {
  readonly lock: string;
  /** What the job was after it. */
  readonly state: JobState;
}

/** A job as it rests in a store. Every index record of the store follows from it. */
export interface JobRecord extends JobTerms {
  readonly state: JobState;
  /** Progress and result, written by whoever works on it. */
  readonly info: JsonObject;
  /** How often it has been accepted since it last ended well. */
  readonly attempt: number;
  /** How often it has been accepted at all: a number that grows, to fence what stands outside of the store. */
  readonly epoch: number;
  /** Grows with every commit that changes this record. */
  readonly seq: number;
  /** What it is to do after the run that is under way. */
  readonly next: JobTerms | null;
  /** Whether the run that is under way is asked to stop. */
  readonly cancelRequested: boolean;
  /** Why the last run failed. */
  readonly error: string | null;
  /** The token of who works on it; null unless it is running. */
  readonly lock: string | null;
  readonly workerId: string | null;
  /** Since when it is due, while it waits among those that are; it orders them. */
  readonly readyAt: number | null;
  /** When it ended, by the clock of who ended it. */
  readonly endedAt: number | null;
  readonly lastRun: PastRun | null;
  /** The token of the last call that added it, so that a repeated one is recognised. */
  readonly lastAdd: string | null;
}

/** Form of the stored records; an older couchtide leaves newer ones alone. */
const FORM = 1;

export function encodeRecord(record: JobRecord): Uint8Array {
  return encodeJson({ form: FORM, ...record });
}

/**
 * @throws StoreError (`corrupt`, `newer`) for what is no record of a job
 */
export function decodeRecord({ key, value }: Entry): JobRecord {
  const record = decodeJson(value);
  const isRecord = isJsonObject(record) && typeof record['state'] === 'string' && typeof record['seq'] === 'number';
  if (!isRecord) throw new StoreError(`The record of the job ${JSON.stringify(key.at(-1))} is damaged`, 'corrupt');
  const { form, ...rest } = record;
  if (form !== FORM) {
    throw new StoreError(
      `The job ${JSON.stringify(key.at(-1))} was written by a newer couchtide: update this one`,
      'newer',
    );
  }
  return rest as unknown as JobRecord;
}

/**
 * The caller's object as it will come back out of a store, so that nobody shares it.
 *
 * @param what names it in the error
 * @throws InputError for what is no JSON object
 */
export function jsonObject(value: unknown, what: string): JsonObject {
  let copy: unknown;
  try {
    copy = JSON.parse(JSON.stringify(value));
  } catch (error) {
    throw new InputError(`${what} cannot be stored as JSON: ${error instanceof Error ? error.message : error}`, {
      cause: error,
    });
  }
  if (!isJsonObject(copy)) throw new InputError(`${what} must be a JSON object`);
  return copy;
}
