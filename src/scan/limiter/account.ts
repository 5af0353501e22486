import type { RateClass, RateLimits } from './limits.ts';

/** What an origin has to give, at a time. States are values, times in milliseconds. */
export interface Account {
  /** When the levels were reckoned. */
  readonly at: number;
  /** Tokens that are there, by class; below 0 what was taken ahead and has to come in first. */
  readonly levels: Readonly<Record<RateClass, number>>;
  /** The part of the limits that is left after the last refusal, and since when it grows again. */
  readonly share: number;
  readonly slowedAt: number;
  /** Nothing is given before, as the origin has asked. */
  readonly heldUntil: number;
}

/** What is asked of an account. */
export interface Draw {
  readonly kind: RateClass;
  /** So many tokens are needed. */
  readonly need: number;
  /** So many are welcome, should they be there. */
  readonly wish: number;
  readonly limits: RateLimits;
}

/** What comes of it. */
export interface Drawn {
  /** The same where nothing has changed. */
  readonly account: Account;
  /** At least as many as were needed, or none at all. */
  readonly granted: number;
  /** In how many milliseconds to ask again, where none were granted. */
  readonly wait: number;
}

/** An account holds what comes in in so many milliseconds, and no more. */
export const HOLDS = 500;

/** A refusal halves what is given, down to this part of it. */
const LEAST_SHARE = 1 / 16;
/** Of the limits, comes back in a second. */
const RECOVERY = 1 / 20;
/** Refusals of requests that were sent together count as one. */
const ONE_REFUSAL = 1000;
/** However long an origin asks to wait, it is asked again after ten minutes. */
const LONGEST_HOLD = 600_000;
/** Clocks of several machines differ by less; an account that is further ahead is one of a clock that was set back. */
const LARGEST_SKEW = 10_000;

/** An account that nothing was taken from for a while. */
export function openAccount(limits: RateLimits, now: number): Account {
  const levels = mapClasses((kind) => held(limits[kind]));
  return { at: now, levels, share: 1, slowedAt: now - ONE_REFUSAL, heldUntil: now };
}

/**
 * Takes tokens from an account. Whoever needs more than there are takes them ahead, should there be any; the next ones wait until they
 * have come in. So of a class no more are granted in `t` milliseconds than come in in `t + HOLDS`, and one need.
 */
export function draw(stored: Account, { kind, need, wish, limits }: Draw, now: number): Drawn {
  const account = withoutSkew(stored, now);
  const hold = Math.min(account.heldUntil - now, LONGEST_HOLD);
  if (hold > 0) return { account, granted: 0, wait: hold };
  const limit = limits[kind];
  if (limit === Number.POSITIVE_INFINITY) return { account, granted: limit, wait: 0 };
  const current = refilled(account, limits, now);
  const level = current.levels[kind];
  if (level <= 0) {
    const rate = (limit * shareAt(current, now)) / 1000;
    return { account, granted: 0, wait: Math.ceil(-level / rate) + Math.max(0, current.at - now) + 1 };
  }
  const granted = Math.max(need, Math.min(wish, level));
  return { account: { ...current, levels: { ...current.levels, [kind]: level - granted } }, granted, wait: 0 };
}

/** The account after the origin has refused something for being too much. */
export function slowedDown(account: Account, retryAfter: number | undefined, now: number): Account {
  const heldUntil = Math.max(account.heldUntil, now + Math.min(retryAfter ?? 0, LONGEST_HOLD));
  if (now - account.slowedAt < ONE_REFUSAL) return { ...account, heldUntil };
  // It recovers from when it is asked again.
  return { ...account, heldUntil, share: Math.max(LEAST_SHARE, shareAt(account, now) / 2), slowedAt: heldUntil };
}

function withoutSkew(account: Account, now: number): Account {
  return account.at - now > LARGEST_SKEW ? { ...account, at: now, slowedAt: now, heldUntil: now } : account;
}

function refilled(account: Account, limits: RateLimits, now: number): Account {
  const elapsed = now - account.at;
  if (elapsed <= 0) return account;
  const share = shareAt(account, now);
  const levels = mapClasses((kind) =>
    Math.min(held(limits[kind]), account.levels[kind] + (limits[kind] * share * elapsed) / 1000),
  );
  return { ...account, at: now, levels };
}

function shareAt({ share, slowedAt }: Account, now: number): number {
  return Math.min(1, share + (RECOVERY * Math.max(0, now - slowedAt)) / 1000);
}

/** An account without a limit need not hold anything, and a level must be a number that JSON knows. */
function held(limit: number): number {
  return limit === Number.POSITIVE_INFINITY ? 0 : (limit * HOLDS) / 1000;
}

function mapClasses(of: (kind: RateClass) => number): Record<RateClass, number> {
  return { db: of('db'), doc: of('doc'), write: of('write'), feed: of('feed') };
}
