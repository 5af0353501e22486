import type { RequestDescription } from './connection.ts';
import { type AnswerEnd, readFeedAnswer } from './feed-answer.ts';
import { FeedPosition } from './feed-position.ts';
import type { FeedEnd, FeedRow, FeedSource } from './feed-source.ts';
import type { LiveKind } from './feed-state.ts';
import { send } from './request.ts';
import { waitToRetry } from './retry.ts';
import { formatSequence, type Sequence } from './sequence.ts';

/**
 * Reads one answer of a feed to its end. An answer that breaks off is asked for again after the last row that had a
 * sequence, so that rows may come twice but none is lost; one that comes backwards cannot be, and fails.
 *
 * Requests: one, and one more for each time it breaks off; as many in a row without a row in between as the retry policy
 * has attempts.
 */
export async function* readOnce<R extends FeedRow>(
  { endpoint, request, parse, since, limit }: FeedSource<R>,
  { kind, isBackwards }: { readonly kind: LiveKind; readonly isBackwards: boolean },
  signal: AbortSignal,
): AsyncGenerator<readonly (R | FeedEnd)[], void, undefined> {
  const position = new FeedPosition(since, limit);
  for (let failures = 0; ; ) {
    position.resume();
    try {
      const answer = await send(endpoint.connection, { ...positioned(request, position), signal });
      for await (const { rows, end } of readFeedAnswer(kind, answer, parse)) {
        if (!isBackwards) for (const { seq } of rows) if (position.take(seq)) failures = 0;
        if (rows.length > 0) yield rows;
        if (end !== undefined) yield endOf(end);
      }
      return;
    } catch (error) {
      if (isBackwards) throw error;
      failures += 1;
      await waitToRetry(endpoint, failures, error, signal);
    }
  }
}

/** A request that goes on at a position. */
export function positioned(request: RequestDescription, { safe, left }: FeedPosition): RequestDescription {
  const since = safe === undefined ? undefined : formatSequence(safe);
  return { ...request, query: { ...request.query, since, limit: left?.toString() } };
}

function endOf({ lastSeq, pending }: AnswerEnd): FeedEnd[] {
  return lastSeq === undefined ? [] : [endAt(lastSeq, pending)];
}

/** The end of a feed at a position. */
export function endAt(lastSeq: Sequence, pending: number | undefined): FeedEnd {
  return pending === undefined ? { type: 'end', lastSeq } : { type: 'end', lastSeq, pending };
}
