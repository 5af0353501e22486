import type { Database } from '../couch/database.ts';
import type { WriteBatch } from '../replica/target.ts';
import { fetchRevisions } from './fetch.ts';
import type { RequestSize } from './request-size.ts';

/**
 * Fetches some documents before the feed comes to them, each with all its leaves. One that cannot be had now is no failure: the
 * feed will name it in its turn.
 */
export async function fetchFirst(
  source: Database,
  ids: readonly string[],
  size: RequestSize,
  signal: AbortSignal,
  store: (batch: Pick<WriteBatch, 'revisions'>) => Promise<void>,
): Promise<void> {
  for (let start = 0; start < ids.length; ) {
    const part = ids.slice(start, start + size.entries);
    const { revisions } = await fetchRevisions(
      source,
      part.map((id) => ({ id })),
      size,
      signal,
    );
    await store({ revisions });
    start += part.length;
  }
}
