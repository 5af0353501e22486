import type { JobTypeOptions } from '../../src/jobs/job-type.ts';
import { monitor } from '../../src/jobs/monitor.ts';
import { createQueue, type Queue, storeOf } from '../../src/jobs/queue.ts';
import type { Kv } from '../../src/kv/kv.ts';
import { memoryKv } from '../../src/kv/memory.ts';
import { virtualClock } from '../support/virtual-clock.ts';

/** The type of the jobs, unless a test is about types. */
export const TYPE = 'task';
/** Its timeout, in milliseconds. */
export const TIMEOUT = 3000;
/** How long a monitor is patient at the most: a timeout and its jitter. */
export const PATIENCE = 1.5 * TIMEOUT;

/** Another machine that has the store. */
export interface Machine {
  /** How far its wall clock is ahead. */
  readonly skew?: () => number;
  readonly random?: () => number;
  /** By default the store that all have. */
  readonly kv?: Kv;
}

/** A queue whose time goes on when a test says so. */
export interface TimedQueue {
  readonly kv: Kv;
  readonly queue: Queue;
  /** The queue as another machine has it. */
  on(machine: Machine): Queue;
  now(): number;
  /** Lets time pass; all that is to happen in it has happened then. */
  pass(ms: number): Promise<void>;
  /** All machines sleep: time goes on, and nothing happens in it. */
  freeze(ms: number): void;
  /** What a promise comes to, letting as much time pass as that takes. */
  wait<T>(promise: Promise<T>): Promise<T>;
  /** Has a monitor watch until what is returned is called. */
  watch(queue?: Queue, type?: string): () => Promise<void>;
}

/** A queue with one type, over a store in memory unless another is given. */
export async function timedQueue(
  options: Machine & { readonly type?: JobTypeOptions | undefined } = {},
): Promise<TimedQueue> {
  const { kv = memoryKv(), type = {} } = options;
  const clock = virtualClock();
  let frozen = 0;
  const on = ({ skew = () => 0, random = options.random, kv: own = kv }: Machine): Queue =>
    createQueue(own, {
      platform: {
        ...clock.platform,
        now: () => clock.platform.now() + frozen + skew(),
        elapsed: () => clock.platform.elapsed() + frozen,
        ...(random && { random }),
      },
    });
  const queue = on(options);
  await queue.defineType(TYPE, { timeout: TIMEOUT, ...type });
  const pass = async (ms: number): Promise<void> => {
    await turns();
    for (let left = ms; left > 0; ) {
      const step = Math.min(left, Math.max(1, clock.next ?? left));
      await clock.advance(step);
      await turns();
      left -= step;
    }
  };
  return {
    kv,
    queue,
    on,
    now: () => clock.platform.now() + frozen,
    pass,
    freeze(ms) {
      frozen += ms;
    },
    async wait(promise) {
      let isSettled = false;
      const settled = promise.finally(() => {
        isSettled = true;
      });
      settled.catch(() => {});
      for (await turns(); !isSettled; ) await pass(clock.next ?? 1);
      return settled;
    },
    watch(watched = queue, watchedType = TYPE) {
      const end = new AbortController();
      const watching = monitor(storeOf(watched), watchedType, end.signal);
      return async () => {
        end.abort();
        await turns();
        await watching;
      };
    },
  };
}

/** Random numbers that are the same in every run. */
export function seededRandom(seed: number): () => number {
  let state = seed | 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}

/** Waits for everything that needs no time. */
export async function turns(): Promise<void> {
  for (let turn = 0; turn < 4; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}
