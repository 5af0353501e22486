import { ProtocolError } from '../core/errors.ts';
import { Feed } from '../core/feed.ts';
import { JsonRows } from '../core/json-rows.ts';
import { decodeText } from '../core/text.ts';
import type { Endpoint } from './endpoint.ts';
import { send } from './request.ts';
import { waitToRetry } from './retry.ts';
import { parseRevisionsRow, type RevisionResult } from './revisions-row.ts';

/** Revisions of a document that are wanted: the named ones, or every leaf, deleted ones too. */
export interface WantedRevisions {
  readonly id: string;
  readonly revs?: readonly string[];
}

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
 * An answer that breaks off is asked for again, less what has arrived. Requests: one for every `batchSize` entries.
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
      const docs = outstanding.entries();
      if (docs.length > 0) {
        for await (const rows of readAnswer(endpoint, docs, signal)) {
          yield rows.flatMap((row) => outstanding.take(parseRevisionsRow(row)));
          failures = 0;
        }
      }
      yield outstanding.rest();
      return;
    } catch (error) {
      failures += 1;
      await waitToRetry(endpoint, failures, error, signal);
    }
  }
}

async function* readAnswer(
  endpoint: Endpoint,
  docs: readonly Entry[],
  signal: AbortSignal,
): AsyncGenerator<string[], void, undefined> {
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

/** One entry of the request. */
interface Entry {
  readonly id: string;
  readonly rev?: string;
}

/**
 * What has been asked and not yet answered. Servers differ in how they order and group their results, so an answer is
 * matched by id and revision, never by its place.
 */
class Outstanding {
  /** The revisions asked by name. */
  readonly #named = new Map<string, Set<string>>();
  /** The documents all leaves of which were asked. */
  readonly #leaves = new Set<string>();
  /** What a server said of a document without saying of which revision. */
  readonly #complaints = new Map<string, { error: string; reason: string }>();

  constructor(wanted: readonly WantedRevisions[]) {
    for (const { id, revs } of wanted) {
      if (revs === undefined) this.#leaves.add(id);
      else if (revs.length > 0) this.#named.set(id, new Set([...(this.#named.get(id) ?? []), ...revs]));
    }
  }

  entries(): Entry[] {
    const entries: Entry[] = [...this.#leaves].map((id) => ({ id }));
    for (const [id, revs] of this.#named) for (const rev of revs) entries.push({ id, rev });
    return entries;
  }

  /** The results of one row of the answer that somebody waits for. */
  take({ id, results }: { readonly id: string; readonly results: readonly RevisionResult[] }): RevisionResult[] {
    const revs = this.#named.get(id);
    if (revs === undefined && !this.#leaves.has(id)) {
      throw new ProtocolError(
        `The answer to _bulk_get holds a document that was not asked for: ${JSON.stringify(id)}`,
        true,
      );
    }
    const allLeaves = this.#leaves.delete(id);
    return results.filter((result) => {
      if (result.rev !== undefined && revs?.delete(result.rev)) return true;
      if ('error' in result && result.rev === undefined) this.#complaints.set(id, result.error);
      return allLeaves;
    });
  }

  /** What a complete answer has left out, which is how some servers say that they do not have it. */
  rest(): RevisionResult[] {
    const results: RevisionResult[] = [...this.#leaves].map((id) => ({ id, rev: undefined, missing: true }));
    for (const [id, revs] of this.#named) {
      const error = this.#complaints.get(id);
      for (const rev of revs) results.push(error === undefined ? { id, rev, missing: true } : { id, rev, error });
    }
    return results;
  }
}
