import { Crowd } from '../budget/crowd.ts';
import type { Party } from '../budget/seat.ts';
import { originOf } from '../request/origin.ts';
import { type FollowOptions, follow } from './live.ts';
import type { FeedRow, FeedSign, FeedSource } from './source.ts';

/**
 * Follows a feed as one of the live feeds of its origin, which share its connections: see {@link follow} and {@link Crowd}.
 *
 * @param party who follows it
 */
export async function* followInTurn<R extends FeedRow>(
  source: FeedSource<R>,
  options: Omit<FollowOptions, 'seat'>,
  party: Omit<Party, 'platform'>,
  signal: AbortSignal,
): AsyncGenerator<readonly (R | FeedSign)[], void, undefined> {
  const { connection, platform } = source.endpoint;
  const origin = originOf(connection);
  origin.crowd ??= new Crowd(origin.budget, origin.release);
  const seat = origin.crowd.join({ ...party, platform });
  yield* follow(source, { ...options, seat }, signal);
}
