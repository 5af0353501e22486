import { backoffDelay } from '../core/backoff.ts';
import { LeaseLostError } from '../core/errors.ts';
import type { JsonObject } from '../core/json-value.ts';
import { encodeJson } from '../kv/json.ts';
import type { Decision, Entry, Key } from '../kv/kv.ts';
import { decodeRecord, type JobRecord, type JobState, jsonObject } from './job-record.ts';
import type { JobStore } from './job-store.ts';
import { checkTime } from './job-terms.ts';
import { keyOf } from './layout.ts';
import { endRun, type RunEnd, report, resubmit } from './transitions.ts';

/**
 * A job in the hand of who works on it. Every call changes the store only while the job is still held, by a commit that proves it;
 * else it rejects with a {@link LeaseLostError}, and nothing is written. To keep it, call {@link Job.update} more often than the
 * timeout of its type; `work` does that.
 */
export class Job {
  readonly type: string;
  readonly id: string;
  readonly #store: JobStore;
  readonly #lock: string;
  #record: JobRecord;

  /**
   * @param record as it was when the job was accepted
   * @internal
   */
  constructor(store: JobStore, type: string, id: string, record: JobRecord & { readonly lock: string }) {
    this.#store = store;
    this.type = type;
    this.id = id;
    this.#lock = record.lock;
    this.#record = record;
  }

  /** What is to be done. */
  get data(): JsonObject {
    return this.#record.data;
  }

  /** What has been told of it, in earlier runs too. */
  get info(): JsonObject {
    return this.#record.info;
  }

  /** Which attempt this is since the job was added or last went well, from 1. */
  get attempt(): number {
    return this.#record.attempt;
  }

  /** Grows with each acceptance of the job: hand it to what stands outside of the store, to refuse whoever comes with a smaller one. */
  get epoch(): number {
    return this.#record.epoch;
  }

  /** Grows with each commit of the job. */
  get seq(): number {
    return this.#record.seq;
  }

  /** What the job is, as of the last call. */
  get state(): JobState {
    return this.#record.state;
  }

  get workerId(): string {
    return this.#record.workerId ?? '';
  }

  /** Whether another run has been asked for, as of the last call: a long run may stop early and leave the rest to it. */
  get resubmitted(): boolean {
    return this.#record.next !== null;
  }

  /** Whether it is to end, as of the last call. It may still finish cleanly. */
  get cancelRequested(): boolean {
    return this.#record.cancelRequested;
  }

  /** Says that the work goes on, and keeps `info` as its progress, if given. Nobody is told of a call without it. */
  async update(info?: JsonObject): Promise<void> {
    const told = info === undefined ? undefined : jsonObject(info, 'The info of a job');
    const run = keyOf.run(this.type, this.id);
    await this.#change(
      (held) => ({ record: told === undefined ? held : report(held, told), set: [[run, encodeJson(this.#lock)]] }),
      // Losing the newest heartbeat to a power cut is losing it with the power.
      told === undefined ? 'relaxed' : 'strict',
    );
  }

  /** Ends the run well. The job is finished, or pending where it repeats or another run was asked for. */
  async finish(info?: JsonObject): Promise<void> {
    await this.#end({ how: 'finish', info: info === undefined ? undefined : jsonObject(info, 'The info of a job') });
  }

  /**
   * Asks for another run after this one.
   *
   * @param runAt not before this time, in milliseconds since 1970. Default 0, at once
   * @param data what the next run is to do; by default the same
   * @throws InputError for what is no time and no JSON object
   */
  async resubmit(runAt = 0, data?: JsonObject): Promise<void> {
    checkTime(runAt);
    const next = data === undefined ? undefined : jsonObject(data, 'The data of a job');
    await this.#change((held) => ({ record: resubmit(held, runAt, next) }));
  }

  /**
   * Ends the run as failed. It is tried again later, up to the `maxAttempts` of its type; then it is dead, with the error kept.
   *
   * @param error kept as its message
   * @param again when to try once more, in milliseconds since 1970; by default after a time that grows with each attempt
   */
  async fail(error: unknown, again?: number): Promise<void> {
    if (again !== undefined) checkTime(again);
    const { backoff, maxAttempts } = await this.#store.type(this.type);
    const { now, random } = this.#store.platform;
    const message = error instanceof Error ? error.message : String(error);
    await this.#end({
      how: 'fail',
      error: message.slice(0, LONGEST_ERROR),
      again: again ?? Math.ceil(now() + backoffDelay(this.attempt, backoff, random())),
      isLast: this.attempt >= maxAttempts,
    });
  }

  /** Gives the job back undone, for another to take. This attempt does not count. */
  async release(): Promise<void> {
    await this.#end({ how: 'release' });
  }

  /**
   * Writes the application's own keys of the same store by one commit that also proves that the job is held: what a worker writes
   * that was given up for dead never lands. A commit of which the answer was lost rejects, as in `Kv.update`, and is not repeated.
   *
   * @param guards keys that must not change meanwhile, as in `Kv.update`
   * @param decide what to write, as in `Kv.update`
   *
   * @example
   * ```ts
   * const queue = createQueue(memoryKv());
   * await queue.defineType('count');
   * await queue.add('count', 'visitors', {});
   * const job = await queue.accept('count');
   * await job?.guard([['total']], ([total]) => ({
   *   set: [[['total'], Uint8Array.of((total?.value[0] ?? 0) + 1)]],
   *   result: undefined,
   * }));
   * await job?.finish();
   * ```
   */
  async guard<R>(guards: readonly Key[], decide: (seen: readonly (Entry | undefined)[]) => Decision<R>): Promise<R> {
    return this.#store.kv.update([keyOf.job(this.type, this.id), ...guards], ([entry, ...seen]) => {
      this.#held(entry === undefined ? undefined : decodeRecord(entry));
      return decide(seen);
    });
  }

  async #end(end: RunEnd): Promise<void> {
    const { type, id } = this;
    const now = this.#store.platform.now();
    const after = await this.#store.change(type, id, (record) => {
      // The answer of the first try was lost.
      if (record?.lastRun?.lock === this.#lock) return { record, isDone: true };
      return { record: endRun(this.#held(record), end, now) };
    });
    // Since then, others may have taken it.
    if (after !== undefined) this.#record = { ...after, state: after.lastRun?.state ?? after.state };
  }

  async #change(
    decide: (held: JobRecord) => { record: JobRecord; set?: readonly (readonly [Key, Uint8Array])[] },
    durability: 'strict' | 'relaxed' = 'strict',
  ): Promise<void> {
    const changed = await this.#store.change(this.type, this.id, (record) => decide(this.#held(record)), {
      durability,
    });
    if (changed !== undefined) this.#record = changed;
  }

  #held(record: JobRecord | undefined): JobRecord {
    if (record !== undefined && record.lock === this.#lock) return record;
    const fate = record === undefined ? 'is gone' : `is ${record.state}, and not by this worker`;
    throw new LeaseLostError(
      `The job ${JSON.stringify(this.id)} of type ${JSON.stringify(this.type)} ${fate}: stop working on it`,
    );
  }
}

/** What is kept of an error, in UTF-16 units. */
const LONGEST_ERROR = 2000;
