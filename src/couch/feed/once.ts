import { breather } from '../../core/breather.ts';
import type { RequestDescription } from '../request/connection.ts';
import { send } from '../request/request.ts';
import { Tries } from '../request/retry.ts';
import { type AnswerEnd, readFeedAnswer } from './answer.ts';
import { FeedPosition } from './position.ts';
import { formatSequence, type Sequence } from './sequence.ts';
import type { FeedEnd, FeedRow, FeedSource } from './source.ts';
import type { LiveKind } from './state.ts';

/**
 * Reads one answer of a feed to its end. An answer that breaks off is asked for again after the last row that had a
 * sequence, so that rows may come twice but none is lost; one that comes backwards cannot be, and fails.
 *
 * Requests: one, and one more for each time it breaks off, as many in a row without a row in between as the retry policy
 * has attempts; and one more for each time the connection is needed for another feed, which is not before rows have come.
 */
export async function* readOnce<R extends FeedRow>(
  { endpoint, request, parse, since, limit }: FeedSource<R>,
  { kind, isBackwards }: { readonly kind: LiveKind; readonly isBackwards: boolean },
  signal: AbortSignal,
): AsyncGenerator<readonly (R | FeedEnd)[], void, undefined> {
  const position = new FeedPosition(since, limit);
  const tries = new Tries(endpoint, signal);
  const reading = { lane: 'feed', isResumable: !isBackwards } as const;
  const breathe = breather(endpoint.platform);
  for (;;) {
    position.resume();
    if (position.left === 0 && position.safe !== undefined && limit !== 0) {
      yield [endAt(position.safe, undefined)];
      return;
    }
    try {
      const answer = await send(endpoint.connection, { ...positioned(request, position), reading, signal });
      for await (const { rows, end } of readFeedAnswer(kind, answer, parse)) {
        let isFurther = false;
        if (!isBackwards) for (const { seq } of rows) if (position.take(seq)) isFurther = true;
        if (isFurther) tries.progress();
        if (rows.length > 0) yield rows;
        if (end !== undefined) {
          yield endOf(end);
          return;
        }
        if (isFurther && answer.isOverdue) break;
        await breathe();
      }
    } catch (error) {
      if (isBackwards) throw error;
      await tries.wait(error);
    }
  }
}

/**
 * A request that goes on at a position.
 *
 * @param most how many rows are wanted in one answer, if not all that are left
 */
export function positioned(
  request: RequestDescription,
  { safe, left, isStuck }: FeedPosition,
  most = Number.POSITIVE_INFINITY,
): RequestDescription {
  const since = safe === undefined ? undefined : formatSequence(safe);
  const limit = Math.min(left ?? Number.POSITIVE_INFINITY, most);
  const seq_interval = isStuck ? undefined : request.query?.['seq_interval'];
  const query = {
    ...request.query,
    since,
    limit: limit === Number.POSITIVE_INFINITY ? undefined : `${limit}`,
    seq_interval,
  };
  return { ...request, query };
}

function endOf({ lastSeq, pending }: AnswerEnd): FeedEnd[] {
  return lastSeq === undefined ? [] : [endAt(lastSeq, pending)];
}

/** The end of a feed at a position. */
export function endAt(lastSeq: Sequence, pending: number | undefined): FeedEnd {
  return pending === undefined ? { type: 'end', lastSeq } : { type: 'end', lastSeq, pending };
}
