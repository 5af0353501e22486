import { formatSequence, type Sequence } from './sequence.ts';

/** How far a feed has been read, and how much of it is still wanted. */
export class FeedPosition {
  #safe: Sequence | undefined;
  #left: number | undefined;
  /** Rows after the safe position: they come again when the feed is resumed. */
  #rows = 0;
  #isFurther = false;
  #isStuck = false;

  /** @param limit the most rows */
  constructor(since: Sequence | undefined, limit: number | undefined) {
    this.#safe = since;
    this.#left = limit;
  }

  /** Where the feed can be resumed without losing a row. */
  get safe(): Sequence | undefined {
    return this.#safe;
  }

  /** The most rows that are wanted after the safe position. */
  get left(): number | undefined {
    return this.#left;
  }

  /** The most rows that are wanted of the answer that is being read. */
  get room(): number {
    return this.#left === undefined ? Number.POSITIVE_INFINITY : this.#left - this.#rows;
  }

  /** Whether the last answer ended before a row that had a sequence: the same request might do so for ever. */
  get isStuck(): boolean {
    return this.#isStuck;
  }

  /** The feed is asked again after the safe position. */
  resume(): void {
    this.#isStuck = this.#rows > 0 && !this.#isFurther;
    this.#isFurther = false;
    this.#rows = 0;
  }

  /** A row has come; gives whether it is safe to go on after it, which it is not where it has no sequence. */
  take(seq: Sequence | null): boolean {
    this.#rows += 1;
    if (seq === null) return false;
    if (this.#left !== undefined) this.#left = Math.max(0, this.#left - this.#rows);
    this.#rows = 0;
    this.#isFurther = true;
    this.#safe = seq;
    return true;
  }

  /** The server has told everything up to here. */
  reach(seq: Sequence): void {
    this.#safe = seq;
  }

  /** Whether the safe position is another one, as far as can be told. */
  isPast(since: Sequence | undefined): boolean {
    if (this.#safe === undefined || since === undefined) return this.#safe !== since;
    return formatSequence(this.#safe) !== formatSequence(since);
  }
}
