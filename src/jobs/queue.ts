import { childController } from '../core/abort.ts';
import { InputError } from '../core/errors.ts';
import type { Feed } from '../core/feed.ts';
import type { JsonObject } from '../core/json-value.ts';
import { type Platform, platform } from '../core/platform.ts';
import type { Decision, Entry, Key, Kv } from '../kv/kv.ts';
import { listPages } from '../kv/list.ts';
import { type AcceptOptions, Acceptor } from './acceptor.ts';
import { countJobs, type JobCounts } from './counts.ts';
import { followJob, followJobs, followWorkers, type JobsEvent, waitFor } from './follow.ts';
import type { Job } from './job.ts';
import { decodeRecord, type JobRecord, type JobState } from './job-record.ts';
import { JobStore } from './job-store.ts';
import { type AddOptions, checkName, jobTerms } from './job-terms.ts';
import type { JobType, JobTypeOptions } from './job-type.ts';
import { type JobView, viewOf } from './job-view.ts';
import { keyOf, nameIn, rangeOf } from './layout.ts';
import { rebuild } from './rebuild.ts';
import { add, cancel, retry } from './transitions.ts';
import { defineType, readTypes, setPaused } from './type-table.ts';
import type { WorkerRecord } from './worker-record.ts';

/** The application's own part of a commit: it happens exactly if the job is added. */
export interface Within {
  readonly guards: readonly Key[];
  /** Called as `Kv.update` calls it: synchronous, without effects, maybe several times. */
  readonly decide: (seen: readonly (Entry | undefined)[]) => Decision<unknown>;
}

/** A job to be added among others. */
export interface NewJob extends AddOptions {
  readonly id: string;
  readonly data: JsonObject;
}

/** Which jobs are listed. */
export interface JobListOptions {
  readonly state?: JobState;
  /** Only those after this id, in the order of ids. */
  readonly after?: string;
  /** Default 100. */
  readonly limit?: number;
}

/** What a queue may be given in the place of its platform. */
export interface QueueOptions {
  readonly platform?: Partial<Platform>;
}

/**
 * Jobs in a store, shared by everybody who has the store open: each named by a type and an id, worked on by one worker at a time,
 * and given to another when that one is gone. Rests on the store alone: there is no broker, and no clocks are compared.
 *
 * @example
 * ```ts
 * const queue = createQueue(memoryKv());
 * await queue.defineType('greet', { timeout: 30_000 });
 * await queue.add('greet', 'first', { name: 'Ada' });
 * const working = work(queue, 'greet', async ({ data }) => ({ said: `Hello ${data['name']}` })).subscribe();
 * (await queue.wait('greet', 'first'))?.info; // { said: 'Hello Ada' }
 * working.unsubscribe();
 * ```
 */
export class Queue {
  readonly #store: JobStore;
  readonly #self: string;

  constructor(kv: Kv, options: QueueOptions = {}) {
    this.#store = new JobStore(kv, platform(options.platform));
    this.#self = this.#store.platform.uuid();
    stores.set(this, this.#store);
  }

  /**
   * Says how jobs of a type are treated, before the first is added. Meant to be called at every start; the last call counts.
   *
   * @throws InputError for options that are none
   */
  async defineType(type: string, options: JobTypeOptions = {}): Promise<void> {
    checkName(type, 'job type');
    await defineType(this.#store, type, options);
  }

  /** The types that have been defined, by name. */
  types(): Promise<ReadonlyMap<string, JobType>> {
    return readTypes(this.#store);
  }

  /**
   * Adds a job, or asks for another run of the one that has this id: a pending one takes the new terms, a running one takes them for
   * the run after this one, one that has ended becomes pending again. Adding the same twice changes nothing.
   *
   * @param data what is to be done, a JSON object; together with `info` it must fit into one value of the store
   * @throws InputError for what is no job, and for a type that is not defined
   * @throws LimitError when the job is larger than the store takes
   */
  async add(
    type: string,
    id: string,
    data: JsonObject,
    { within, ...options }: AddOptions & { readonly within?: Within } = {},
  ): Promise<JobView> {
    checkName(type, 'job type');
    checkName(id, 'job');
    const terms = jobTerms(data, options);
    await this.#store.type(type);
    const { platform } = this.#store;
    const [token, now] = [platform.uuid(), platform.now()];
    const record = await this.#store.change(
      type,
      id,
      (before, seen) => {
        // The answer of the first try was lost.
        if (before?.lastAdd === token) return { record: before, isDone: true };
        const after = add(before, terms, token, now);
        if (within === undefined) return { record: after };
        return { ...within.decide(seen), record: { ...after, lastAdd: token } };
      },
      { guards: within?.guards ?? [] },
    );
    return viewOf(type, id, record as JobRecord);
  }

  /** Adds many jobs, as `add` does each, several by one commit. Those of a call that fails midway are partly added. */
  async addAll(type: string, jobs: readonly NewJob[]): Promise<void> {
    checkName(type, 'job type');
    const added = new Map(
      jobs.map(({ id, data, ...options }) => {
        checkName(id, 'job');
        return [id, jobTerms(data, options)];
      }),
    );
    await this.#store.type(type);
    const ids = [...added.keys()];
    const { platform, changesPerCommit } = this.#store;
    for (let start = 0; start < ids.length; start += changesPerCommit) {
      const [token, now] = [platform.uuid(), platform.now()];
      await this.#store.changeAll(type, ids.slice(start, start + changesPerCommit), (record, id) => {
        const terms = added.get(id);
        return { record: terms === undefined ? record : add(record, terms, token, now) };
      });
    }
  }

  /** A job as it is now. */
  async get(type: string, id: string): Promise<JobView | undefined> {
    const record = await this.#store.find(type, id);
    return record === undefined ? undefined : viewOf(type, id, record);
  }

  /** Jobs of a type in the order of their ids. Where a state is given, the records of the others are read and passed over. */
  async list(type: string, { state, after, limit = 100 }: JobListOptions = {}): Promise<JobView[]> {
    const range = rangeOf.jobs(type);
    const from = after === undefined ? {} : { from: keyOf.job(type, `${after}\0`) };
    const jobs: JobView[] = [];
    for await (const entries of listPages(this.#store.kv, { ...range, ...from })) {
      for (const entry of entries) {
        const job = viewOf(type, nameIn(entry.key), decodeRecord(entry));
        if (state !== undefined && job.state !== state) continue;
        if (jobs.length >= limit) return jobs;
        jobs.push(job);
      }
    }
    return jobs;
  }

  /** How many jobs there are in each state, counted by what they are found by: a read for every 500. */
  counts(type: string): Promise<JobCounts> {
    return countJobs(this.#store, type);
  }

  /**
   * Asks a job to end undone. A pending one is cancelled at once; a running one is told at its next heartbeat, and is cut off one
   * timeout later. One that repeats does not any more. Undefined where there is no such job.
   */
  cancel(type: string, id: string): Promise<JobView | undefined> {
    const now = this.#store.platform.now();
    return this.#changeIfThere(type, id, (record) => cancel(record, now));
  }

  /** Has a job that is finished, cancelled or dead run again, its attempts counted anew. Undefined where there is no such job. */
  retry(type: string, id: string): Promise<JobView | undefined> {
    const now = this.#store.platform.now();
    return this.#changeIfThere(type, id, (record) => retry(record, now));
  }

  /** Deletes a job, whatever it is doing: whoever works on it loses it. Whether there was one. */
  async remove(type: string, id: string): Promise<boolean> {
    let wasThere = false;
    await this.#store.change(type, id, (record) => {
      // Said by a first try whose answer was lost, it stays true.
      wasThere ||= record !== undefined;
      return { record: undefined };
    });
    return wasThere;
  }

  /** Has no more jobs of a type accepted, by any worker; those that run go on. Jobs can be added meanwhile. */
  pause(type: string): Promise<void> {
    return setPaused(this.#store, type, true);
  }

  /** Ends a {@link Queue.pause}. */
  resume(type: string): Promise<void> {
    return setPaused(this.#store, type, false);
  }

  /**
   * Takes a job, to be worked on by whoever calls this; undefined when there is none, and none comes while it waits. {@link Job}
   * says how to keep it and how to end it; `work` does all that.
   */
  async accept(type: string, options: AcceptOptions = {}): Promise<Job | undefined> {
    const ending = childController(options.signal);
    const acceptor = new Acceptor(this.#store, type, this.#self, ending.signal);
    try {
      return await acceptor.accept(options);
    } finally {
      acceptor.close();
      ending.release();
    }
  }

  /**
   * One job, live: as it is, then after every change, until it has ended; `undefined` when it is not there, or no more. States
   * between two looks may be skipped, the last one never.
   */
  state$(type: string, id: string): Feed<JobView | undefined> {
    return followJob(this.#store, type, id);
  }

  /**
   * All jobs of a type, live: each as it is, then each that changes or is removed. Reads all of their records again when some have
   * changed, at most a tenth of the time; remembers a version of each.
   */
  jobs$(type: string): Feed<JobsEvent> {
    return followJobs(this.#store, type);
  }

  /** The workers of a type, live, as they last told of themselves. For people: one that is gone is shown for a while. */
  workers$(type: string): Feed<readonly WorkerRecord[]> {
    return followWorkers(this.#store, type);
  }

  /**
   * Waits until a job is in one of some states, by default until it has ended; undefined when it is removed, or not there.
   *
   * @param signal rejects with its reason
   */
  async wait(
    type: string,
    id: string,
    states: readonly JobState[] = ['finished', 'cancelled', 'dead'],
    { signal }: { readonly signal?: AbortSignal } = {},
  ): Promise<JobView | undefined> {
    return waitFor(this.#store, type, id, states, signal);
  }

  /**
   * Makes everything by which jobs of a type are found anew from their records, as after damage, and returns how many entries were
   * put right. Harmless while workers work.
   */
  rebuild(type: string): Promise<number> {
    return rebuild(this.#store, type);
  }

  async #changeIfThere(
    type: string,
    id: string,
    decide: (record: JobRecord) => JobRecord,
  ): Promise<JobView | undefined> {
    const record = await this.#store.change(type, id, (before) => ({
      record: before === undefined ? undefined : decide(before),
    }));
    return record === undefined ? undefined : viewOf(type, id, record);
  }
}

/**
 * The jobs of a store.
 *
 * @param kv holds them under keys that begin with `jobs`; other things may stand beside them
 */
export function createQueue(kv: Kv, options: QueueOptions = {}): Queue {
  return new Queue(kv, options);
}

/** The store under a queue. */
export function storeOf(queue: Queue): JobStore {
  const store = stores.get(queue);
  if (store === undefined) throw new InputError('This is no queue: take one that createQueue has given');
  return store;
}

const stores = new WeakMap<Queue, JobStore>();
