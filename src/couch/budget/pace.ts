import { backoffDelay } from '../../core/backoff.ts';

/**
 * How fast an origin may be asked, as its answers with status 429 (RFC 6585, section 4) have taught: additive increase,
 * multiplicative decrease, with a pause at each decrease. States are values; times in milliseconds.
 */
export interface Pace {
  /** The most requests at the same time. */
  readonly atOnce: number;
  /** Until when nothing is sent, by a steady clock. */
  readonly until: number;
  /** How often it has been slowed down: what was sent before the last time says nothing new. */
  readonly slowdowns: number;
  /** How many of these came in a row, without a request that was answered in between. */
  readonly row: number;
  /** Requests answered since the last change. */
  readonly answered: number;
}

/** As fast as connections allow. */
export const unhindered: Pace = { atOnce: Number.POSITIVE_INFINITY, until: 0, slowdowns: 0, row: 0, answered: 0 };

/** The pauses, where the server does not ask for longer ones. */
const PAUSE = { base: 250, cap: 60_000 };
/** However long a server asks to wait, it is asked again after ten minutes: whoever waits shall hear of it by then. */
const LONGEST_PAUSE = 600_000;

/** A request that was refused, and the circumstances. */
export interface TooMany {
  /** How often the pace had been slowed down when the request was sent. */
  readonly slowdowns: number;
  /** How many requests were under way, itself included. */
  readonly busy: number;
  /** How long the server asks to wait. */
  readonly retryAfter: number | undefined;
  readonly now: number;
  /** From 0 up to 1. */
  readonly chance: number;
}

/** The pace after a request was refused for being one too many: half as fast, after a pause. */
export function slowedDown(pace: Pace, { slowdowns, busy, retryAfter, now, chance }: TooMany): Pace {
  const asked = Math.min(retryAfter ?? 0, LONGEST_PAUSE);
  // Of several that were sent together, one slows down; each may ask for a longer pause.
  if (slowdowns !== pace.slowdowns) return { ...pace, until: Math.max(pace.until, now + asked) };
  const row = pace.row + 1;
  // At least half of the bound: a pause of nothing would be none.
  const pause = backoffDelay(row, PAUSE, (1 + chance) / 2, asked);
  return {
    atOnce: Math.max(1, Math.floor(Math.min(pace.atOnce, busy) / 2)),
    until: Math.max(pace.until, now + pause),
    slowdowns: pace.slowdowns + 1,
    row,
    answered: 0,
  };
}

/**
 * The pace after a request was answered: one more at once for every full round of answers.
 *
 * @param slowdowns how often the pace had been slowed down when the request was sent
 * @param most so many at once are no hindrance any more
 */
export function recovered(pace: Pace, slowdowns: number, most: number): Pace {
  if (slowdowns !== pace.slowdowns || pace.atOnce === Number.POSITIVE_INFINITY) return pace;
  const answered = pace.answered + 1;
  if (answered < pace.atOnce) return { ...pace, row: 0, answered };
  const atOnce = pace.atOnce + 1;
  return { ...pace, row: 0, answered: 0, atOnce: atOnce < most ? atOnce : Number.POSITIVE_INFINITY };
}
