import type { Subscription } from 'rxjs';
import { type ChildController, childController } from '../core/abort.ts';
import type { Key } from '../kv/kv.ts';
import type { JobStore } from './job-store.ts';

/** A signal may be lost on its way, so everybody who waits for one also looks so often, in milliseconds, give or take a half. */
const LONGEST_WAIT = 20_000;

/** Tells one reader when something may have changed: what changes after a look began is told after it. */
export class Hints {
  readonly #store: JobStore;
  readonly #end: ChildController;
  readonly #watch: Subscription;
  #isNews = false;
  #wake = (): void => {};

  /** @param signal ends every wait with its reason */
  constructor(store: JobStore, key: Key, signal: AbortSignal) {
    this.#store = store;
    this.#end = childController(signal);
    this.#watch = store.kv.watch(key).subscribe({
      next: () => this.hurry(),
      // The store is closed, or cannot watch: who looks meets the same.
      complete: () => this.hurry(),
      error: () => this.hurry(),
    });
  }

  /** Has the reader look at once. */
  hurry(): void {
    this.#isNews = true;
    this.#wake();
  }

  /** Says that a look begins. */
  look(): void {
    this.#isNews = false;
  }

  /** Waits until something may have changed since the last look, but no longer than so many milliseconds. */
  async wait(longest = Number.POSITIVE_INFINITY): Promise<void> {
    const { platform } = this.#store;
    this.#end.signal.throwIfAborted();
    if (this.#isNews) return;
    const pause = childController(this.#end.signal);
    this.#wake = () => pause.abort();
    const usual = LONGEST_WAIT * (0.5 + platform.random());
    // It rejects when it is cut short, be it by the end, which is told below.
    await platform.sleep(Math.max(0, Math.min(longest, usual)), pause.signal).catch(() => {});
    this.#wake = () => {};
    pause.release();
    this.#end.signal.throwIfAborted();
  }

  /** Ends the watch. */
  close(): void {
    this.#watch.unsubscribe();
    this.#end.release();
  }
}
