import { expect } from 'vitest';
import { isLeaseLostError, StoreError } from '../../src/core/errors.ts';
import { indexRecords } from '../../src/jobs/index-records.ts';
import type { Job } from '../../src/jobs/job.ts';
import { decodeRecord, type JobState } from '../../src/jobs/job-record.ts';
import { nameIn, rangeOf } from '../../src/jobs/layout.ts';
import { monitor } from '../../src/jobs/monitor.ts';
import { createQueue, type Queue, storeOf } from '../../src/jobs/queue.ts';
import { packKey } from '../../src/kv/key.ts';
import type { Kv } from '../../src/kv/kv.ts';
import { list } from '../../src/kv/list.ts';
import { memoryKv } from '../../src/kv/memory.ts';
import { packedText } from '../../src/kv/packed-text.ts';
import { alteredKv } from '../contract/altered-kv.ts';
import { virtualClock } from '../support/virtual-clock.ts';

export const TYPE = 'task';
export const TIMEOUT = 3000;
/** A monitor's patience at the most: timeout and half of it as jitter. */
const PATIENCE = TIMEOUT * 1.5;
export const MAX_ATTEMPTS = 3;
/** A step of priority, as documented. */
const AGEING = 60_000;

/** What happens to the first commit of a command: its answer is lost, or it is not carried out, and both look the same. */
export type Fault = 'none' | 'answer lost' | 'not done';

/** What a job must be, kept by the simplest means. */
export interface ModelJob {
  state: JobState;
  data: number;
  info: number;
  runAt: number;
  priority: number;
  /** Since when it is due; undefined while it has ended or runs. */
  readyAt: number | undefined;
  attempt: number;
  epoch: number;
  next: { data: number; runAt: number; priority: number } | undefined;
  cancelRequested: boolean;
  /** Whoever holds it. */
  holder: Job | undefined;
  /** Who ended its last run: to end it again changes nothing, and is no mistake, as an answer may have been lost. */
  ender: Job | undefined;
  /** When it was last heard of. */
  beat: number;
  cancelledAt: number;
}

/** What a command makes of a job in the model. */
type Change = (job: ModelJob) => void;

/** Everything that the commands of a model run act upon. */
export class World {
  readonly jobs = new Map<string, ModelJob>();
  /** Every job that was ever accepted: most of them are held no more. */
  readonly handles: Job[] = [];
  readonly queue: Queue;
  readonly #kv: Kv;
  readonly #clock = virtualClock();
  readonly #end = new AbortController();
  #fault: Fault = 'none';

  constructor(seed: number) {
    const kv = memoryKv();
    this.#kv = kv;
    let [names, state] = [0, seed | 1];
    const random = (): number => {
      state = Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + 0x9e3779b9;
      return (state >>> 0) / 2 ** 32;
    };
    const faulty = alteredKv(kv, {
      update: async (guards, decide, options) => {
        const fault = this.#fault;
        this.#fault = 'none';
        if (fault === 'not done') throw new StoreError('It is not known what became of it', 'failed');
        const result = await kv.update(guards, decide, options);
        if (fault === 'answer lost') throw new StoreError('It is not known what became of it', 'failed');
        return result;
      },
    });
    const platform = { ...this.#clock.platform, random, uuid: () => `name-${names++}` };
    this.queue = createQueue(faulty, { platform });
  }

  get now(): number {
    return this.#clock.platform.now();
  }

  get elapsed(): number {
    return this.#clock.platform.elapsed();
  }

  /** Two monitors watch, as there are always several. */
  async begin(): Promise<void> {
    await this.queue.defineType(TYPE, { timeout: TIMEOUT, maxAttempts: MAX_ATTEMPTS, backoff: { base: 0, cap: 0 } });
    for (let index = 0; index < 2; index += 1) void monitor(storeOf(this.queue), TYPE, this.#end.signal);
    await settle();
  }

  async end(): Promise<void> {
    this.#end.abort();
    await settle();
  }

  /** Carries a command out, be its first commit faulty or not; time goes on as far as it waits. */
  async perform<T>(fault: Fault, command: () => Promise<T>): Promise<T> {
    this.#fault = fault;
    let isDone = false;
    const running = command().finally(() => {
      isDone = true;
    });
    running.catch(() => {});
    while (!isDone) {
      await settle();
      if (!isDone) await this.#clock.advance(1);
    }
    this.#fault = 'none';
    return running;
  }

  async pass(ms: number): Promise<void> {
    for (let left = ms; left > 0; left -= STEP) {
      await this.#clock.advance(Math.min(STEP, left));
      await settle();
    }
  }

  /** A command of who holds, or held, a job: refused exactly when it is not held. */
  async asHolder(handle: Job, fault: Fault, command: () => Promise<unknown>, change: Change): Promise<void> {
    await this.#refusedUnless(({ holder }) => holder === handle, handle, fault, command, change);
  }

  /** The same for a command that ends the run, which may be repeated. */
  async asEnder(handle: Job, fault: Fault, command: () => Promise<unknown>, change: Change): Promise<void> {
    const mayEnd = ({ holder, ender }: ModelJob): boolean => holder === handle || ender === handle;
    await this.#refusedUnless(mayEnd, handle, fault, command, (job) => {
      change(job);
      job.ender = handle;
    });
  }

  async #refusedUnless(
    isAllowed: (job: ModelJob) => boolean,
    handle: Job,
    fault: Fault,
    command: () => Promise<unknown>,
    change: Change,
  ): Promise<void> {
    await this.reconcile();
    const outcome = await this.perform(fault, command).then(
      () => 'done',
      (error: unknown) => (isLeaseLostError(error) ? 'refused' : Promise.reject(error)),
    );
    const job = this.jobs.get(handle.id);
    expect(outcome).toBe(job !== undefined && isAllowed(job) ? 'done' : 'refused');
    if (job?.holder === handle) change(job);
  }

  /** Takes over what monitors have done meanwhile, if they were right to. */
  async reconcile(): Promise<void> {
    for (const [id, job] of this.jobs) {
      if (job.state !== 'running') continue;
      const view = await this.queue.get(TYPE, id);
      const silence = this.elapsed - job.beat;
      const isDeaf = job.cancelRequested && this.elapsed - job.cancelledAt >= TIMEOUT;
      if (view?.state === 'running' && view.epoch === job.epoch) {
        // Nobody who calls in time loses a job; nobody who does not keeps it.
        expect(silence).toBeLessThan(2 * PATIENCE);
        if (job.cancelRequested) expect(this.elapsed - job.cancelledAt).toBeLessThan(2 * PATIENCE);
        continue;
      }
      expect(silence >= TIMEOUT || isDeaf).toBe(true);
      endRun(job, 'lost', this.now);
    }
  }

  /** Holds everything that is stored against the model, and against itself. */
  async check(): Promise<void> {
    await this.reconcile();
    const wanted: string[] = [];
    const there = new Set<string>();
    for await (const entry of list(this.#kv, rangeOf.jobs(TYPE))) {
      const id = nameIn(entry.key);
      const record = decodeRecord(entry);
      there.add(id);
      wanted.push(...indexRecords(TYPE, id, record).map(([key]) => packedText(packKey(key))));
      expect(record.lock !== null).toBe(record.state === 'running');
      const { state, data, info, runAt, priority, attempt, epoch, next, cancelRequested } = this.jobs.get(
        id,
      ) as ModelJob;
      expect({ ...record, id }).toMatchObject({ id, state, data: { data }, priority, epoch, cancelRequested });
      expect(record.info).toEqual(info === 0 ? {} : { info });
      if (state === 'pending') expect(record.runAt).toBe(runAt);
      if (state !== 'finished') expect(record.attempt).toBe(attempt);
      expect(record.next?.data ?? undefined).toEqual(next && { data: next.data });
    }
    expect([...there].sort()).toEqual([...this.jobs.keys()].sort());
    const found: string[] = [];
    for (const range of [rangeOf.ready, rangeOf.scheduled, rangeOf.runs, rangeOf.cancelling, rangeOf.ended])
      for await (const { key } of list(this.#kv, range(TYPE))) found.push(packedText(packKey(key)));
    expect(found.sort()).toEqual(wanted.sort());
  }

  /** A job that was accepted is one that might be. */
  accepted(handle: Job | undefined, until: number): void {
    const due = [...this.jobs].filter(([, job]) => job.state === 'pending' && job.runAt <= until);
    if (handle === undefined) {
      expect(due).toEqual([]);
      return;
    }
    const job = this.jobs.get(handle.id) as ModelJob;
    expect(due.map(([id]) => id)).toContain(handle.id);
    const turn = ({ readyAt = 0, priority }: ModelJob): number => readyAt + priority * AGEING;
    const best = Math.min(...due.map(([, other]) => turn(other)));
    const first = due.filter(([, other]) => turn(other) === best).map(([, other]) => other.priority);
    expect(first).toContain(job.priority);
    job.state = 'running';
    job.attempt += 1;
    job.epoch += 1;
    job.holder = handle;
    job.beat = this.elapsed;
    expect(handle).toMatchObject({ epoch: job.epoch, attempt: job.attempt, data: { data: job.data } });
    this.handles.push(handle);
  }
}

/** Ends a run in the model. */
export function endRun(job: ModelJob, how: 'finished' | 'failed' | 'lost' | 'released', now: number): void {
  const { next, cancelRequested } = job;
  Object.assign(job, { holder: undefined, ender: undefined, next: undefined, cancelRequested: false });
  if (cancelRequested && next === undefined) job.state = 'cancelled';
  else if (how === 'finished' && next === undefined) job.state = 'finished';
  else if ((how === 'failed' || how === 'lost') && next === undefined && job.attempt >= MAX_ATTEMPTS)
    job.state = 'dead';
  else {
    if (how === 'finished' || cancelRequested) job.attempt = 0;
    else if (how === 'released') job.attempt -= 1;
    // Without back-off, what failed is due when it failed.
    Object.assign(job, { state: 'pending', ...(how === 'failed' && next === undefined ? { runAt: now } : next) });
    job.readyAt = job.runAt === 0 ? now : job.runAt;
  }
}

/** Time goes on in such steps, in milliseconds, while others act. */
const STEP = 250;

/** Waits for everything that needs no time. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 6; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}
