import { childController } from '../../core/abort.ts';
import { InputError } from '../../core/errors.ts';
import { type Platform, platform } from '../../core/platform.ts';
import { type Account, draw, openAccount, slowedDown } from './account.ts';
import { adjusted, type Delay, initialDelay, noDelay } from './delay.ts';
import { DEFAULT_LIMITS, type RateClass, type RateLimits, withLimits } from './limits.ts';

/** Holds an origin's limits: whoever is about to do something takes as many tokens as that is worth. */
export interface Limiter {
  readonly limits: RateLimits;
  /**
   * Resolves when so much may be done. In any `t` seconds no more is let through than the limit times `t + 1`, and once the largest
   * count: what is worth more than there is goes ahead, and the next ones wait until it is paid.
   *
   * @param count of documents for `doc` and `write`; 0 only waits the delay
   * @throws the signal's reason when that aborts first
   */
  take(kind: RateClass, count: number, signal?: AbortSignal): Promise<void>;
  /**
   * The origin has refused something, with 429 or 503: half as much is let through, more again as time goes by.
   *
   * @param sign `retryAfter` is what the origin asks to wait, in milliseconds; nothing is let through before
   */
  slow(sign?: { readonly retryAfter?: number | undefined }): void;
  /**
   * Changes limits, for those who wait as well.
   *
   * @throws InputError for a limit that is none
   */
  setLimits(limits: Partial<RateLimits>): void;
}

/** Who gives the tokens out. */
export interface Bank {
  /** Draws so many tokens. Gives 0 where they are granted, otherwise in how many milliseconds to ask again. */
  draw(kind: RateClass, count: number, limits: RateLimits): number | Promise<number>;
  slow(retryAfter: number | undefined): void;
  /** Limits have changed. */
  forget(): void;
}

/**
 * A limiter of this process alone.
 *
 * @param limits instead of {@link DEFAULT_LIMITS}
 * @param replaced clock and chance, where they are not those of the platform
 * @throws InputError for a limit that is none
 *
 * @example
 * ```ts
 * const limiter = createLimiter({ doc: 200 });
 * await limiter.take('doc', 100); // before a request for 100 bodies
 * ```
 */
export function createLimiter(limits: Partial<RateLimits> = {}, replaced: Partial<Platform> = {}): Limiter {
  const all = withLimits(DEFAULT_LIMITS, limits);
  const clock = platform(replaced);
  return new BankLimiter(new OwnBank(all, clock), all, clock);
}

/** Waits where its bank says so, and delays operations beside that as CouchDB's own scanner does, so that they do not come in bursts. */
export class BankLimiter implements Limiter {
  readonly #bank: Bank;
  readonly #platform: Platform;
  readonly #delays = new Map<RateClass, Delay>();
  #limits: RateLimits;
  /** Aborts when those who wait are to look again. */
  #changed = new AbortController();

  constructor(bank: Bank, limits: RateLimits, platform: Platform) {
    this.#bank = bank;
    this.#limits = limits;
    this.#platform = platform;
  }

  get limits(): RateLimits {
    return this.#limits;
  }

  async take(kind: RateClass, count: number, signal?: AbortSignal): Promise<void> {
    if (!(count >= 0 && count < Number.POSITIVE_INFINITY)) {
      throw new InputError(`What is taken of a limit must be a number from 0 on, not ${count}`);
    }
    signal?.throwIfAborted();
    const delay = Math.floor(this.#delayOf(kind).ms);
    await this.#rest(delay, signal);
    if (count === 0) return;
    const start = this.#platform.elapsed();
    for (;;) {
      const wait = await this.#bank.draw(kind, count, this.#limits);
      if (wait === 0) break;
      await this.#rest(wait, signal);
    }
    const now = this.#platform.elapsed();
    // Who has waited less than the delay would be slowed down for nothing: the bank alone holds the limit.
    this.#delays.set(kind, adjusted(this.#delayOf(kind), now - start > delay, now));
  }

  slow({ retryAfter }: { readonly retryAfter?: number | undefined } = {}): void {
    const now = this.#platform.elapsed();
    for (const [kind, delay] of this.#delays) this.#delays.set(kind, adjusted(delay, true, now));
    this.#bank.slow(retryAfter);
  }

  setLimits(limits: Partial<RateLimits>): void {
    this.#limits = withLimits(this.#limits, limits);
    this.#bank.forget();
    this.#changed.abort();
    this.#changed = new AbortController();
  }

  #delayOf(kind: RateClass): Delay {
    return this.#delays.get(kind) ?? (this.#limits[kind] === Number.POSITIVE_INFINITY ? noDelay : initialDelay);
  }

  async #rest(ms: number, signal: AbortSignal | undefined): Promise<void> {
    if (ms <= 0) return;
    const changed = this.#changed.signal;
    const rest = childController(signal, changed);
    try {
      await this.#platform.sleep(ms, rest.signal);
    } catch (error) {
      if (signal?.aborted || !changed.aborted) throw error;
    } finally {
      rest.release();
    }
  }
}

/** The account of a limiter that shares it with nobody. */
class OwnBank implements Bank {
  readonly #platform: Platform;
  #account: Account;

  constructor(limits: RateLimits, platform: Platform) {
    this.#platform = platform;
    this.#account = openAccount(limits, platform.elapsed());
  }

  draw(kind: RateClass, count: number, limits: RateLimits): number {
    const { account, wait } = draw(this.#account, { kind, need: count, wish: count, limits }, this.#platform.elapsed());
    this.#account = account;
    return wait;
  }

  slow(retryAfter: number | undefined): void {
    this.#account = slowedDown(this.#account, retryAfter, this.#platform.elapsed());
  }

  forget(): void {}
}
