import { breather } from '../../core/breather.ts';
import { isCouchError } from '../../core/errors.ts';
import { Feed } from '../../core/feed.ts';
import { JsonRows } from '../../core/json-rows.ts';
import { decodeText } from '../../core/text.ts';
import type { Endpoint } from '../request/endpoint.ts';
import { isDatabaseMissing } from '../request/refusal.ts';
import { send } from '../request/request.ts';
import { Tries } from '../request/retry.ts';
import { readOpenRevisions } from './open-revisions.ts';
import { parseRevisionsRow, type RevisionResult } from './revisions-row.ts';
import { Outstanding, type WantedRevisions } from './wanted-revisions.ts';

/** How revisions are fetched. */
export interface RevisionsOptions {
  /** Entries of one request. Default 500. */
  readonly batchSize?: number;
  /**
   * Asks once more, after so many milliseconds, for the named revisions that did not come: the nodes of a cluster do not
   * learn of a change all at once. By default not.
   */
  readonly patience?: number;
  readonly signal?: AbortSignal;
}

/** An answer of `_bulk_get` may take CouchDB a while before its first byte: it reads the whole batch first. */
export const HEAD_LIMIT = 120_000;

/** How long a server that has refused `_bulk_get` is not asked for it again: what refuses may be a proxy that changes. */
export const LACKING_FOR = 3_600_000;

/**
 * Fetches revisions with their ancestry by `POST /{db}/_bulk_get?revs=true`. For every wanted revision there is one result,
 * in no particular order: the revision, or that the server has it not, or why it could not be had. Attachments come as
 * stubs.
 *
 * An answer that breaks off is asked for again, less what has arrived. Requests: one for every `batchSize` entries, and one more
 * where not all revisions that were leaves still are; one for every document from a server that has no `_bulk_get`, which is found out at the first try and once an hour.
 */
export function revisions(
  endpoint: Endpoint,
  wanted: readonly WantedRevisions[],
  options: RevisionsOptions,
): Feed<RevisionResult> {
  const { batchSize = 500, patience } = options;
  return new Feed(
    async function* (signal) {
      for (let start = 0; start < wanted.length; start += batchSize) {
        yield* fetchBatch(endpoint, new Outstanding(wanted.slice(start, start + batchSize)), patience, signal);
      }
    },
    { signal: options.signal },
  );
}

async function* fetchBatch(
  endpoint: Endpoint,
  outstanding: Outstanding,
  patience: number | undefined,
  signal: AbortSignal,
): AsyncGenerator<readonly RevisionResult[], void, undefined> {
  let wait = patience;
  const tries = new Tries(endpoint, signal);
  for (;;) {
    // Kept, as another request may find out meanwhile.
    const isBulk = endpoint.platform.elapsed() >= endpoint.lacking.bulkGetUntil;
    try {
      const answers = isBulk
        ? readBulk(endpoint, outstanding, signal)
        : readOpenRevisions(endpoint, outstanding.wanted(), signal);
      for await (const rows of answers) {
        // All are read before any is taken: what has been taken is not asked for again, so it must not be lost.
        const results = outstanding.take(rows.map(parseRevisionsRow));
        if (results.length === 0) continue;
        yield results;
        tries.progress();
      }
      if (outstanding.isLacking && outstanding.nameAll()) continue;
      if (wait === undefined || !outstanding.isLacking) {
        yield outstanding.rest();
        return;
      }
      await endpoint.platform.sleep(wait, signal);
      wait = undefined;
    } catch (error) {
      if (isBulk && isUnsupported(error)) {
        endpoint.lacking.bulkGetUntil = endpoint.platform.elapsed() + LACKING_FOR;
      } else await tries.wait(error);
    }
  }
}

/** The rows of one answer of `_bulk_get`, for everything that is outstanding. */
async function* readBulk(
  endpoint: Endpoint,
  outstanding: Outstanding,
  signal: AbortSignal,
): AsyncGenerator<string[], void, undefined> {
  const docs = outstanding.entries();
  if (docs.length === 0) return;
  const answer = await send(endpoint.connection, {
    method: 'POST',
    url: `${endpoint.url}/_bulk_get`,
    query: { revs: 'true' },
    json: { docs },
    limits: { head: HEAD_LIMIT },
    reading: { lane: 'short', isResumable: true },
    signal,
  });
  const reader = new JsonRows('results');
  const breathe = breather(endpoint.platform);
  for await (const text of decodeText(answer.bytes())) {
    const rows = reader.push(text);
    if (rows.length > 0) yield rows;
    await breathe();
  }
  reader.end();
}

/** Whether a server says that it has no such endpoint, or a gateway that it lets no such request through. */
export function isUnsupported(error: unknown): boolean {
  if (!isCouchError(error)) return false;
  switch (error.status) {
    case 405:
    case 501:
      return true;
    case 404:
      return !isDatabaseMissing(error);
    case 403:
      // CouchDB's own refusals have a name; those of a gateway that only lets reading requests pass have none.
      return error.error === '';
    case 400:
      // CouchDB 1.x takes `_bulk_get` for a document.
      return /^(Only reserved document ids|Referer header required)/.test(error.reason);
    default:
      return false;
  }
}
