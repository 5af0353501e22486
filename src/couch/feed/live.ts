import { childController } from '../../core/abort.ts';
import { isCouchError, isNetworkError, isRetryable, NetworkError } from '../../core/errors.ts';
import type { Seat } from '../budget/seat.ts';
import { DisplacedError, type Slot } from '../budget/slot.ts';
import type { RequestDescription } from '../request/connection.ts';
import { originOf } from '../request/origin.ts';
import { isDatabaseMissing } from '../request/refusal.ts';
import { send } from '../request/request.ts';
import { isTooMany } from '../request/retry.ts';
import { type FeedPiece, LackingFeedError, readFeedAnswer } from './answer.ts';
import { watchClock } from './clock.ts';
import { endAt, positioned } from './once.ts';
import { withPauses } from './pauses.ts';
import { FeedPosition } from './position.ts';
import type { Sequence } from './sequence.ts';
import type { FeedEnd, FeedIdle, FeedReconnected, FeedRow, FeedSign, FeedSource } from './source.ts';
import {
  advance,
  type FeedEvent,
  type FeedFailure,
  type FeedPlan,
  type FeedState,
  initialState,
  requestKind,
} from './state.ts';
import { type FeedTiming, isAgreed, uncompressed, waitingRequest } from './timing.ts';

/** What a live feed goes by. */
export interface FollowOptions {
  readonly plan: FeedPlan;
  readonly timing: FeedTiming;
  /** Whether rows are selected at the server, so that only the end of an answer tells how far it has read. */
  readonly isSelective: boolean;
  /** Whether what the server counts as pending is what is left of this feed. */
  readonly countsPending: boolean;
  /** The feed's place among the live feeds of its origin. It is left when the feed ends. */
  readonly seat: Seat;
}

/** After rows that nothing follows for so many milliseconds, a feed counts as idle: CouchDB itself says so only by its next heartbeat. */
const PAUSE = 100;

/**
 * Where one connection has died without a sign, so may have others that the platform kept for the next requests: they are
 * given up when an answer does not begin within so many milliseconds, twice as many each time, up to what is usual.
 */
const SUSPICION = 10_000;

/**
 * Follows a feed for ever, or up to its limit: tells what there is, then what comes, through every failure that may pass.
 * Decisions are those of `feed-state.ts`. Rows may come twice, none is lost.
 *
 * Leaving closes the connection, or ends the wait for the next one.
 */
export function follow<R extends FeedRow>(
  source: FeedSource<R>,
  options: FollowOptions,
  signal: AbortSignal,
): AsyncGenerator<readonly (R | FeedSign)[], void, undefined> {
  return new Follower(source, options).run(signal);
}

class Follower<R extends FeedRow> {
  readonly #source: FeedSource<R>;
  readonly #options: FollowOptions;
  readonly #position: FeedPosition;
  #state: FeedState;
  /** What the last idle event told, and whether rows have come since. */
  #toldSeq: Sequence | undefined;
  #toldRows = true;
  /** Whether a connection broke, or ended otherwise than was agreed, since the last one was made. */
  #isBroken = false;
  /** How long the answer to a request that catches up may take to begin, where it is less than usual. */
  #patience = Number.POSITIVE_INFINITY;

  /** The connection that came with the feed's turn. */
  #slot: Slot | undefined;

  constructor(source: FeedSource<R>, options: FollowOptions) {
    this.#source = source;
    this.#options = options;
    this.#position = new FeedPosition(source.since, source.limit);
    this.#state = initialState(source.endpoint.platform.elapsed());
  }

  async *run(signal: AbortSignal): AsyncGenerator<readonly (R | FeedSign)[], void, undefined> {
    const { seat } = this.#options;
    try {
      while (this.#state.phase !== 'ended') {
        if (this.#state.phase === 'failed') throw this.#state.error;
        if (this.#state.phase === 'queued') {
          this.#slot = await seat.turn(signal);
          this.#advance({ type: 'turn', purpose: this.#slot === undefined ? 'poll' : 'live' });
        }
        yield* this.#attempt(signal);
      }
    } finally {
      seat.leave();
    }
  }

  /** Carries out one request, or one wait, and takes what may happen to it. */
  async *#attempt(signal: AbortSignal): AsyncGenerator<readonly (R | FeedSign)[], void, undefined> {
    const attempt = childController(signal, this.#slot?.signal);
    const jumped = new NetworkError('The clock jumped, so the connection may be dead', 'timeout');
    const stop = watchClock(this.#source.endpoint.platform, () => attempt.abort(jumped));
    try {
      if (this.#state.phase === 'waiting') await this.#wait(attempt.signal);
      else yield* this.#ask(attempt.signal);
    } catch (error) {
      if (signal.aborted) throw error;
      const event: FeedEvent = attempt.signal.reason === jumped ? { type: 'jumped' } : this.#judge(error);
      this.#suspect(event);
      this.#isBroken ||= isBreak(event);
      this.#advance(event);
    } finally {
      stop();
      attempt.release();
      this.#slot?.release();
      this.#slot = undefined;
      this.#options.seat.rest();
    }
  }

  async #wait(signal: AbortSignal): Promise<void> {
    const { platform, onRetry } = this.#source.endpoint;
    const { failures, error, until } = this.#state;
    const delay = Math.max(0, until - platform.elapsed());
    if (error !== undefined) onRetry?.({ failures, delay, error });
    await platform.sleep(delay, signal);
    this.#advance({ type: 'elapsed' });
  }

  /** Sends one request and tells its answer. */
  async *#ask(signal: AbortSignal): AsyncGenerator<readonly (R | FeedSign)[], void, undefined> {
    const { endpoint, request, parse } = this.#source;
    const { plan, timing, isSelective } = this.#options;
    const kind = requestKind(plan, this.#state);
    const { purpose } = this.#state;
    const waiting = waitingRequest(kind, timing, isSelective);
    const query = { ...request.query, ...waiting.query };
    const limits = { head: Math.min(endpoint.connection.limits.head, this.#patience), ...waiting.limits };
    // Rows that come one by one each need their sequence.
    const asked = purpose === 'catch-up' ? request : { ...request, query: { ...query, seq_interval: undefined } };
    this.#position.resume();
    const described = positioned(asked, this.#position, purpose === 'poll' ? longestPoll(request) : undefined);
    const connection = purpose === 'live' ? uncompressed(endpoint.connection) : endpoint.connection;
    const reading = { lane: purpose === 'poll' ? 'short' : 'feed', isResumable: purpose !== 'poll' } as const;
    let quietSince = endpoint.platform.elapsed();
    const answer = await send(connection, { ...described, limits, reading, slot: this.#slot, signal });
    this.#patience = Number.POSITIVE_INFINITY;
    this.#advance({ type: 'opened' });
    let rows = 0;
    for await (const piece of this.#pieces(readFeedAnswer(kind, answer, parse))) {
      this.#advance({ type: 'heard' });
      rows += piece.rows.length;
      const signs = this.#reconnect();
      const now = endpoint.platform.elapsed();
      if (piece.end !== undefined) this.#isBroken = purpose === 'live' && !isAgreed(asked, rows, now - quietSince);
      if (piece.rows.length > 0) quietSince = now;
      const told = [...signs, ...this.#tell(piece, rows)];
      if (told.length > 0) yield told;
      if (this.#state.phase === 'ended') return;
      if (this.#state.moved && answer.isOverdue) {
        this.#advance({ type: 'displaced' });
        return;
      }
    }
  }

  /** The pieces of an answer as they are to be told. */
  #pieces(arriving: AsyncGenerator<FeedPiece<R>>): AsyncGenerator<FeedPiece<R>> {
    const { platform } = this.#source.endpoint;
    switch (this.#state.purpose) {
      case 'catch-up':
        return arriving;
      case 'live':
        return withPauses(arriving, { ms: PAUSE, pause: { rows: [], quiet: true }, platform });
      case 'poll':
        return inOnePiece(arriving);
    }
  }

  /** That there is an answer again after it was otherwise; not before its first piece, as a poll has been read whole by then. */
  #reconnect(): FeedReconnected[] {
    if (!this.#isBroken) return [];
    this.#isBroken = false;
    // That nothing is left is news again.
    this.#toldSeq = undefined;
    return [{ type: 'reconnected' }];
  }

  /** Learns from a death without a sign. */
  #suspect(event: FeedEvent): void {
    const isSilence = event.type === 'failed' && event.failure === 'silent';
    if (event.type === 'jumped' || (isSilence && this.#state.purpose === 'live')) this.#patience = SUSPICION;
    else if (isSilence) this.#patience *= 2;
  }

  /**
   * What a piece of an answer comes to.
   *
   * @param count the rows of the answer so far
   */
  #tell({ rows, quiet, end }: FeedPiece<R>, count: number): (R | FeedIdle | FeedEnd)[] {
    const { safe: before, room } = this.#position;
    const wanted = rows.length > room ? rows.slice(0, room) : rows;
    for (const { seq } of wanted) this.#position.take(seq);
    if (wanted.length > 0) {
      this.#toldRows = false;
      if (this.#position.isPast(before)) {
        this.#advance({ type: 'moved' });
        this.#options.seat.stir();
      }
    }
    if (end?.lastSeq !== undefined) this.#position.reach(end.lastSeq);
    const { safe } = this.#position;
    if (wanted.length >= room && safe !== undefined) {
      this.#advance({ type: 'completed' });
      return [...wanted, endAt(safe, undefined)];
    }
    if (end === undefined) return quiet === true ? [...wanted, ...this.#idle(undefined)] : [...wanted];
    const pending = this.#options.countsPending ? end.pending : undefined;
    const isCut = this.#state.purpose === 'poll' && count >= longestPoll(this.#source.request);
    const more = isCut || (count > 0 && pending !== undefined && pending > 0);
    this.#advance({ type: 'finished', positioned: end.lastSeq !== undefined, more });
    return more || end.lastSeq === undefined ? [...wanted] : [...wanted, ...this.#idle(pending)];
  }

  /** That there is nothing more, unless that has just been said. */
  #idle(pending: number | undefined): FeedIdle[] {
    const { safe } = this.#position;
    if (safe === undefined || (this.#toldRows && !this.#position.isPast(this.#toldSeq))) return [];
    this.#toldSeq = safe;
    this.#toldRows = true;
    return [pending === undefined ? { type: 'idle', lastSeq: safe } : { type: 'idle', lastSeq: safe, pending }];
  }

  /** What a failure of a request says. */
  #judge(error: unknown): FeedEvent {
    if (error instanceof DisplacedError) return { type: 'displaced' };
    const { connection, platform } = this.#source.endpoint;
    const asked = isCouchError(error) ? (error.retryAfter ?? 0) : 0;
    // All of the origin pause.
    const floor = isTooMany(error) ? originOf(connection).budget.pause(platform.elapsed()) : asked;
    return { type: 'failed', failure: failureOf(error), error, floor };
  }

  #advance(event: FeedEvent): void {
    const { platform } = this.#source.endpoint;
    const moment = { now: platform.elapsed(), chance: platform.random() };
    this.#state = advance(this.#options.plan, this.#state, event, moment);
  }
}

/** The most rows that are asked for to find out whether there are any. They are read at once, so they must not be large. */
function longestPoll({ query }: RequestDescription): number {
  return query?.['include_docs'] === 'true' ? 1 : 25;
}

async function* inOnePiece<R>(pieces: AsyncIterable<FeedPiece<R>>): AsyncGenerator<FeedPiece<R>, void, undefined> {
  const rows: R[] = [];
  let last: FeedPiece<R> | undefined;
  for await (const piece of pieces) {
    rows.push(...piece.rows);
    last = piece;
  }
  yield { ...last, rows };
}

/** Whether a connection broke, or could not be had, so that another database may be there now. */
function isBreak(event: FeedEvent): boolean {
  if (event.type === 'failed') return event.failure !== 'lacking' && event.failure !== 'too-many';
  return event.type === 'jumped';
}

function failureOf(error: unknown): FeedFailure {
  if (error instanceof LackingFeedError) return 'lacking';
  if (isCouchError(error) && LACKING.has(error.status) && !isDatabaseMissing(error)) return 'lacking';
  if (isTooMany(error)) return 'too-many';
  if (isNetworkError(error) && error.failure === 'timeout') return 'silent';
  return isRetryable(error) ? 'passing' : 'final';
}

/** How servers refuse a feed they do not have, where the same request without it has just succeeded. */
const LACKING: ReadonlySet<number> = new Set([400, 404, 405, 406, 501]);
