import { childController } from '../core/abort.ts';
import { backoffDelay } from '../core/backoff.ts';
import { isClosedError, isInputError, isLeaseLostError, isLimitError } from '../core/errors.ts';
import type { JsonObject } from '../core/json-value.ts';
import { type AcceptOptions, Acceptor } from './acceptor.ts';
import { beat } from './heartbeat.ts';
import type { Job } from './job.ts';
import type { JobStore } from './job-store.ts';
import { keyOf } from './layout.ts';
import { encodeWorker } from './worker-record.ts';

/** What a handler has beside its job. */
export interface JobContext {
  /**
   * Aborts when the work must end: the job is lost (`LeaseLostError`), somebody cancelled it (`JobCancelledError`), or the worker
   * stops.
   */
  readonly signal: AbortSignal;
}

/** Does the work of one job. What it returns becomes the job's `info`; what it throws ends the attempt. */
export type JobHandler = (job: Job, context: JobContext) => Promise<JsonObject | undefined> | Promise<void>;

/** What happens to the jobs of a worker. */
export interface JobEvent {
  /**
   * `started`; then one of: `finished`, `failed` (to be tried again), `dead` (failed too often), `cancelled`, `released` (given back,
   * as the worker stops), `lost` (held no more: what it did has no effect), or `unknown`, when the store did not answer at the end.
   */
  readonly type: 'started' | 'finished' | 'failed' | 'dead' | 'cancelled' | 'released' | 'lost' | 'unknown';
  readonly id: string;
  readonly attempt: number;
  readonly epoch: number;
  /** What the handler threw, or the store. */
  readonly error?: unknown;
}

/** How a worker works, with every default in its place. */
export interface WorkerSettings extends Pick<AcceptOptions, 'noSchedule' | 'maxPriority'> {
  readonly id: string;
  readonly concurrency: number;
  readonly runtime: string;
  /** No more jobs are accepted once it aborts; those that are being worked on are brought to an end. */
  readonly drain: AbortSignal;
}

/** How long a worker rests whose store has failed. */
const REST = { base: 200, cap: 15_000 };

/** Accepts jobs and has them worked on, several at once. */
export class Worker {
  readonly #store: JobStore;
  readonly #type: string;
  readonly #handlerOf: () => JobHandler;
  readonly #settings: WorkerSettings;
  readonly #onEvent: (event: JobEvent) => void;
  readonly #running = new Map<Job, Promise<void>>();
  readonly #since: number;

  /** @param handlerOf asked before each job, so that another handler counts from the next job on */
  constructor(
    store: JobStore,
    type: string,
    handlerOf: () => JobHandler,
    settings: WorkerSettings,
    onEvent: (event: JobEvent) => void,
  ) {
    this.#store = store;
    this.#type = type;
    this.#handlerOf = handlerOf;
    this.#settings = settings;
    this.#onEvent = onEvent;
    this.#since = store.platform.now();
  }

  /**
   * Works until it is drained, or until the signal aborts. Then the signals of the handlers abort too; a job is given back when its
   * handler has settled, so that nobody else begins before.
   *
   * @throws InputError when the type is not defined
   * @throws ClosedError when the store is closed
   */
  async work(signal: AbortSignal): Promise<void> {
    const ending = childController(signal);
    const accepting = childController(signal, this.#settings.drain);
    const telling = this.#tell(ending.signal);
    try {
      await this.#acceptAll(accepting.signal, signal);
    } finally {
      await Promise.all(this.#running.values());
      accepting.release();
      ending.abort();
      ending.release();
      await telling;
    }
  }

  async #acceptAll(accepting: AbortSignal, stopped: AbortSignal): Promise<void> {
    const { id, concurrency, noSchedule, maxPriority } = this.#settings;
    await this.#store.type(this.#type);
    const acceptor = new Acceptor(this.#store, this.#type, id, accepting);
    let failures = 0;
    try {
      while (!accepting.aborted) {
        if (this.#running.size >= concurrency) {
          await Promise.race(this.#running.values());
          continue;
        }
        try {
          const wait = Number.POSITIVE_INFINITY;
          const job = await acceptor.accept({ noSchedule, maxPriority, wait });
          failures = 0;
          if (job !== undefined) await this.#take(job, acceptor.timeout, accepting, stopped);
        } catch (error) {
          if (accepting.aborted) break;
          // That does not get better by waiting.
          if (isClosedError(error)) throw error;
          failures += 1;
          const rest = backoffDelay(failures, REST, this.#store.platform.random());
          await this.#store.platform.sleep(rest, accepting).catch(() => {});
        }
      }
    } finally {
      acceptor.close();
    }
  }

  /** Begins with a job, unless it came when nobody wanted one any more. */
  async #take(job: Job, timeout: number, accepting: AbortSignal, stopped: AbortSignal): Promise<void> {
    if (accepting.aborted) {
      await job.release();
      return;
    }
    const run = this.#run(job, timeout, stopped).finally(() => this.#running.delete(job));
    this.#running.set(job, run);
  }

  /** Never rejects: what goes wrong is told. */
  async #run(job: Job, timeout: number, stopped: AbortSignal): Promise<void> {
    const work = childController(stopped);
    const beating = childController();
    this.#emit('started', job);
    const onEnd = (reason: unknown): void => work.abort(reason);
    const beats = beat(job, timeout, onEnd, this.#store.platform, beating.signal);
    let failure: { readonly error: unknown } | undefined;
    let info: JsonObject | undefined;
    try {
      info = (await this.#handlerOf()(job, { signal: work.signal })) ?? undefined;
    } catch (error) {
      failure = { error };
    }
    beating.abort();
    await beats;
    work.release();
    const isGivenUp = stopped.aborted || job.cancelRequested;
    try {
      // The handler may have ended the run itself.
      const isEnded = job.state !== 'running';
      if (!isEnded) {
        failure ??= await finish(job, info);
        if (failure !== undefined) await (isGivenUp ? job.release() : job.fail(failure.error));
      }
      const undone = isGivenUp ? 'released' : 'failed';
      const isUndone = job.state === 'pending' && (failure !== undefined || isEnded);
      this.#emit(isUndone ? undone : endOf(job), job, failure?.error);
    } catch (error) {
      this.#emit(isLeaseLostError(error) ? 'lost' : 'unknown', job, failure?.error ?? error);
    }
  }

  #emit(type: JobEvent['type'], { id, attempt, epoch }: Job, error?: unknown): void {
    this.#onEvent({ type, id, attempt, epoch, ...(error === undefined ? {} : { error }) });
  }

  /** Writes what people may want to know of this worker, and takes it out in the end. Nothing rests on it. */
  async #tell(signal: AbortSignal): Promise<void> {
    const { platform, kv } = this.#store;
    const { id, concurrency, runtime } = this.#settings;
    const key = keyOf.worker(this.#type, id);
    while (!signal.aborted) {
      const jobs = Array.from(this.#running.keys(), (job) => job.id);
      const record = { id, runtime, since: this.#since, lastSeen: platform.now(), concurrency, jobs };
      try {
        await kv.update([], () => ({ set: [[key, encodeWorker(record)]], result: undefined }), {
          durability: 'relaxed',
        });
        const type = await this.#store.findType(this.#type);
        await platform.sleep(type?.timeout ?? UNTOLD, signal);
      } catch {
        await platform.sleep(UNTOLD, signal).catch(() => {});
      }
    }
    await kv.update([], () => ({ delete: [key], result: undefined }), { durability: 'relaxed' }).catch(() => {});
  }
}

/** How long a worker says nothing of itself when it cannot. */
const UNTOLD = 10_000;

/** Finishes a job; gives why it has failed all the same, when what came of it cannot be kept. */
async function finish(job: Job, info: JsonObject | undefined): Promise<{ readonly error: unknown } | undefined> {
  try {
    await job.finish(info);
  } catch (error) {
    if (isInputError(error) || isLimitError(error)) return { error };
    throw error;
  }
  return undefined;
}

/** How a job has ended that is not to be tried again. */
function endOf({ state }: Job): 'finished' | 'cancelled' | 'dead' {
  return state === 'cancelled' || state === 'dead' ? state : 'finished';
}
