import { childController } from '../core/abort.ts';
import { InputError } from '../core/errors.ts';
import { Feed } from '../core/feed.ts';
import { platform } from '../core/platform.ts';
import { checkPriority } from './job-terms.ts';
import { monitor } from './monitor.ts';
import { type Queue, storeOf } from './queue.ts';
import { type JobEvent, type JobHandler, Worker } from './worker.ts';

/** How jobs are worked on. */
export interface WorkOptions {
  /** Jobs at the same time. Default 1. */
  readonly concurrency?: number;
  /** Only jobs of this priority and smaller ones. Default 9, all. */
  readonly maxPriority?: number;
  /** Only jobs that were added without a time. Default false. */
  readonly noSchedule?: boolean;
  /** The worker's name for people. By default a random one. */
  readonly workerId?: string;
  /** What it runs on, for people. By default what the runtime calls itself. */
  readonly runtime?: string;
  /** Once it aborts, no more jobs are accepted; when those under way have ended, the feed is complete. */
  readonly drain?: AbortSignal;
  readonly signal?: AbortSignal;
}

/**
 * Works on the jobs of a type for as long as somebody subscribes, and tells what becomes of them. The handler's return finishes a
 * job, a returned object being its `info`; its throw ends the attempt, to be tried again later. Meanwhile the job is kept by
 * heartbeats; when it is lost or cancelled, or the subscriber leaves, the handler's signal aborts. A job whose handler has
 * settled after that is given back to the queue. Every worker also watches over the others: see `monitor`.
 *
 * Costs beside those of the jobs: a commit at a third of the type's timeout for each job, and one per timeout for the worker.
 *
 * @param handler or what finds it: asked before each job, so that another one counts from the next job on
 * @throws InputError for options that are none, and for a type that is not defined
 * @throws ClosedError when the store is closed, once the handlers have settled
 *
 * @example
 * ```ts
 * const queue = createQueue(memoryKv());
 * await queue.defineType('sum', { timeout: 60_000 });
 * await queue.add('sum', 'first', { numbers: [1, 2] });
 * const events = work(
 *   queue,
 *   'sum',
 *   async (job, { signal }) => {
 *     const numbers = job.data['numbers'] as number[];
 *     await job.update({ of: numbers.length });
 *     signal.throwIfAborted();
 *     return { sum: numbers.reduce((sum, number) => sum + number, 0) };
 *   },
 *   { concurrency: 4 },
 * );
 * const working = events.subscribe(({ type, id }) => console.log(type, id));
 * (await queue.wait('sum', 'first'))?.info; // { sum: 3 }
 * working.unsubscribe();
 * ```
 */
export function work(
  queue: Queue,
  type: string,
  handler: JobHandler | { readonly find: () => JobHandler },
  options: WorkOptions = {},
): Feed<JobEvent> {
  const { concurrency = 1, maxPriority = 9, noSchedule = false, workerId, runtime } = options;
  if (!Number.isSafeInteger(concurrency) || concurrency < 1) {
    throw new InputError(`Option concurrency must be a whole number of at least 1, not ${String(concurrency)}`);
  }
  checkPriority(maxPriority);
  const handlerOf = typeof handler === 'function' ? () => handler : handler.find;
  const store = storeOf(queue);
  return new Feed(
    async function* (signal) {
      const events: JobEvent[] = [];
      let wake = (): void => {};
      let isOver = false;
      const settings = {
        id: workerId ?? store.platform.uuid(),
        concurrency,
        maxPriority,
        noSchedule,
        runtime: runtime ?? platform().runtime?.() ?? 'unknown',
        drain: options.drain ?? new AbortController().signal,
      };
      const worker = new Worker(store, type, handlerOf, settings, (event) => {
        events.push(event);
        wake();
      });
      const watching = childController(signal);
      const monitoring = monitor(store, type, watching.signal);
      const working = worker.work(signal).finally(() => {
        isOver = true;
        wake();
      });
      // Whoever reads to the end hears of it; who leaves does not want to.
      working.catch(() => {});
      try {
        for (;;) {
          if (events.length > 0) yield events.splice(0);
          else if (isOver) break;
          else
            await new Promise<void>((resolve) => {
              wake = resolve;
            });
        }
        await working;
      } finally {
        await working.catch(() => {});
        watching.abort();
        watching.release();
        await monitoring;
      }
    },
    { signal: options.signal },
  );
}
