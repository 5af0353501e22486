import type { Platform } from '../../../src/core/platform.ts';

/** A clock that stands still until it is moved, so that what takes a server seconds takes a test none. */
export class VirtualClock {
  #now: number;
  readonly #sleepers = new Set<Sleeper>();
  #onSleep: (() => void)[] = [];

  /** @param now milliseconds since 1970 */
  constructor(now: number) {
    this.#now = now;
  }

  /** What a server needs of the platform to live by this clock. */
  get platform(): Pick<Platform, 'now' | 'elapsed' | 'sleep'> {
    return { now: () => this.#now, elapsed: () => this.#now, sleep: (ms, signal) => this.#sleep(ms, signal) };
  }

  /** Milliseconds since 1970. */
  get now(): number {
    return this.#now;
  }

  /** Puts the clock to a time without waking anybody: sleepers keep what is left of their sleep. */
  set(now: number): void {
    for (const sleeper of this.#sleepers) sleeper.until += now - this.#now;
    this.#now = now;
  }

  /** Resolves when somebody sleeps. */
  asleep(): Promise<void> {
    if (this.#sleepers.size > 0) return Promise.resolve();
    return new Promise((resolve) => this.#onSleep.push(resolve));
  }

  /** Resolves when nobody sleeps any more: whoever did has been told to stop. */
  async allAwake(): Promise<void> {
    while (this.#sleepers.size > 0) await turn();
  }

  /** Moves on to a time, and wakes whoever sleeps until then, one after the other. */
  async advanceTo(time: number): Promise<void> {
    for (;;) {
      await turn();
      const [next] = [...this.#sleepers].sort((a, b) => a.until - b.until);
      if (next === undefined || next.until > time) break;
      this.#now = Math.max(this.#now, next.until);
      next.wake();
    }
    this.#now = Math.max(this.#now, time);
  }

  #sleep(ms: number, signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) {
        reject(signal.reason);
        return;
      }
      const abort = (): void => {
        this.#sleepers.delete(sleeper);
        reject(signal?.reason);
      };
      const sleeper: Sleeper = {
        until: this.#now + ms,
        wake: () => {
          this.#sleepers.delete(sleeper);
          signal?.removeEventListener('abort', abort);
          resolve();
        },
      };
      this.#sleepers.add(sleeper);
      for (const told of this.#onSleep.splice(0)) told();
      signal?.addEventListener('abort', abort, { once: true });
    });
  }
}

interface Sleeper {
  until: number;
  readonly wake: () => void;
}

/** Lets everything go on that only waits for promises. */
function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
