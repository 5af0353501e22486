import type { Subscription } from 'rxjs';
import { type ChildController, childController } from '../../core/abort.ts';
import { Gate } from '../../core/gate.ts';
import type { Followed } from './followed.ts';

/** Milliseconds between two looks at the least: a pull commits more often than anybody can see. */
const LEAST_PAUSE = 100;
/** Where looks take long, pauses are so many times as long, up to a bound, so that the pull is not held up by them. */
const PAUSE_SHARE = 4;
const LONGEST_PAUSE = 1000;

/**
 * Tells one reader when to look whether a replica has changed: at once, and then whenever it may have, but never more than
 * ten times a second.
 */
export class Hints {
  readonly #platform: Followed['platform'];
  readonly #end: ChildController;
  readonly #watch: Subscription;
  /** Open when there is something to look for. */
  readonly #news = new Gate();
  #isUrgent = true;
  /** When the last look began. */
  #begun = 0;
  #pause: ChildController | undefined;

  /** @param signal ends every wait with its reason */
  constructor({ kv, layout, platform }: Pick<Followed, 'kv' | 'layout' | 'platform'>, signal: AbortSignal) {
    this.#platform = platform;
    this.#end = childController(signal);
    this.#watch = kv.watch(layout.signal).subscribe({
      next: () => this.#news.open(),
      // The store is closed: who looks is told so.
      complete: () => this.#news.open(),
      error: (error: unknown) => this.#end.abort(error),
    });
  }

  /** Resolves when it is time to look. What is written from then on brings another hint. */
  async next(): Promise<void> {
    if (!this.#isUrgent) await this.#rest();
    await this.#news.pass(this.#end.signal);
    this.#news.close();
    this.#isUrgent = false;
    this.#begun = this.#platform.elapsed();
  }

  /** Asks for a look without a pause. */
  hurry(): void {
    this.#isUrgent = true;
    this.#news.open();
    this.#pause?.abort();
  }

  /** Ends the watch. */
  close(): void {
    this.#watch.unsubscribe();
    this.#end.release();
  }

  async #rest(): Promise<void> {
    const looked = this.#platform.elapsed() - this.#begun;
    const pause = Math.min(LONGEST_PAUSE, Math.max(LEAST_PAUSE, PAUSE_SHARE * looked));
    this.#pause = childController(this.#end.signal);
    // It rejects when the pause is cut short, be it by the end, which the wait after it tells.
    await this.#platform.sleep(pause, this.#pause.signal).catch(() => {});
    this.#pause.release();
    this.#pause = undefined;
  }
}
