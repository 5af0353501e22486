import { childController } from '../core/abort.ts';
import { isCouchError, isNetworkError, isRetryable, NetworkError } from '../core/errors.ts';
import { type FeedPiece, LackingFeedError, readFeedAnswer } from './feed-answer.ts';
import { watchClock } from './feed-clock.ts';
import { endAt, positioned } from './feed-once.ts';
import { withPauses } from './feed-pauses.ts';
import { FeedPosition } from './feed-position.ts';
import type { FeedEnd, FeedIdle, FeedRow, FeedSign, FeedSource } from './feed-source.ts';
import {
  advance,
  type FeedEvent,
  type FeedFailure,
  type FeedPlan,
  type FeedState,
  initialState,
  requestKind,
} from './feed-state.ts';
import { type FeedTiming, isAgreed, uncompressed, waitingRequest } from './feed-timing.ts';
import { isDatabaseMissing } from './refusal.ts';
import { send } from './request.ts';
import type { Sequence } from './sequence.ts';

/** What a live feed goes by. */
export interface FollowOptions {
  readonly plan: FeedPlan;
  readonly timing: FeedTiming;
  /** Whether rows are selected at the server, so that only the end of an answer tells how far it has read. */
  readonly isSelective: boolean;
  /** Whether what the server counts as pending is what is left of this feed. */
  readonly countsPending: boolean;
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

  constructor(source: FeedSource<R>, options: FollowOptions) {
    this.#source = source;
    this.#options = options;
    this.#position = new FeedPosition(source.since, source.limit);
    this.#state = initialState(source.endpoint.platform.elapsed());
  }

  async *run(signal: AbortSignal): AsyncGenerator<readonly (R | FeedSign)[], void, undefined> {
    const { platform } = this.#source.endpoint;
    while (this.#state.phase !== 'ended') {
      if (this.#state.phase === 'failed') throw this.#state.error;
      const attempt = childController(signal);
      const stop = watchClock(platform, () =>
        attempt.abort(new NetworkError('The clock jumped, so the connection may be dead', 'timeout')),
      );
      try {
        if (this.#state.phase === 'waiting') await this.#wait(attempt.signal);
        else yield* this.#ask(attempt.signal);
      } catch (error) {
        if (signal.aborted) throw error;
        const event: FeedEvent = attempt.signal.aborted ? { type: 'jumped' } : judge(error);
        this.#suspect(event);
        this.#isBroken ||= event.type !== 'failed' || event.failure !== 'lacking';
        this.#advance(event);
      } finally {
        stop();
        attempt.release();
      }
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
    const isLive = this.#state.purpose === 'live';
    const waiting = waitingRequest(kind, timing, isSelective);
    const query = { ...request.query, ...waiting.query };
    const limits = { head: Math.min(endpoint.connection.limits.head, this.#patience) };
    // Rows that come one by one each need their sequence.
    const asked = isLive
      ? { ...request, ...waiting, query: { ...query, seq_interval: undefined } }
      : { ...request, limits };
    this.#position.resume();
    const connection = isLive ? uncompressed(endpoint.connection) : endpoint.connection;
    let quietSince = endpoint.platform.elapsed();
    const answer = await send(connection, { ...positioned(asked, this.#position), signal });
    this.#patience = Number.POSITIVE_INFINITY;
    this.#advance({ type: 'opened' });
    if (this.#isBroken) {
      this.#isBroken = false;
      // That nothing is left is news again.
      this.#toldSeq = undefined;
      yield [{ type: 'reconnected' }];
    }
    const pause: FeedPiece<R> = { rows: [], quiet: true };
    const pieces = readFeedAnswer(kind, answer, parse);
    let rows = 0;
    for await (const piece of isLive ? withPauses(pieces, { ms: PAUSE, pause, platform: endpoint.platform }) : pieces) {
      this.#advance({ type: 'heard' });
      rows += piece.rows.length;
      const now = endpoint.platform.elapsed();
      if (piece.end !== undefined) this.#isBroken = isLive && !isAgreed(asked, rows, now - quietSince);
      if (piece.rows.length > 0) quietSince = now;
      const told = this.#tell(piece, rows > 0);
      if (told.length > 0) yield told;
      if (this.#state.phase === 'ended') return;
    }
  }

  /** Learns from a death without a sign. */
  #suspect(event: FeedEvent): void {
    const isSilence = event.type === 'failed' && event.failure === 'silent';
    if (event.type === 'jumped' || (isSilence && this.#state.purpose === 'live')) this.#patience = SUSPICION;
    else if (isSilence) this.#patience *= 2;
  }

  /** What a piece of an answer comes to. */
  #tell({ rows, quiet, end }: FeedPiece<R>, hasRows: boolean): (R | FeedIdle | FeedEnd)[] {
    const { safe: before, room } = this.#position;
    const wanted = rows.length > room ? rows.slice(0, room) : rows;
    for (const { seq } of wanted) this.#position.take(seq);
    if (wanted.length > 0) {
      this.#toldRows = false;
      if (this.#position.isPast(before)) this.#advance({ type: 'moved' });
    }
    if (end?.lastSeq !== undefined) this.#position.reach(end.lastSeq);
    const { safe } = this.#position;
    if (wanted.length >= room && safe !== undefined) {
      this.#advance({ type: 'completed' });
      return [...wanted, endAt(safe, undefined)];
    }
    if (end === undefined) return quiet === true ? [...wanted, ...this.#idle(undefined)] : [...wanted];
    const pending = this.#options.countsPending ? end.pending : undefined;
    const more = hasRows && pending !== undefined && pending > 0;
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

  #advance(event: FeedEvent): void {
    const { platform } = this.#source.endpoint;
    const moment = { now: platform.elapsed(), chance: platform.random() };
    this.#state = advance(this.#options.plan, this.#state, event, moment);
  }
}

/** What a failure of a request says. */
function judge(error: unknown): FeedEvent {
  const floor = isCouchError(error) ? (error.retryAfter ?? 0) : 0;
  return { type: 'failed', failure: failureOf(error), error, floor };
}

function failureOf(error: unknown): FeedFailure {
  if (error instanceof LackingFeedError) return 'lacking';
  if (isCouchError(error) && LACKING.has(error.status) && !isDatabaseMissing(error)) return 'lacking';
  if (isNetworkError(error) && error.failure === 'timeout') return 'silent';
  return isRetryable(error) ? 'passing' : 'final';
}

/** How servers refuse a feed they do not have, where the same request without it has just succeeded. */
const LACKING: ReadonlySet<number> = new Set([400, 404, 405, 406, 501]);
