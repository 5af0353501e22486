import { isCouchError } from '../../core/errors.ts';
import { orderedMap } from '../../core/ordered-map.ts';
import { encodeDocumentId, isPathSegment } from '../request/address.ts';
import type { Endpoint } from '../request/endpoint.ts';
import { isDatabaseMissing } from '../request/refusal.ts';
import { send } from '../request/request.ts';
import type { WantedRevisions } from './wanted-revisions.ts';

/** Requests under way at the same time: as many as browsers allow to one server. */
const AT_ONCE = 6;

/** Text of revisions in one url: CouchDB refuses request lines beyond 8,192 bytes. */
const LONGEST_LIST = 6000;

/**
 * Reads revisions from a server that has no `_bulk_get`, with `GET /{db}/{id}?open_revs=[…]&revs=true`, one request a
 * document, more for very many revisions. The rows have the form of `_bulk_get`'s.
 */
export async function* readOpenRevisions(
  endpoint: Endpoint,
  wanted: readonly WantedRevisions[],
  signal: AbortSignal,
): AsyncGenerator<string[], void, undefined> {
  async function* requests(): AsyncGenerator<{ id: string; revs: string }> {
    for (const { id, revs } of wanted) for (const list of listsOf(revs)) yield { id, revs: list };
  }
  const work = ({ id, revs }: { id: string; revs: string }, stopped: AbortSignal): Promise<string> =>
    read(endpoint, id, revs, stopped);
  for await (const row of orderedMap(requests, work, { ahead: AT_ONCE, signal })) yield [row];
}

async function read(endpoint: Endpoint, id: string, revs: string, signal: AbortSignal): Promise<string> {
  const row = (docs: string): string => `{"id":${JSON.stringify(id)},"docs":${docs}}`;
  if (!id.split('/').every(isPathSegment))
    return row(
      '[{"error":"bad_id","reason":"This id cannot be part of a url, and the server has no other way to ask for it"}]',
    );
  try {
    const query = { open_revs: revs, revs: 'true' };
    const answer = await send(endpoint.connection, { url: `${endpoint.url}/${encodeDocumentId(id)}`, query, signal });
    return row(await answer.text());
  } catch (error) {
    // Only `open_revs=all` says so; named revisions are each called missing.
    if (isCouchError(error) && error.status === 404 && !isDatabaseMissing(error)) return row('[]');
    throw error;
  }
}

/** The revisions as values of `open_revs`, none of them too long for a url. */
function listsOf(revs: readonly string[] | undefined): string[] {
  if (revs === undefined) return ['all'];
  const lists: string[] = [];
  let open: string[] = [];
  let length = 0;
  for (const rev of revs) {
    const size = encodeURIComponent(JSON.stringify(rev)).length + 3;
    if (open.length > 0 && length + size > LONGEST_LIST) {
      lists.push(JSON.stringify(open));
      open = [];
      length = 0;
    }
    open.push(rev);
    length += size;
  }
  return [...lists, JSON.stringify(open)];
}
