import { setTimeout } from 'node:timers/promises';
import type { VirtualClock } from '../support/virtual-clock.ts';

/** What is looked at to see whether anything still moves. */
export interface Movement {
  /** Counts everything that moves. */
  readonly moves: number;
  /** Whether something is on its way that comes without the clock. */
  readonly isBusy: boolean;
}

/** More leaps than any run can need: what waits for so many, waits for ever. */
const MOST_LEAPS = 3000;

/** Nor does anything come for which nothing moves and nobody sleeps in so many turns. */
const MOST_TURNS = 5000;

/**
 * Time that stands still while anything moves, and leaps to the next moment that somebody sleeps for when nothing does: so
 * waits cost next to nothing, and nobody waits in vain because a machine is busy.
 */
export class LeapingTime {
  readonly #clock: VirtualClock;
  readonly #movement: Movement;
  readonly #quiet: number;
  #leaps = 0;

  /** @param quiet for how many turns of a millisecond nothing must have moved */
  constructor(clock: VirtualClock, movement: Movement, quiet: number) {
    this.#clock = clock;
    this.#movement = movement;
    this.#quiet = quiet;
  }

  /**
   * What a promise comes to; time passes meanwhile.
   *
   * @throws Error when it comes to nothing
   */
  async until<T>(promise: Promise<T>): Promise<T> {
    let isSettled = false;
    const settle = (): void => {
      isSettled = true;
    };
    promise.then(settle, settle);
    let before = -1;
    for (let still = 0; still < MOST_TURNS; still += 1) {
      await setTimeout(1);
      if (isSettled) return promise;
      const { moves, isBusy } = this.#movement;
      if (moves !== before) still = 0;
      before = moves;
      if (isBusy || still < this.#quiet || this.#clock.next === undefined) continue;
      this.#leaps += 1;
      if (this.#leaps > MOST_LEAPS) throw new Error('What is waited for does not come, however much time passes');
      await this.#clock.advance(this.#clock.next);
      still = 0;
    }
    const state = this.#movement.isBusy ? 'something is on its way' : 'nobody sleeps';
    throw new Error(`What is waited for does not come: nothing moves, and ${state}`);
  }
}
