import type { Backoff } from '../core/backoff.ts';
import { InputError, StoreError } from '../core/errors.ts';
import { isJsonObject } from '../core/json-value.ts';
import { decodeJson, encodeJson } from '../kv/json.ts';
import type { Entry } from '../kv/kv.ts';

/** How jobs of a type are treated. Times in milliseconds. */
export interface JobTypeOptions {
  /**
   * Who works on a job is given up when nobody has heard of it for so long. Workers call three times as often. Default
   * 30,000, at least 100.
   */
  readonly timeout?: number;
  /** How often a job is accepted before it is called dead; `Infinity` for ever. Default 10. */
  readonly maxAttempts?: number;
  /** How long the record of a finished or cancelled job is kept. Dead ones stay. Default 7 days; `Infinity` for ever. */
  readonly retention?: number;
  /** Waiting times after failed attempts, with full jitter. Default from 1 second up to 10 minutes. */
  readonly backoff?: Backoff;
}

/** A type of jobs as a store keeps it. */
export interface JobType extends Required<JobTypeOptions> {
  /** Whether no job of it is accepted at present. */
  readonly isPaused: boolean;
}

const DEFAULTS: JobType = {
  timeout: 30_000,
  maxAttempts: 10,
  retention: 7 * 24 * 3_600_000,
  backoff: { base: 1000, cap: 600_000 },
  isPaused: false,
};

/** @throws InputError for what is no number of its kind */
export function jobType(options: JobTypeOptions, isPaused: boolean): JobType {
  const type = { ...DEFAULTS, ...withoutUndefined(options), isPaused };
  const { timeout, maxAttempts, retention, backoff } = type;
  if (!(timeout >= 100 && timeout <= 86_400_000)) {
    throw new InputError(
      `Option timeout must be a number of milliseconds from 100 to 86400000, not ${String(timeout)}`,
    );
  }
  if (!(maxAttempts >= 1 && (Number.isInteger(maxAttempts) || maxAttempts === Number.POSITIVE_INFINITY))) {
    throw new InputError(
      `Option maxAttempts must be a whole number of at least 1 or Infinity, not ${String(maxAttempts)}`,
    );
  }
  if (!(retention >= 0)) {
    throw new InputError(`Option retention must be a number of milliseconds or Infinity, not ${String(retention)}`);
  }
  if (!(backoff.base >= 0 && backoff.cap >= backoff.base)) {
    throw new InputError(
      `Option backoff must have a base of at least 0 and a cap above it, not ${JSON.stringify(backoff)}`,
    );
  }
  return type;
}

export function encodeType({ maxAttempts, retention, ...type }: JobType): Uint8Array {
  return encodeJson({ ...type, maxAttempts: asJson(maxAttempts), retention: asJson(retention) });
}

/** @throws StoreError (`corrupt`) for what is no type of jobs */
export function decodeType({ key, value }: Entry): JobType {
  const type = decodeJson(value);
  if (!isJsonObject(type) || typeof type['timeout'] !== 'number') {
    throw new StoreError(
      `What is known of the job type ${JSON.stringify(key.at(-1))} is damaged: define it again`,
      'corrupt',
    );
  }
  const { maxAttempts, retention, ...others } = type;
  return { ...others, maxAttempts: asNumber(maxAttempts), retention: asNumber(retention) } as JobType;
}

/** JSON knows no infinity. */
function asJson(value: number): number | null {
  return value === Number.POSITIVE_INFINITY ? null : value;
}

function asNumber(value: unknown): number {
  return typeof value === 'number' ? value : Number.POSITIVE_INFINITY;
}

function withoutUndefined(options: JobTypeOptions): Partial<JobType> {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
}
