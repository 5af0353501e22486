/** A request lost its connection to another one that waited. Whoever reads its answer asks again where that ended. */
export class DisplacedError extends Error {
  override readonly name = 'DisplacedError';
}

/**
 * What is read over a connection: answers that are read at once and end by themselves (`short`), feeds, whose readers may
 * take their time and need other answers meanwhile (`feed`), and feeds that wait for what comes (`live`).
 */
export type Lane = 'short' | 'feed' | 'live';

/** What a slot is for, and whom it tells. */
export interface SlotTerms {
  readonly lane: Lane;
  /** Whether its reader can go on with another request. */
  readonly isResumable: boolean;
  /** How often the pace had been slowed down when it was given. */
  readonly slowdowns: number;
  /** Whether it is time to let another one have it, should it be convenient. */
  readonly isOverdue: () => boolean;
  readonly onRelease: () => void;
}

/** One of an origin's connections, from before a request is sent until its answer is read or given up. */
export class Slot {
  readonly #terms: SlotTerms;
  readonly #controller = new AbortController();
  #isHeld = true;
  /** Undefined while its reader waits for the network. */
  #rest: number | undefined;

  constructor(terms: SlotTerms) {
    this.#terms = terms;
  }

  get lane(): Lane {
    return this.#terms.lane;
  }

  get slowdowns(): number {
    return this.#terms.slowdowns;
  }

  /** Aborts when another request gets the connection. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Whether its reader had better end here, where he can go on later, as others wait for a connection. */
  get isOverdue(): boolean {
    return this.#terms.isOverdue();
  }

  /** Whether its reader can go on with another request. */
  get isResumable(): boolean {
    return this.#terms.isResumable;
  }

  /** How often in a row somebody looked and its reader was not waiting for the network. */
  get rest(): number {
    return this.#rest ?? 0;
  }

  /** Whether its reader has not been waiting for the network from one look to the next. */
  get isIdle(): boolean {
    return this.rest > 1;
  }

  /** The reader has what he asked for. */
  pauseReading(): void {
    this.#rest = 0;
  }

  /** The reader asks for more. */
  goOnReading(): void {
    this.#rest = undefined;
  }

  /** Somebody looks whether the connection is being used. */
  look(): void {
    if (this.#rest !== undefined) this.#rest += 1;
  }

  /** Gives the connection back; more than once does no harm. */
  release(): void {
    if (!this.#isHeld) return;
    this.#isHeld = false;
    this.#terms.onRelease();
  }

  /** Takes the connection away from its reader. */
  displace(): void {
    this.#controller.abort(new DisplacedError('The connection was given to another request'));
    this.release();
  }
}
