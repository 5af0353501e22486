import { InputError } from '../../core/errors.ts';
import type { OpenFeed } from '../../core/feed.ts';
import { loadPart } from '../../core/load-part.ts';
import type { Party } from '../budget/seat.ts';
import type { FollowOptions } from './live.ts';
import { readOnce } from './once.ts';
import type { FeedRow, FeedSign, FeedSource } from './source.ts';
import { type FeedTiming, type LiveFeed, planFeed, uncompressed, waitingRequest } from './timing.ts';

/** Which feed is to be read, and how long to wait for what. */
export interface FeedChoice extends FeedTiming {
  readonly feed?: 'normal' | LiveFeed;
  readonly once?: boolean;
  readonly descending?: boolean;
}

/**
 * The way to read a feed, whichever it is.
 *
 * @param party who follows it, should it be live
 * @throws InputError when the choice cannot be made
 */
export function openFeed<R extends FeedRow>(
  source: FeedSource<R>,
  { feed = 'normal', once = false, descending = false, ...timing }: FeedChoice,
  nature: Pick<FollowOptions, 'isSelective' | 'countsPending'>,
  party: Omit<Party, 'platform'> = {},
): OpenFeed<R | FeedSign> {
  const { endpoint, request, limit } = source;
  if (feed === 'normal') return (signal) => readOnce(source, { kind: 'normal', isBackwards: descending }, signal);
  const plan = planFeed(feed, timing, endpoint.retry);
  if (descending) throw new InputError('Option descending needs feed normal: a live feed cannot be told backwards');
  if (!once) {
    if (limit !== undefined && !(limit >= 1)) {
      throw new InputError(`Option limit of a live feed must be at least 1, not ${limit}`);
    }
    return async function* (signal) {
      const { followInTurn } = await loadPart(import('./in-turn.ts'));
      yield* followInTurn(source, { plan, timing, ...nature }, party, signal);
    };
  }
  if (feed !== 'continuous' && feed !== 'longpoll') {
    throw new InputError(`Option once needs feed continuous or longpoll, not ${feed}`);
  }
  const waiting = waitingRequest(feed, timing, true);
  const single = {
    ...source,
    endpoint: { ...endpoint, connection: uncompressed(endpoint.connection) },
    request: { ...request, ...waiting, query: { ...request.query, ...waiting.query } },
  };
  return (signal) => readOnce(single, { kind: feed, isBackwards: false }, signal);
}
