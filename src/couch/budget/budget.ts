import type { Platform } from '../../core/platform.ts';
import { FairQueue } from './fair-queue.ts';
import { type Pace, recovered, slowedDown, unhindered } from './pace.ts';
import { type Lane, Slot } from './slot.ts';
import { afterTurn } from './turn.ts';

/** Who wants a connection, and for what. */
export interface Claim {
  readonly lane: 'short' | 'feed';
  /** Whether the answer's reader can go on with another request where this one ends too early. */
  readonly isResumable: boolean;
  /** Owners take turns. */
  readonly owner: object;
  readonly platform: Platform;
  readonly signal?: AbortSignal | undefined;
}

/** How often connections are looked at while somebody waits for one, in milliseconds. */
const LOOK = 250;
/** So long a feed keeps its connection while others wait for one. */
const SLICE = 5000;

interface Waiting {
  readonly claim: Claim;
  readonly grant: (slot: Slot) => void;
}

/**
 * The connections to one origin. Every request takes one from before it is sent until its answer is read or given up, and
 * waits where none is free; owners take turns. Waiting ends with the claim's signal, and else by what others do:
 *
 * - Feeds, whose readers may need other answers before they go on, have half of the connections between them, so that those
 *   answers always find one. While anybody waits, a feed ends at the next convenient place when its slice of time is over.
 * - A reader that does not read gives its connection up where one is waited for and all that could become free rest
 *   likewise. So nothing waits for ever, not even where there is but one connection.
 * - Feeds that wait for what comes give way to everything else.
 * - After a status 429 nothing is sent for a while, and less at once from then on: see {@link Pace}.
 */
export class Budget {
  readonly #slots = new Set<Slot>();
  readonly #waiting = { short: new FairQueue<Waiting>(), feed: new FairQueue<Waiting>() };
  readonly #onChange: () => void;
  #limit = Number.POSITIVE_INFINITY;
  /** Connections that have just been given back, and are about to be free. */
  #cooling = 0;
  #last: 'short' | 'feed' = 'feed';
  #pace: Pace = unhindered;
  #alarm: AbortController | undefined;

  /** @param onChange called when a connection was taken or given back, or is waited for */
  constructor(onChange: () => void) {
    this.#onChange = onChange;
  }

  /** How many connections there are: the fewest that any of those who use them asks for. */
  get limit(): number {
    return this.#limit;
  }

  restrict(limit: number): void {
    this.#limit = Math.min(this.#limit, limit);
  }

  /** How many of them are for feeds. */
  get share(): number {
    return Math.max(1, Math.floor(this.#limit / 2));
  }

  /** How many feeds that wait for what comes may keep connections without being in anybody's way. */
  get room(): number {
    const feeds = this.#count('feed') + this.#waiting.feed.size;
    // Of one connection there is no half.
    const others = this.share < this.#limit ? feeds : feeds + this.#count('short') + this.#waiting.short.size;
    return Math.max(0, this.share - others);
  }

  /** How many requests are under way, but for feeds that wait for what comes. */
  get busy(): number {
    return this.#count('short') + this.#count('feed');
  }

  /** How many are free, and nobody waits for them. */
  get spare(): number {
    return this.#isWaitedFor ? 0 : Math.max(0, this.#limit - this.#slots.size - this.#cooling);
  }

  /** Whether nobody has a connection or waits for one. */
  get isIdle(): boolean {
    return this.#slots.size + this.#cooling === 0 && !this.#isWaitedFor;
  }

  /** How long nothing is sent, as the server has asked for a pause, in milliseconds. */
  pause(now: number): number {
    return Math.max(0, this.#pace.until - now);
  }

  /**
   * Waits for a connection.
   *
   * @throws the signal's reason when that aborts first
   */
  take(claim: Claim): Promise<Slot> {
    const { lane, owner, signal } = claim;
    return new Promise((resolve, reject) => {
      signal?.throwIfAborted();
      const abort = (): void => {
        this.#waiting[lane].remove(owner, waiting);
        this.#tend(claim.platform);
        reject(signal?.reason);
      };
      const grant = (slot: Slot): void => {
        signal?.removeEventListener('abort', abort);
        resolve(slot);
      };
      const waiting = { claim, grant };
      signal?.addEventListener('abort', abort, { once: true });
      this.#waiting[lane].add(owner, waiting);
      this.#tend(claim.platform);
    });
  }

  /** A connection for a feed that waits for what comes, if there is one to spare right now. */
  hold(platform: Platform): Slot | undefined {
    if (!this.#isFree || this.#count('live') >= this.room) return undefined;
    return this.#give('live', true, platform);
  }

  /** The origin has answered a request with a status other than 429. */
  answered({ slowdowns }: Slot): void {
    this.#pace = recovered(this.#pace, slowdowns, this.#limit);
  }

  /**
   * The origin has refused a request as one too many.
   *
   * @param busy how many were under way when it did
   */
  refused({ slowdowns }: Slot, busy: number, retryAfter: number | undefined, { elapsed, random }: Platform): void {
    this.#pace = slowedDown(this.#pace, { slowdowns, busy, retryAfter, now: elapsed(), chance: random() });
  }

  /** Gives what can be given, and sees to it that this is looked at again while somebody waits. */
  #tend(platform: Platform): void {
    if (this.pause(platform.elapsed()) === 0) this.#serve();
    if (!this.#isWaitedFor) {
      this.#alarm?.abort();
      this.#alarm = undefined;
    } else if (this.#alarm === undefined) {
      this.#alarm = new AbortController();
      void this.#keepLooking(platform, this.#alarm.signal);
    }
    this.#onChange();
  }

  async #keepLooking(platform: Platform, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const { until } = this.#pace;
      const pause = this.pause(platform.elapsed());
      try {
        // The turn is for clocks that do not wait, as there are in tests: the others must come to theirs.
        await Promise.all([platform.sleep(pause || LOOK, signal), afterTurn()]);
      } catch (error) {
        if (signal.aborted) return;
        throw error;
      }
      if (pause === 0) this.#look();
      else if (until === this.#pace.until) this.#pace = { ...this.#pace, until: 0 };
      this.#tend(platform);
    }
  }

  #serve(): void {
    for (;;) {
      const lane = this.#nextLane();
      const waiting = lane && this.#waiting[lane].next();
      if (waiting === undefined) return;
      const { claim, grant } = waiting;
      this.#last = claim.lane;
      grant(this.#give(claim.lane, claim.isResumable, claim.platform));
    }
  }

  /** Which lane's turn it is, of those that may have a connection. */
  #nextLane(): 'short' | 'feed' | undefined {
    if (!this.#isFree || this.busy >= this.#pace.atOnce) return undefined;
    const feeds = this.#count('feed') + this.#count('live');
    const isFeed = this.#waiting.feed.size > 0 && feeds < this.share;
    const isShort = this.#waiting.short.size > 0;
    if (isFeed && isShort) return this.#last === 'feed' ? 'short' : 'feed';
    if (isFeed) return 'feed';
    return isShort ? 'short' : undefined;
  }

  get #isWaitedFor(): boolean {
    return this.#waiting.short.size + this.#waiting.feed.size > 0;
  }

  get #isFree(): boolean {
    return this.#slots.size + this.#cooling < this.#limit;
  }

  #give(lane: Lane, isResumable: boolean, platform: Platform): Slot {
    const end = platform.elapsed() + SLICE;
    const slot = new Slot({
      lane,
      isResumable,
      slowdowns: this.#pace.slowdowns,
      isOverdue: () => lane === 'feed' && this.#isWaitedFor && platform.elapsed() >= end,
      onRelease: () => this.#takeBack(slot, platform),
    });
    this.#slots.add(slot);
    return slot;
  }

  #takeBack(slot: Slot, platform: Platform): void {
    this.#slots.delete(slot);
    this.#cooling += 1;
    this.#onChange();
    void afterTurn().then(() => {
      this.#cooling -= 1;
      this.#tend(platform);
    });
  }

  /** Takes a connection from a reader that does not use it, where others wait for just this. */
  #look(): void {
    const slots = [...this.#slots];
    for (const slot of slots) slot.look();
    const isStuck = slots.every(({ lane, isIdle }) => lane === 'live' || isIdle);
    const isWanted = this.#waiting.feed.size > 0 || isStuck;
    const [longest] = slots
      .filter(({ lane, isIdle, isResumable }) => isIdle && isResumable && (isStuck || lane === 'feed'))
      .sort((one, other) => other.rest - one.rest);
    if (isWanted) longest?.displace();
  }

  #count(lane: Lane): number {
    let count = 0;
    for (const slot of this.#slots) if (slot.lane === lane) count += 1;
    return count;
  }
}
