import type { Platform } from '../../src/core/platform.ts';

/** Time that goes on when a test tells it to. */
export interface VirtualClock {
  readonly platform: Pick<Platform, 'now' | 'elapsed' | 'sleep' | 'random'>;
  /** Lets time pass, waking whoever's time has come, in order. */
  advance(ms: number): Promise<void>;
  /** The wall clock is set forward; no time passes. */
  jump(ms: number): void;
  /** Resolves as soon as somebody sleeps who went to sleep for so many milliseconds. */
  sleeping(ms: number): Promise<void>;
  /** For how many milliseconds those who sleep went to sleep. */
  readonly sleeps: readonly number[];
  /** In how many milliseconds the next of them is to wake; undefined when nobody sleeps. */
  readonly next: number | undefined;
}

interface Sleeper {
  readonly ms: number;
  readonly due: number;
  readonly wake: () => void;
}

export function virtualClock(): VirtualClock {
  let now = 0;
  let ahead = 1_700_000_000_000;
  const sleepers = new Set<Sleeper>();
  const waiting = new Set<{ readonly ms: number; readonly resolve: () => void }>();
  const sleep = (ms: number, signal?: AbortSignal): Promise<void> =>
    new Promise((resolve, reject) => {
      signal?.throwIfAborted();
      const leave = (): void => {
        sleepers.delete(sleeper);
        signal?.removeEventListener('abort', abort);
      };
      const abort = (): void => {
        leave();
        reject(signal?.reason);
      };
      const sleeper = {
        ms,
        due: now + ms,
        wake: () => {
          leave();
          resolve();
        },
      };
      sleepers.add(sleeper);
      signal?.addEventListener('abort', abort);
      for (const waiter of waiting) {
        if (waiter.ms !== ms) continue;
        waiting.delete(waiter);
        waiter.resolve();
      }
    });
  return {
    platform: { now: () => ahead + now, elapsed: () => now, sleep, random: () => 0.5 },
    async advance(ms) {
      const end = now + ms;
      for (;;) {
        await settle();
        const next = [...sleepers].filter(({ due }) => due <= end).sort((a, b) => a.due - b.due)[0];
        if (next === undefined) break;
        now = Math.max(now, next.due);
        next.wake();
      }
      now = end;
    },
    jump(ms) {
      ahead += ms;
    },
    sleeping(ms) {
      if ([...sleepers].some((sleeper) => sleeper.ms === ms)) return Promise.resolve();
      return new Promise((resolve) => waiting.add({ ms, resolve }));
    },
    get sleeps() {
      return [...sleepers].map(({ ms }) => ms);
    },
    get next() {
      return sleepers.size === 0 ? undefined : Math.max(0, Math.min(...[...sleepers].map(({ due }) => due)) - now);
    },
  };
}

/** Lets everything run that waits for nothing but promises. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 50; turn += 1) await Promise.resolve();
}
