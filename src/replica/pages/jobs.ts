import { StoreError } from '../../core/errors.ts';
import { isJsonObject, type JsonObject } from '../../core/json-value.ts';
import { decodeJson, encodeJson } from '../../kv/json.ts';
import type { Entry, Key, Kv } from '../../kv/kv.ts';
import { list } from '../../kv/list.ts';
import { fitsOneCommit, inCommits } from '../commit-size.ts';
import { isCount } from '../count.ts';
import { type Counter, decodeCounter } from '../counter.ts';
import type { Layout } from '../layout.ts';
import type { Mutation } from '../storage.ts';
import { MissingBlock } from './blocks.ts';
import { everythingUnder, sweepOf } from './garbage.ts';
import type { RunChange } from './run-list.ts';
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
  /** What nothing names before the step is in: where it is too much for one commit, it is written ahead. */
  readonly records?: readonly Mutation[];
  readonly set?: readonly Mutation[];
  readonly delete?: readonly Key[];
  /** The job as it is then; undefined when it is over. */
  readonly job: JsonObject | undefined;
  /** The counter on which the step rests: written only as long as it is still that one. */
  readonly seen?: Counter;
  /** The next number that is free after the step, where it takes some of those that were free in `seen`. */
  readonly next?: number;
  /** What else it changes in the counter. May be asked several times. */
  readonly count?: (counter: Counter) => Partial<Counter>;
  /** Which runs it replaces. */
  readonly runs?: RunChange;
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

/** @throws StoreError (`corrupt`) when the bytes are no job */
export function jobOf({ key, version, value }: Entry): Job {
  const decoded = decodeJson(value);
  if (!isJsonObject(decoded)) throw damagedJob();
  return { name: String(key.at(-1)), key, version, value: decoded };
}

/** A job that has not begun. */
export function newJob(layout: Layout, name: string): Job {
  return { name, key: layout.job(name), version: undefined, value: {} };
}

/**
 * Writes a step of a job, unless somebody else has worked on it since it was read. Where it says anything of the counter, it
 * is one of the commits that every writer sees.
 *
 * @returns whether it was written
 */
export async function commitStep(workshop: Workshop, job: Job, { records = [], ...step }: JobStep): Promise<boolean> {
  const { kv, layout } = workshop;
  if (fitsOneCommit(records, kv.limits)) {
    return commit(workshop, job, { ...step, set: [...records, ...leftByOthers(layout, job), ...(step.set ?? [])] });
  }
  const claimed = await claim(workshop, job, step);
  if (claimed === undefined || !(await writeAhead(kv, claimed, records))) return false;
  const { seen: _, next: __, ...last } = step;
  return commit(workshop, claimed, last);
}

/**
 * Makes a job one's own before something is written ahead of its next step: others who have come as far would put other
 * records under the same keys. They need not wait, but claim it in their turn.
 *
 * @returns the job as it is then; undefined when somebody else has worked on it
 */
async function claim(workshop: Workshop, job: Job, { seen, next }: JobStep): Promise<Job | undefined> {
  const { kv, layout, platform } = workshop;
  const by = platform.uuid();
  const numbers = seen === undefined || next === undefined ? {} : { from: seen.next, to: next };
  const step = { set: leftByOthers(layout, job), job: { ...job.value, claim: { by, ...numbers } } };
  const isMine = await commit(workshop, job, seen === undefined || next === undefined ? step : { ...step, seen, next });
  const [entry] = isMine ? await kv.read([job.key]) : [];
  const claimed = entry === undefined ? undefined : jobOf(entry);
  return claimed !== undefined && claimOf(claimed)?.['by'] === by ? claimed : undefined;
}

function claimOf({ value }: Job): JsonObject | undefined {
  const { claim } = value;
  return isJsonObject(claim) ? claim : undefined;
}

/** Under the numbers of a claim that came to nothing is garbage. */
function leftByOthers(layout: Layout, job: Job): Mutation[] {
  const { from, to } = claimOf(job) ?? {};
  return isCount(from) && isCount(to) ? [sweepOf(layout, from, everythingUnder(from, to))] : [];
}

/** False when somebody else has worked on the job since it was claimed. */
async function writeAhead(kv: Kv, { key, version }: Job, records: readonly Mutation[]): Promise<boolean> {
  for (const set of inCommits(records, kv.limits)) {
    const isWritten = await kv.update(
      [key],
      ([seen]) => (seen?.version === version ? { set, result: true } : { result: false }),
      { durability: 'relaxed' },
    );
    if (!isWritten) return false;
  }
  return true;
}

async function commit(workshop: Workshop, job: Job, step: JobStep): Promise<boolean> {
  if (step.seen === undefined && step.count === undefined) return commitAlone(workshop, job, step);
  const { kv, layout, platform, runs } = workshop;
  const token = platform.uuid();
  let before: string | undefined;
  const isWritten = await kv.update(
    [layout.counter, job.key],
    ([counted, seen]) => {
      const counter = decodeCounter(counted, layout.name);
      // Written already, and the answer was lost.
      if (counter.token === token) return { result: true };
      before = counter.token;
      if (seen?.version !== job.version || before !== (step.seen?.token ?? before)) return { result: false };
      const { set, delete: deleted } = recordsOf(job, step);
      const changed = { ...counter, next: step.next ?? counter.next, ...step.count?.(counter), token };
      return { set: [...set, [layout.counter, encodeJson(changed)]], delete: deleted, result: true };
    },
    { durability: 'relaxed' },
  );
  if (isWritten && before !== undefined) runs.change(step.runs ?? {}, { before, after: token });
  return isWritten;
}

async function commitAlone({ kv }: Workshop, job: Job, step: JobStep): Promise<boolean> {
  return kv.update(
    [job.key],
    ([seen]) => (seen?.version === job.version ? { ...recordsOf(job, step), result: true } : { result: false }),
    { durability: 'relaxed' },
  );
}

function recordsOf(
  { key }: Job,
  { set = [], delete: deleted = [], job }: JobStep,
): { readonly set: readonly Mutation[]; readonly delete: readonly Key[] } {
  if (job === undefined) return { set, delete: [...deleted, key] };
  return { set: [...set, [key, encodeJson(job)]], delete: deleted };
}

/**
 * What a job reads of what it has written itself; undefined where that is gone as somebody else has worked on the job.
 *
 * @throws StoreError `corrupt` when it is gone without that, `missing` when the replica has been destroyed
 */
export async function unlessStepped<R>(
  { kv, layout }: Workshop,
  { key, version }: Job,
  read: () => Promise<R>,
): Promise<R | undefined> {
  try {
    return await read();
  } catch (error) {
    if (!(error instanceof MissingBlock)) throw error;
    const [counter, now] = await kv.read([layout.counter, key]);
    decodeCounter(counter, layout.name);
    if (now?.version === version) throw damagedJob({ cause: error });
    return undefined;
  }
}

/** What is thrown where the record of a job cannot be used. */
export function damagedJob(options?: ErrorOptions): StoreError {
  return new StoreError(
    'The replica is damaged: the record of its upkeep cannot be read; pull it into a new replica',
    'corrupt',
    options,
  );
}
