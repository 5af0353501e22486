/**
 * Which of the live feeds of an origin keep a connection, which are asked in turns, and when: decisions only, as a pure
 * function. `crowd.ts` does what it says. Times in milliseconds, by a steady clock.
 *
 * As long as there are connections for all, each keeps one. Else it is a crowd: the feeds on which something happened last
 * keep one, all others are asked in turns.
 */

/**
 * How a live feed stands: nothing is under way until its turn comes (`waiting`), it has a connection on which it waits for
 * changes (`holding`), it asks what there is (`asking`), or it is busy with what it was told, or with a failure (`away`).
 */
export type Standing = 'waiting' | 'holding' | 'asking' | 'away';

/** A live feed, as far as its turn depends on it. */
export interface CrowdMember {
  readonly standing: Standing;
  /** When something last happened on it; `-Infinity` for never. */
  readonly activeAt: number;
  /** When its last turn came: to ask, or to hold a connection. */
  readonly askedAt: number;
  /** Whether it is said to have changed since it was asked. */
  readonly isTold: boolean;
  /** Whether it would have been said, had it changed since it was asked. */
  readonly isWatched: boolean;
}

/** What there is to decide about. */
export interface CrowdView<M extends CrowdMember> {
  readonly members: readonly M[];
  /** How many members may hold a connection. */
  readonly places: number;
  /** How many members may ask at the same time. */
  readonly atOnce: number;
  /** When a member was last asked that was not said to have changed. */
  readonly lastAskedAt: number;
}

/** What is to be done. */
export interface CrowdPlan<M> {
  /** Get a connection. */
  readonly hold: readonly M[];
  /** Give theirs up. */
  readonly yield: readonly M[];
  /** Are asked. */
  readonly ask: readonly M[];
  /** When to decide anew, if nothing happens before. */
  readonly at: number;
}

/** Between two requests that find out whether there is anything: 20 a second at the most. */
export const SPACING = 50;
/** How often each is asked, where there are few. */
export const PERIOD = 5000;
/** How often each is asked whose changes are told. */
export const WATCHED_PERIOD = 120_000;
/** So long a feed keeps its connection, and so much longer must it be quiet, before a livelier one may have it. */
export const TENURE = 5000;

/** How long a member waits from one time it is asked to the next, when it neither holds a connection nor is said to have changed. */
export function periodOf(isWatched: boolean, members: number): number {
  return Math.max(isWatched ? WATCHED_PERIOD : PERIOD, members * SPACING);
}

/** Decides about a crowd, or about what is none. */
export function planCrowd<M extends CrowdMember>(view: CrowdView<M>, now: number): CrowdPlan<M> {
  const holding = view.members.filter(({ standing }) => standing === 'holding').sort(byActivity);
  const waiting = view.members.filter(({ standing }) => standing === 'waiting').sort(byActivity);
  const surplus = holding.slice(view.places);
  const hold = waiting.slice(0, Math.max(0, view.places - holding.length));
  const rest = waiting.slice(hold.length);
  const [challenger] = rest;
  const weakest = holding[view.places - 1];
  const isChallenged = challenger && weakest && challenger.activeAt > weakest.activeAt + TENURE;
  const tenureEnd = isChallenged ? weakest.askedAt + TENURE : Number.POSITIVE_INFINITY;
  const { ask, at } = planTurns(view, rest, now);
  return {
    hold,
    yield: tenureEnd <= now && weakest !== undefined ? [...surplus, weakest] : surplus,
    ask,
    at: Math.min(at, tenureEnd > now ? tenureEnd : Number.POSITIVE_INFINITY),
  };
}

/** Who of those that hold no connection is asked now, and when the next one will be. */
function planTurns<M extends CrowdMember>(
  { members, atOnce, lastAskedAt }: CrowdView<M>,
  waiting: readonly M[],
  now: number,
): { ask: M[]; at: number } {
  let room = atOnce - members.filter(({ standing }) => standing === 'asking').length;
  let next = Math.max(now, lastAskedAt + SPACING);
  const ask: M[] = [];
  let at = Number.POSITIVE_INFINITY;
  const due = (member: M): number =>
    member.isTold ? Number.NEGATIVE_INFINITY : member.askedAt + periodOf(member.isWatched, members.length);
  for (const member of [...waiting].sort(
    (one, other) => compare(due(one), due(other)) || compare(one.askedAt, other.askedAt),
  )) {
    // An answer makes room, and is a reason to decide anew.
    if (room <= 0) break;
    const time = member.isTold ? now : Math.max(due(member), next);
    if (time > now) {
      at = time;
      break;
    }
    ask.push(member);
    room -= 1;
    if (!member.isTold) next = now + SPACING;
  }
  return { ask, at };
}

/** The liveliest first; among equals the one whose turn came first. */
function byActivity(one: CrowdMember, other: CrowdMember): number {
  return compare(other.activeAt, one.activeAt) || compare(one.askedAt, other.askedAt);
}

function compare(one: number, other: number): number {
  return one < other ? -1 : Number(one > other);
}
