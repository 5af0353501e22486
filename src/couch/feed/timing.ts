import { InputError } from '../../core/errors.ts';
import type { Connection, RequestDescription } from '../request/connection.ts';
import type { RetryPolicy } from '../request/retry.ts';
import type { FeedPlan, LiveKind } from './state.ts';

/** How changes are waited for. Times in milliseconds, whole numbers. */
export interface FeedTiming {
  /**
   * Keeps a feed open, and has the server show so often that it is still there. Where nothing comes for three heartbeats,
   * and for 30 seconds at least, the connection counts as dead. Default 10 seconds.
   */
  readonly heartbeat?: number;
  /**
   * Has the server end every answer after so long without a change instead, which tells how far it has read. Default: twice
   * the heartbeat for long polls and for feeds that select documents, whose position would not be known otherwise; none
   * for others. CouchDB waits for a minute at most.
   */
  readonly timeout?: number;
  /** Between two requests of a feed that is polled. Default 10 seconds. */
  readonly interval?: number;
}

/**
 * Which live feed: the best that works, which is `continuous`, else `longpoll`, else `polling`, for `live`; or the named
 * one and no other. `polling` asks for a `normal` feed again and again.
 */
export type LiveFeed = 'live' | 'continuous' | 'longpoll' | 'eventsource' | 'polling';

const KINDS: Readonly<Record<LiveFeed, FeedPlan['kinds']>> = {
  // No event source: what lacks or buffers the one does the same to the other, and its end names no position.
  live: ['continuous', 'longpoll', 'normal'],
  continuous: ['continuous'],
  longpoll: ['longpoll'],
  eventsource: ['eventsource'],
  polling: ['normal'],
};

const HEARTBEAT = 10_000;
const INTERVAL = 10_000;
/** How long the other side may be silent beyond what was agreed, at the least. */
const PATIENCE = 30_000;

/** @throws InputError for a feed or a time that there cannot be */
export function planFeed(feed: LiveFeed, timing: FeedTiming, backoff: RetryPolicy): FeedPlan {
  if (!Object.hasOwn(KINDS, feed)) {
    throw new InputError(
      `Option feed must be 'normal', '${Object.keys(KINDS).join("', '")}', not ${JSON.stringify(feed)}`,
    );
  }
  const { heartbeat = HEARTBEAT, interval = INTERVAL, timeout } = timing;
  for (const [name, ms] of Object.entries({ heartbeat, interval, timeout })) {
    if (ms === undefined || (Number.isSafeInteger(ms) && ms > 0)) continue;
    throw new InputError(`Option ${name} must be a whole number of milliseconds above 0, not ${String(ms)}`);
  }
  return { kinds: KINDS[feed], heartbeat, interval, backoff };
}

/** The part of a request that says how long the server waits for changes, and how long this waits for the server. */
export function waitingRequest(
  kind: LiveKind,
  { heartbeat = HEARTBEAT, timeout }: FeedTiming,
  mustEnd: boolean,
): Pick<RequestDescription, 'query' | 'limits'> {
  if (kind === 'normal') return {};
  const ends = timeout ?? (mustEnd || kind === 'longpoll' ? 2 * heartbeat : undefined);
  const silence = ends === undefined ? Math.max(3 * heartbeat, PATIENCE) : ends + PATIENCE;
  const query = ends === undefined ? { heartbeat: `${heartbeat}` } : { timeout: `${ends}` };
  return { query: { feed: kind, ...query }, limits: { head: silence, body: silence } };
}

/**
 * Whether the answer to a request that waits has ended as was asked for: a long poll with its first rows, any other after enough
 * time without a change, for which half of it is taken, as clocks and networks differ.
 *
 * @param quiet how long there was no change, in milliseconds
 */
export function isAgreed({ query = {} }: Pick<RequestDescription, 'query'>, rows: number, quiet: number): boolean {
  if (query['feed'] === 'longpoll' && rows > 0) return true;
  return query['timeout'] !== undefined && quiet >= Number(query['timeout']) / 2;
}

/**
 * A connection for requests that wait. A proxy or a server that compresses answers holds them back until it has enough of
 * them; where the platform lets a program say so, it is asked not to.
 */
export function uncompressed(connection: Connection): Connection {
  const headers = new Headers(connection.headers);
  headers.set('accept-encoding', 'identity');
  return { ...connection, headers };
}
