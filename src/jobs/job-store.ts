import { backoffDelay } from '../core/backoff.ts';
import { InputError, isStoreError } from '../core/errors.ts';
import type { Platform } from '../core/platform.ts';
import type { Entry, Key, Kv, UpdateOptions } from '../kv/kv.ts';
import { type Pair, type Writes, writesOf } from './index-records.ts';
import { decodeRecord, type JobRecord } from './job-record.ts';
import { decodeType, type JobType } from './job-type.ts';
import { keyOf } from './layout.ts';

/** What jobs need of the platform. */
export type JobPlatform = Pick<Platform, 'now' | 'elapsed' | 'sleep' | 'random' | 'uuid'>;

/** What becomes of a job, decided from its record, and what the same commit writes beside. */
export interface JobChange {
  readonly record: JobRecord | undefined;
  readonly set?: readonly Pair[] | undefined;
  readonly delete?: readonly Key[] | undefined;
  /** Whether this very commit has happened already, and its answer was lost: then nothing is written. */
  readonly isDone?: boolean;
}

/** A commit whose answer was lost is tried again so often. What is decided here may be decided again. */
const TRIES = 4;
const PAUSE = { base: 20, cap: 500 };

/** The jobs of a store, one commit at a time. */
export class JobStore {
  readonly kv: Kv;
  readonly platform: JobPlatform;

  constructor(kv: Kv, platform: JobPlatform) {
    this.kv = kv;
    this.platform = platform;
  }

  /** @throws InputError when the type has not been defined */
  async type(name: string): Promise<JobType> {
    const type = await this.findType(name);
    if (type === undefined) {
      throw new InputError(`There is no job type ${JSON.stringify(name)}: call defineType before jobs of it are added`);
    }
    return type;
  }

  async findType(name: string): Promise<JobType | undefined> {
    const [entry] = await this.kv.read([keyOf.type(name)]);
    return entry === undefined ? undefined : decodeType(entry);
  }

  async find(type: string, id: string): Promise<JobRecord | undefined> {
    const [entry] = await this.kv.read([keyOf.job(type, id)]);
    return entry === undefined ? undefined : decodeRecord(entry);
  }

  /**
   * Changes a job by one commit, in which everything that follows from it is done too.
   *
   * @param decide as `Kv.update` calls it, with the entries of the guards; what it throws is passed on, and nothing is written
   * @returns the record as it is then
   */
  async change(
    type: string,
    id: string,
    decide: (record: JobRecord | undefined, seen: readonly (Entry | undefined)[]) => JobChange,
    { guards = [], ...options }: UpdateOptions & { readonly guards?: readonly Key[] } = {},
  ): Promise<JobRecord | undefined> {
    const signal = this.mark();
    const commit = (): Promise<JobRecord | undefined> =>
      this.kv.update(
        [keyOf.job(type, id), ...guards],
        ([entry, ...seen]) => {
          const before = entry === undefined ? undefined : decodeRecord(entry);
          const { writes, record } = change(type, id, before, decide(before, seen), signal);
          return { ...writes, result: record };
        },
        options,
      );
    return this.#insistently(commit, options.signal);
  }

  /** Changes several jobs of a type by one commit. */
  async changeAll(
    type: string,
    ids: readonly string[],
    decide: (record: JobRecord | undefined, id: string) => JobChange,
    options: UpdateOptions = {},
  ): Promise<(JobRecord | undefined)[]> {
    const signal = this.mark();
    const commit = (): Promise<(JobRecord | undefined)[]> =>
      this.kv.update(
        ids.map((id) => keyOf.job(type, id)),
        (seen) => {
          const changes = ids.map((id, index) => {
            const entry = seen[index];
            const before = entry === undefined ? undefined : decodeRecord(entry);
            return change(type, id, before, decide(before, id), signal);
          });
          return {
            set: changes.flatMap(({ writes }) => writes.set),
            delete: changes.flatMap(({ writes }) => writes.delete),
            result: changes.map(({ record }) => record),
          };
        },
        options,
      );
    return this.#insistently(commit, options.signal);
  }

  /** A value that no signal has had yet. */
  mark(): Uint8Array {
    return new TextEncoder().encode(this.platform.uuid());
  }

  /** How many jobs one commit may change. */
  get changesPerCommit(): number {
    const { guardsPerUpdate, mutationsPerUpdate } = this.kv.limits;
    // A record, what it was found by, what it is found by, and signals.
    return Math.max(1, Math.min(guardsPerUpdate, Math.floor((mutationsPerUpdate - 2) / 6), MOST_CHANGES));
  }

  async #insistently<R>(commit: () => Promise<R>, signal: AbortSignal | undefined): Promise<R> {
    for (let failures = 1; ; failures += 1) {
      try {
        return await commit();
      } catch (error) {
        const mayBetter = isStoreError(error) && (error.retryable || error.failure === 'failed');
        if (!mayBetter || failures >= TRIES) throw error;
        await this.platform.sleep(backoffDelay(failures, PAUSE, this.platform.random()), signal);
      }
    }
  }
}

/** More of them in one commit hold others up, and are no faster. */
const MOST_CHANGES = 100;

/** What a commit writes for a change of one job. */
function change(
  type: string,
  id: string,
  before: JobRecord | undefined,
  { record, set = [], delete: deleted = [], isDone = false }: JobChange,
  signal: Uint8Array,
): { readonly writes: Writes; readonly record: JobRecord | undefined } {
  if (isDone) return { writes: { set: [], delete: [] }, record: before };
  const writes = writesOf(type, id, before, record, signal);
  return { writes: { set: [...writes.set, ...set], delete: [...writes.delete, ...deleted] }, record };
}
