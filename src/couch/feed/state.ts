import { type Backoff, backoffDelay } from '../../core/backoff.ts';
import { ProtocolError } from '../../core/errors.ts';

/**
 * How a live feed decides, without doing anything: states are values, `advance` is a pure function of state, event, time
 * and chance. `feed-live.ts` does what the states say.
 *
 * A live feed first catches up by a `normal` request, whose end is the only sure sign that nothing is left, then waits for
 * its turn among the live feeds of its origin. With its turn comes a connection, on which it waits for what comes by a live
 * request, or, where there are not enough for all, the leave to ask once what there is (`crowd-plan.ts`). It catches up
 * again after everything but an orderly end.
 *
 * Every way to another request, and what bounds it; any of them waits for a connection first (`budget.ts`):
 *
 * | after | comes | bounded by |
 * |---|---|---|
 * | a catch-up that moved on, and the server counts more | a catch-up, at once | the changes there are: each request moves on |
 * | any other end of a catch-up | its turn | what bounds turns, below |
 * | the same, where the feed is polled | a catch-up, after the interval | the interval |
 * | a turn with a connection | a live request | what ends that one, below |
 * | a turn without one | a poll | 20 a second of all feeds of the origin, and one for each change that the server tells of them (`crowd-plan.ts`) |
 * | a poll that moved on, and there is more | a catch-up, at once | the changes there are |
 * | any other end of a poll | its turn | the same |
 * | the end of a live request that moved on | its turn, or a catch-up where the end named no position, at once | the changes there are |
 * | the same, without a change, after a second or more | the same, at once | one a second; by the timeout that was asked for in practice |
 * | the same, without a change, sooner | a catch-up, after back-off | the back-off, which only a proof resets |
 * | silence on a live request | a catch-up, at once | the time that silence takes, 30 seconds or more |
 * | a refusal of a live request that says the server lacks it | a catch-up, then the next kind | the number of kinds, an hour before a kind is tried again |
 * | the loss of the connection of a live request to another feed | its turn | five seconds before a feed loses it to a livelier one |
 * | the loss of that of a catch-up to another request | a catch-up, at once | one for each look at connections that are waited for, four a second (`budget.ts`) |
 * | status 429 | a catch-up, after the pause of the whole origin | the pause, which grows (`pace.ts`) |
 * | any other failure that may pass | a catch-up, after back-off | the back-off |
 * | a jump of the clock | a catch-up, at once | one jump in the period in which the clock is looked at |
 * | the beginning of a crowd, where the server may tell of all its databases | one live feed of them, by the same rules | an hour before a server that refuses is asked again (`crowd-watch.ts`) |
 * | the end of a session, before a request | `POST /_session` | one for each cookie (`session.ts`) |
 * | status 401 | the same request with renewed credentials | once (`request.ts`) |
 * | a redirect, inside one request | where it leads to | 20 (`transmit.ts`) |
 *
 * @module
 */

/** How changes are waited for; `normal` is asked again and again. */
export type LiveKind = 'continuous' | 'longpoll' | 'eventsource' | 'normal';

/** What a feed goes by. Times in milliseconds. */
export interface FeedPlan {
  /** The kinds to use, the best one first: the next is for where the one before it does not work. */
  readonly kinds: readonly [LiveKind, ...LiveKind[]];
  /** Between two signs of life of a live request. */
  readonly heartbeat: number;
  /** Between two requests where the feed is polled. */
  readonly interval: number;
  readonly backoff: Backoff;
}

/**
 * Where a feed stands: a request is sent and not answered (`connecting`), an answer of what there is arrives
 * (`catching-up`), one of what comes (`live`), none is wanted before the feed's turn (`queued`) or before some time
 * (`waiting`), none any more (`ended`, `failed`).
 */
export type FeedPhase = 'connecting' | 'catching-up' | 'live' | 'queued' | 'waiting' | 'ended' | 'failed';

/** What a request is for: all that there is, what comes, or whether there is anything. */
export type FeedPurpose = 'catch-up' | 'live' | 'poll';

/** A state of a live feed. */
export interface FeedState {
  readonly phase: FeedPhase;
  /** What the request is for that is under way, or comes after the wait. */
  readonly purpose: FeedPurpose;
  /** Which of the kinds is in use, by its place. */
  readonly choice: number;
  /** When a better one is to be tried again. */
  readonly retryAt: number;
  /** How long that is after the last time it failed, as far as the network may have been the reason; 0 before. */
  readonly penalty: number;
  /** When the request was sent. */
  readonly begun: number;
  /** Whether anything of its answer's body has arrived. */
  readonly heard: boolean;
  /** Whether its rows have moved the position. */
  readonly moved: boolean;
  /** Failures since the feed last moved on or a live request proved itself. */
  readonly failures: number;
  /** Live requests of this kind in a row that ended without having proved themselves. */
  readonly strikes: number;
  /** Until when to wait. */
  readonly until: number;
  /** Why the feed waits, where it is for a failure, or what ended it. */
  readonly error?: unknown;
}

/**
 * What a failure says: another try may help (`passing`), nothing came in time (`silent`), the origin is asked too much
 * (`too-many`), the server does not have this kind of feed (`lacking`), nothing helps (`final`).
 */
export type FeedFailure = 'passing' | 'silent' | 'too-many' | 'lacking' | 'final';

/** What happens to a feed. */
export type FeedEvent =
  /** The head of the answer arrived. */
  | { readonly type: 'opened' }
  /** A piece of the body arrived. */
  | { readonly type: 'heard' }
  /** Rows arrived, and the position is another one than before. */
  | { readonly type: 'moved' }
  /** The answer ended as it should; `positioned`: with a position; `more`: and the server counts more changes. */
  | { readonly type: 'finished'; readonly positioned: boolean; readonly more: boolean }
  /** All that was asked for has been told. */
  | { readonly type: 'completed' }
  /** `floor`: how long the server asks to wait. */
  | { readonly type: 'failed'; readonly failure: FeedFailure; readonly error: unknown; readonly floor: number }
  /** The connection was given to another request, or is about to be. */
  | { readonly type: 'displaced' }
  /** The clock jumped: the machine slept, and what is open may be dead without a sign. */
  | { readonly type: 'jumped' }
  /** It is the feed's turn: to wait for what comes, or to ask whether there is anything. */
  | { readonly type: 'turn'; readonly purpose: 'live' | 'poll' }
  /** The wait is over. */
  | { readonly type: 'elapsed' };

/** When something happens, by a steady clock, and a random number from 0 up to 1 that decides about waits. */
export interface Moment {
  readonly now: number;
  readonly chance: number;
}

/** So many live requests of a kind in a row without a proof, and the next kind takes its place. */
const STRIKES = 3;
/**
 * How long a kind stays in the place of a better one: a minute at first, as it may only have been the network that failed,
 * then twice as long each time; at once the longest time where the server has said that it lacks the better one.
 */
const PENALTY = { first: 60_000, longest: 3_600_000 };
/** An answer to a live request that ends sooner, without a change, has not waited for one. */
const HASTY = 1000;

/** The state of a feed whose first request is to be sent. */
export function initialState(now: number): FeedState {
  const memory = { choice: 0, retryAt: now, penalty: 0, failures: 0, strikes: 0, until: now };
  return { ...memory, phase: 'connecting', purpose: 'catch-up', begun: now, heard: false, moved: false };
}

/** The kind of the request that is under way, or comes after the wait. */
export function requestKind({ kinds }: FeedPlan, { purpose, choice }: FeedState): LiveKind {
  return purpose === 'live' ? (kinds[choice] ?? kinds[0]) : 'normal';
}

/** The next state. Events that cannot happen in a state change nothing. */
export function advance(plan: FeedPlan, state: FeedState, event: FeedEvent, moment: Moment): FeedState {
  switch (state.phase) {
    case 'connecting':
      if (event.type === 'opened') return { ...state, phase: state.purpose === 'live' ? 'live' : 'catching-up' };
      return event.type === 'failed' || event.type === 'jumped' || event.type === 'displaced'
        ? advanceAnswer(plan, state, event, moment)
        : state;
    case 'catching-up':
    case 'live':
      return advanceAnswer(plan, state, event, moment);
    case 'queued':
      if (event.type !== 'turn') return state;
      return connect(event.purpose === 'live' ? tryBetter(state, moment) : state, event.purpose, moment);
    case 'waiting':
      if (event.type === 'elapsed') return connect(state, state.purpose, moment);
      return event.type === 'jumped' ? connect(calm(state), 'catch-up', moment) : state;
    case 'ended':
    case 'failed':
      return state;
  }
}

function advanceAnswer(plan: FeedPlan, state: FeedState, event: FeedEvent, moment: Moment): FeedState {
  switch (event.type) {
    case 'heard': {
      const heard = { ...state, heard: true };
      // Something that comes later than one heartbeat has not been waiting for the request.
      return state.purpose === 'live' && moment.now - state.begun >= plan.heartbeat ? prove(heard) : heard;
    }
    case 'moved': {
      const moved = { ...state, moved: true, failures: 0 };
      return state.purpose === 'live' ? prove(moved) : moved;
    }
    case 'finished':
      if (state.purpose === 'live') return finishLive(plan, state, event.positioned, moment);
      if (event.more && state.moved) return connect(state, 'catch-up', moment);
      return state.purpose === 'poll' ? queue({ ...state, failures: 0 }) : finishCatchUp(plan, state, moment);
    case 'completed':
      return { ...state, phase: 'ended' };
    case 'failed':
      return fail(plan, state, event, moment);
    case 'displaced':
      return state.purpose === 'catch-up' ? connect(state, 'catch-up', moment) : queue(state);
    case 'jumped':
      return connect(calm(state), 'catch-up', moment);
    case 'opened':
    case 'turn':
    case 'elapsed':
      return state;
  }
}

function finishCatchUp(plan: FeedPlan, state: FeedState, moment: Moment): FeedState {
  const isPolled = plan.kinds[tryBetter(state, moment).choice] === 'normal';
  return isPolled ? wait(calm(state), plan.interval, moment) : queue(state);
}

function finishLive(plan: FeedPlan, state: FeedState, positioned: boolean, moment: Moment): FeedState {
  if (state.moved || moment.now - state.begun >= HASTY) {
    return positioned ? queue(calm(state)) : connect(calm(state), 'catch-up', moment);
  }
  const error = new ProtocolError('The live feed ended at once and told nothing', true);
  return fail(plan, state, { failure: 'passing', error, floor: 0 }, moment);
}

function fail(
  plan: FeedPlan,
  state: FeedState,
  { failure, error, floor }: { readonly failure: FeedFailure; readonly error: unknown; readonly floor: number },
  moment: Moment,
): FeedState {
  if (failure === 'too-many') return wait({ ...state, error }, floor, moment);
  const isLive = state.purpose === 'live';
  const hasNext = isLive && state.choice + 1 < plan.kinds.length;
  if (failure === 'final' || (failure === 'lacking' && !hasNext)) return { ...state, phase: 'failed', error };
  const strikes = isLive ? state.strikes + 1 : state.strikes;
  const isMute = failure === 'silent' && !state.heard;
  const isOver = hasNext && (failure === 'lacking' || isMute || strikes >= STRIKES);
  const failed = isOver ? giveUpKind(state, failure, moment) : { ...state, strikes, failures: state.failures + 1 };
  if (isLive && failure !== 'passing') return connect(failed, 'catch-up', moment);
  return wait({ ...failed, error }, backoffDelay(failed.failures, plan.backoff, moment.chance, floor), moment);
}

/** The next kind takes the place of one that does not work. */
function giveUpKind(state: FeedState, failure: FeedFailure, { now }: Moment): FeedState {
  const longer = Math.min(PENALTY.longest, state.penalty === 0 ? PENALTY.first : 2 * state.penalty);
  const penalty = failure === 'lacking' ? PENALTY.longest : longer;
  return {
    ...state,
    choice: state.choice + 1,
    retryAt: now + penalty,
    penalty,
    strikes: 0,
    failures: state.failures + 1,
  };
}

/** The best kind again, when it is time. */
function tryBetter(state: FeedState, { now }: Moment): FeedState {
  return state.choice > 0 && now >= state.retryAt ? { ...state, choice: 0, strikes: 0 } : state;
}

/** Nothing is wrong, as far as can be seen. */
function calm(state: FeedState): FeedState {
  return { ...state, failures: 0, strikes: 0 };
}

/** A live request works. */
function prove(state: FeedState): FeedState {
  return calm(state.choice === 0 ? { ...state, penalty: 0 } : state);
}

function queue({ error: _, ...state }: FeedState): FeedState {
  return { ...state, phase: 'queued' };
}

function connect({ error: _, ...state }: FeedState, purpose: FeedState['purpose'], { now }: Moment): FeedState {
  return { ...state, phase: 'connecting', purpose, begun: now, heard: false, moved: false };
}

function wait(state: FeedState, delay: number, { now }: Moment): FeedState {
  return { ...state, phase: 'waiting', purpose: 'catch-up', until: now + delay };
}
