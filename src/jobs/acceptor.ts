import { InputError } from '../core/errors.ts';
import { acceptOne, type Choice, nextTime } from './accept.ts';
import { Hints } from './hints.ts';
import type { Job } from './job.ts';
import type { JobStore } from './job-store.ts';
import { checkPriority } from './job-terms.ts';
import { keyOf } from './layout.ts';

/** Which jobs are accepted, and how long is waited for one. Times in milliseconds. */
export interface AcceptOptions {
  /** Only jobs that are due at this time, since 1970. By default those that are due now, whenever that is. */
  readonly until?: number | undefined;
  /** Only jobs that were added without a time. Default false. */
  readonly noSchedule?: boolean | undefined;
  /** Only jobs of this priority and smaller ones. Default 9, all. */
  readonly maxPriority?: number | undefined;
  /** How long to wait for a job when there is none. Default 0; `Infinity` for ever. */
  readonly wait?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Accepts jobs of one type for one worker, and waits for them without asking the store again and again. */
export class Acceptor {
  readonly #store: JobStore;
  readonly #type: string;
  readonly #workerId: string;
  readonly #hints: Hints;
  readonly #signal: AbortSignal;
  #timeout = 0;

  /** @param signal ends every wait with its reason */
  constructor(store: JobStore, type: string, workerId: string, signal: AbortSignal) {
    this.#store = store;
    this.#type = type;
    this.#workerId = workerId;
    this.#signal = signal;
    // What is added after a look found nothing is told, as the watch was there first.
    this.#hints = new Hints(store, keyOf.queueSignal(type), signal);
  }

  /** @throws InputError for options that contradict each other, and for a type that is not defined */
  async accept({ until, noSchedule = false, maxPriority = 9, wait = 0 }: AcceptOptions): Promise<Job | undefined> {
    if (noSchedule && until !== undefined && until !== 0) {
      throw new InputError('Options noSchedule and until exclude each other: jobs without a time are always due');
    }
    checkPriority(maxPriority);
    const { platform } = this.#store;
    const end = platform.elapsed() + wait;
    for (;;) {
      this.#hints.look();
      const choice: Choice = { until: until ?? platform.now(), noSchedule, maxPriority };
      const { isPaused, timeout } = await this.#store.type(this.#type);
      this.#timeout = timeout;
      const job = isPaused ? undefined : await acceptOne(this.#store, this.#type, this.#workerId, choice, this.#signal);
      if (job !== undefined) return job;
      const left = end - platform.elapsed();
      if (!(left > 0)) return undefined;
      await this.#hints.wait(Math.min(left, await this.#untilNext(choice, until)));
    }
  }

  /** That of the type, in milliseconds, when the last job was accepted. */
  get timeout(): number {
    return this.#timeout;
  }

  close(): void {
    this.#hints.close();
  }

  /** How long until a job is due that is not due yet, by this machine's clock. */
  async #untilNext({ until: now, noSchedule }: Choice, until: number | undefined): Promise<number> {
    if (noSchedule || until !== undefined) return Number.POSITIVE_INFINITY;
    const next = await nextTime(this.#store, this.#type, now);
    return next === undefined ? Number.POSITIVE_INFINITY : Math.max(1, next - this.#store.platform.now());
  }
}
