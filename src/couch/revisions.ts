import { isCouchError } from '../core/errors.ts';
import { Feed } from '../core/feed.ts';
import { JsonRows } from '../core/json-rows.ts';
import { decodeText } from '../core/text.ts';
import type { Endpoint } from './endpoint.ts';
import { readOpenRevisions } from './open-revisions.ts';
import { isDatabaseMissing } from './refusal.ts';
import { send } from './request.ts';
import { waitToRetry } from './retry.ts';
import { parseRevisionsRow, type RevisionResult } from './revisions-row.ts';
import { Outstanding, type WantedRevisions } from './wanted-revisions.ts';

/** How revisions are fetched. */
export interface RevisionsOptions {
  /** Entries of one request. Default 500. */
  readonly batchSize?: number;
  readonly signal?: AbortSignal;
}

/** An answer of `_bulk_get` may take CouchDB a while before its first byte: it reads the whole batch first. */
const HEAD_LIMIT = 120_000;

/**
 * Fetches revisions with their ancestry by `POST /{db}/_bulk_get?revs=true`. For every wanted revision there is one result,
 * in no particular order: the revision, or that the server has it not, or why it could not be had. Attachments come as
 * stubs.
 *
 * An answer that breaks off is asked for again, less what has arrived. Requests: one for every `batchSize` entries; one for
 * every document from a server that has no `_bulk_get`, which is found out at the first try.
 */
export function revisions(
  endpoint: Endpoint,
  wanted: readonly WantedRevisions[],
  options: RevisionsOptions,
): Feed<RevisionResult> {
  const { batchSize = 500 } = options;
  return new Feed(
    async function* (signal) {
      for (let start = 0; start < wanted.length; start += batchSize) {
        yield* fetchBatch(endpoint, new Outstanding(wanted.slice(start, start + batchSize)), signal);
      }
    },
    { signal: options.signal },
  );
}

async function* fetchBatch(
  endpoint: Endpoint,
  outstanding: Outstanding,
  signal: AbortSignal,
): AsyncGenerator<readonly RevisionResult[], void, undefined> {
  for (let failures = 0; ; ) {
    try {
      for await (const rows of readAnswers(endpoint, outstanding, signal)) {
        // All are read before any is taken: what has been taken is not asked for again, so it must not be lost.
        yield outstanding.take(rows.map(parseRevisionsRow));
        failures = 0;
      }
      yield outstanding.rest();
      return;
    } catch (error) {
      if (endpoint.capabilities.bulkGet && isUnsupported(error)) endpoint.capabilities.bulkGet = false;
      else {
        failures += 1;
        await waitToRetry(endpoint, failures, error, signal);
      }
    }
  }
}

/** Rows of the form that `_bulk_get` has, for everything that is outstanding. */
async function* readAnswers(
  endpoint: Endpoint,
  outstanding: Outstanding,
  signal: AbortSignal,
): AsyncGenerator<string[], void, undefined> {
  if (!endpoint.capabilities.bulkGet) {
    yield* readOpenRevisions(endpoint, outstanding.wanted(), signal);
    return;
  }
  const docs = outstanding.entries();
  if (docs.length === 0) return;
  const answer = await send(endpoint.connection, {
    method: 'POST',
    url: `${endpoint.url}/_bulk_get`,
    query: { revs: 'true' },
    json: { docs },
    limits: { head: HEAD_LIMIT },
    signal,
  });
  const reader = new JsonRows('results');
  for await (const text of decodeText(answer.bytes())) {
    const rows = reader.push(text);
    if (rows.length > 0) yield rows;
  }
  reader.end();
}

/** Whether a server says that it has no such endpoint, rather than no such database. */
function isUnsupported(error: unknown): boolean {
  if (!isCouchError(error)) return false;
  return error.status === 405 || error.status === 501 || (error.status === 404 && !isDatabaseMissing(error));
}
