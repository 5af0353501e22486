import { isJsonObject, type JsonObject } from '../../core/json-value.ts';
import { decodeJson, encodeJson } from '../../kv/json.ts';
import type { Entry, Key, Kv } from '../../kv/kv.ts';
import { list } from '../../kv/list.ts';
import { type Counter, decodeCounter } from '../counter.ts';
import type { Layout } from '../layout.ts';
import type { Mutation } from '../storage.ts';
import { fitsOneCommit } from './commit-size.ts';
import type { Workshop } from './workshop.ts';

/** A piece of work on the records of a replica, as far as it has come: whoever reads it can go on with it. */
export interface Job {
  readonly name: string;
  readonly key: Key;
  readonly version: string | undefined;
  readonly value: JsonObject;
}

/** What one step of a job writes. */
export interface JobStep {
  readonly set?: readonly Mutation[];
  readonly delete?: readonly Key[];
  /** The job as it is then; undefined when it is over. */
  readonly job: JsonObject | undefined;
}

/** The jobs that are under way, by their names. */
export async function readJobs(kv: Kv, layout: Layout): Promise<Map<string, Job>> {
  const jobs = new Map<string, Job>();
  for await (const entry of list(kv, { prefix: layout.upkeep })) {
    const job = jobOf(entry);
    jobs.set(job.name, job);
  }
  return jobs;
}

function jobOf({ key, version, value }: Entry): Job {
  const decoded = decodeJson(value);
  return { name: String(key.at(-1)), key, version, value: isJsonObject(decoded) ? decoded : {} };
}

/**
 * Writes a step of a job, unless somebody else has worked on it since it was read.
 *
 * @returns whether it was written
 */
export async function commitStep(kv: Kv, job: Job, step: JobStep): Promise<boolean> {
  return kv.update(
    [job.key],
    ([seen]) => {
      if (seen?.version !== job.version) return { result: false };
      return { ...recordsOf(job, step), result: true };
    },
    { durability: 'relaxed' },
  );
}

/**
 * The same together with a change of the counter, which every other writer sees.
 *
 * @param decide what to write, told the counter; undefined for nothing. May be called several times
 * @returns whether it was written
 */
export async function commitCounted(
  { kv, layout, platform, runs }: Pick<Workshop, 'kv' | 'layout' | 'platform' | 'runs'>,
  job: Job,
  decide: (counter: Counter) => (JobStep & { readonly counter: Partial<Counter> }) | undefined,
): Promise<boolean> {
  const token = platform.uuid();
  const isWritten = await kv.update(
    [layout.counter, job.key],
    ([counted, seen]) => {
      const before = decodeCounter(counted, layout.name);
      // Written already, and the answer was lost.
      if (before.token === token) return { result: true };
      const step = seen?.version === job.version ? decide(before) : undefined;
      if (step === undefined) return { result: false };
      const { set = [], delete: deleted = [] } = recordsOf(job, step);
      const counter = encodeJson({ ...before, ...step.counter, token });
      return { set: [...set, [layout.counter, counter]], delete: deleted, result: true };
    },
    { durability: 'relaxed' },
  );
  runs.forget();
  return isWritten;
}

/**
 * Writes the records of a step ahead of it where they are too much for one commit: nothing names them until the step does.
 * Each time only if nobody else has worked on the job, who would put other records under the same keys.
 *
 * @returns what is left to be written with the step; undefined when somebody else has worked on the job
 */
export async function writeAhead(
  kv: Kv,
  job: Job,
  records: readonly Mutation[],
): Promise<readonly Mutation[] | undefined> {
  if (fitsOneCommit(records, kv.limits)) return records;
  for (const record of records) {
    const isWritten = await kv.update([job.key], ([seen]) =>
      seen?.version === job.version ? { set: [record], result: true } : { result: false },
    );
    if (!isWritten) return undefined;
  }
  return [];
}

function recordsOf({ key }: Job, { set = [], delete: deleted = [], job }: JobStep): Pick<JobStep, 'set' | 'delete'> {
  if (job === undefined) return { set, delete: [...deleted, key] };
  return { set: [...set, [key, encodeJson(job)]], delete: deleted };
}
