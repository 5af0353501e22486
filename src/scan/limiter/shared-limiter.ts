import { isContentionError } from '../../core/errors.ts';
import { isJsonObject } from '../../core/json-value.ts';
import { type Platform, platform } from '../../core/platform.ts';
import { decodeJson, encodeJson } from '../../kv/json.ts';
import type { Decision, Entry, Key, Kv } from '../../kv/kv.ts';
import { type Account, type Draw, draw, HOLDS, openAccount, slowedDown } from './account.ts';
import { type Bank, BankLimiter, type Limiter } from './limiter.ts';
import { DEFAULT_LIMITS, type RateClass, type RateLimits, withLimits } from './limits.ts';

/**
 * A limiter that all workers of a store share for an origin: together they keep to the limits, as one limiter would. Give all of them the
 * same limits.
 *
 * A worker leases as many tokens as it is going to use in half a second, by one update of the store, and uses them without asking. What it
 * does not use in that time, as it has died, is lost to the others for that time and no longer; who uses none asks for none. Clocks may
 * differ by less than ten seconds.
 *
 * @param origin scheme, host and port of what is to be spared
 * @param limits instead of {@link DEFAULT_LIMITS}
 * @param replaced clock and chance, where they are not those of the platform
 * @throws InputError for a limit that is none. While taking: StoreError
 */
export function sharedLimiter(
  kv: Kv,
  origin: string,
  limits: Partial<RateLimits> = {},
  replaced: Partial<Platform> = {},
): Limiter {
  const all = withLimits(DEFAULT_LIMITS, limits);
  const clock = platform(replaced);
  return new BankLimiter(new SharedBank(kv, ['scan', 'limiter', origin], clock), all, clock);
}

/** How long leased tokens are good for: what an account holds and what is leased are then together what comes in in a second. */
const SLICE = 1000 - HOLDS;

/**
 * Who was given nothing does not look again sooner, or many who wait for few tokens would keep the store busy; nor do all look at the
 * same time, or the same one would always be the first.
 */
const LEAST_WAIT = 100;

interface Lease {
  readonly granted: number;
  readonly until: number;
  used: number;
}

const NOTHING: Lease = { granted: 0, until: Number.NEGATIVE_INFINITY, used: 0 };

/** A lease, or in how many milliseconds to ask for one again. */
type Answer = { readonly granted: number; readonly until: number } | { readonly wait: number };

/** The account of an origin in a store, and what this worker has leased of it. */
class SharedBank implements Bank {
  readonly #kv: Kv;
  readonly #key: Key;
  readonly #platform: Platform;
  readonly #leases = new Map<RateClass, Lease>();
  /** What the origin has refused and the store has not been told yet. */
  #refusal: { readonly retryAfter: number | undefined } | undefined;
  /** Ends when those who came before have drawn: two of them must not use the same lease. */
  #before: Promise<unknown> = Promise.resolve();

  constructor(kv: Kv, key: Key, platform: Platform) {
    this.#kv = kv;
    this.#key = key;
    this.#platform = platform;
  }

  draw(kind: RateClass, count: number, limits: RateLimits): Promise<number> {
    const turn = this.#before.then(() => this.#draw(kind, count, limits));
    this.#before = turn.catch(() => {});
    return turn;
  }

  slow(retryAfter: number | undefined): void {
    this.#refusal = { retryAfter: Math.max(retryAfter ?? 0, this.#refusal?.retryAfter ?? 0) };
    this.#leases.clear();
  }

  forget(): void {
    this.#leases.clear();
  }

  async #draw(kind: RateClass, count: number, limits: RateLimits): Promise<number> {
    const lease = this.#leases.get(kind) ?? NOTHING;
    // A refusal is told to the others before anything else is used.
    const isValid = this.#refusal === undefined && this.#platform.elapsed() < lease.until;
    const left = isValid ? lease.granted - lease.used : 0;
    if (left >= count) {
      lease.used += count;
      return 0;
    }
    const need = count - left;
    // Used up before its time it was too small; otherwise as much as was used will do.
    const wish = isValid ? 2 * lease.granted : lease.used;
    const answer = await this.#ask({ kind, need, wish, limits });
    if ('wait' in answer) return Math.max(answer.wait, LEAST_WAIT) + this.#platform.random() * LEAST_WAIT;
    this.#leases.set(kind, { ...answer, used: need });
    return 0;
  }

  async #ask(wanted: Draw): Promise<Answer> {
    const refusal = this.#refusal;
    const decide = (entry: Entry | undefined): Decision<Answer> => {
      const now = this.#platform.now();
      const stored = entry === undefined ? undefined : accountOf(decodeJson(entry.value));
      const before = stored ?? openAccount(wanted.limits, now);
      const told = refusal === undefined ? before : slowedDown(before, refusal.retryAfter, now);
      const { account, granted, wait } = draw(told, wanted, now);
      const result = granted > 0 ? { granted, until: this.#platform.elapsed() + SLICE } : { wait };
      return account === stored ? { result } : { set: [[this.#key, encodeJson(account)]], result };
    };
    try {
      const answer = await this.#kv.update([this.#key], ([entry]) => decide(entry), { durability: 'relaxed' });
      if (this.#refusal === refusal) this.#refusal = undefined;
      return answer;
    } catch (error) {
      // Too many ask at once.
      if (!isContentionError(error)) throw error;
      return { wait: LEAST_WAIT };
    }
  }
}

/** Undefined for what is none: it is made anew, as after a while nothing of it counts anyway. */
function accountOf(stored: unknown): Account | undefined {
  if (!isJsonObject(stored) || !isJsonObject(stored['levels'])) return undefined;
  const { at, share, slowedAt, heldUntil } = stored;
  const { db, doc, write, feed } = stored['levels'];
  if (![at, share, slowedAt, heldUntil, db, doc, write, feed].every(Number.isFinite)) return undefined;
  return stored as unknown as Account;
}
