import { InputError, ProtocolError } from '../core/errors.ts';
import { Feed } from '../core/feed.ts';
import { JsonRows } from '../core/json-rows.ts';
import type { JsonObject } from '../core/json-value.ts';
import { decodeText } from '../core/text.ts';
import { type ChangesRow, parseChangesRow } from './changes-row.ts';
import type { RequestDescription } from './connection.ts';
import type { Endpoint } from './endpoint.ts';
import { send } from './request.ts';
import { waitToRetry } from './retry.ts';
import { formatSequence, parseSequence, type Sequence } from './sequence.ts';

/** Which changes, and how. */
export interface ChangesOptions {
  /** After which position: a sequence that the same database gave, `0` for all (the default), or `'now'`. */
  readonly since?: Sequence;
  /** `normal`, the default: what there is, up to the moment of the request, then the end. */
  readonly feed?: 'normal';
  /** `all_docs`: every leaf revision. `main_only`, the default: winners alone. */
  readonly style?: 'main_only' | 'all_docs';
  /** Whether rows carry the winning revision. */
  readonly includeDocs?: boolean;
  /** Only these documents. At most 1,000, or the server reads its whole feed for them. */
  readonly docIds?: readonly string[];
  /** Only documents that a Mango selector matches. */
  readonly selector?: JsonObject;
  /** Only documents that a filter function of a design document passes, or that a view maps. */
  readonly filter?:
    | { readonly name: string; readonly params?: Readonly<Record<string, string>> }
    | { readonly view: string };
  /** The most rows. */
  readonly limit?: number;
  /** Newest first. `since` then means nothing, and the feed cannot be resumed. */
  readonly descending?: boolean;
  /** Only every so many rows carry a sequence, which spares the server work and the wire bytes. */
  readonly seqInterval?: number;
  readonly signal?: AbortSignal;
}

/** The feed has told all there is. */
export interface ChangesEnd {
  readonly type: 'end';
  /** Where the next reading begins; also past rows that a filter held back. */
  readonly lastSeq: Sequence;
  /** Rows that are left after this, where the server counts them. */
  readonly pending?: number;
}

/** What a changes feed tells. */
export type ChangesEvent = ChangesRow | ChangesEnd;

/**
 * Reads `GET /{db}/_changes` row by row while it arrives. An answer that breaks off is asked for again after the last row
 * that had a sequence, so that rows may come twice but none is lost.
 *
 * Memory: the rows of one piece of the answer. Requests: one, and one more for each time it breaks off.
 */
export function changes(endpoint: Endpoint, options: ChangesOptions): Feed<ChangesEvent> {
  const request = describe(endpoint.url, options);
  return new Feed((signal) => resume(endpoint, request, options, signal), { signal: options.signal });
}

async function* resume(
  endpoint: Endpoint,
  request: RequestDescription,
  { since, limit, descending }: ChangesOptions,
  signal: AbortSignal,
): AsyncGenerator<readonly ChangesEvent[], void, undefined> {
  let safe = since;
  let left = limit;
  let failures = 0;
  for (;;) {
    const query = {
      ...request.query,
      since: safe === undefined ? undefined : formatSequence(safe),
      limit: left?.toString(),
    };
    let sinceSafe = 0;
    try {
      for await (const batch of readAnswer(endpoint, { ...request, query, signal })) {
        for (const event of batch) {
          if (event.type === 'end') continue;
          sinceSafe += 1;
          if (event.seq === null || descending) continue;
          safe = event.seq;
          if (left !== undefined) left = Math.max(0, left - sinceSafe);
          sinceSafe = 0;
          failures = 0;
        }
        yield batch;
      }
      return;
    } catch (error) {
      if (descending) throw error;
      failures += 1;
      await waitToRetry(endpoint, failures, error, signal);
    }
  }
}

async function* readAnswer(
  endpoint: Endpoint,
  request: RequestDescription,
): AsyncGenerator<readonly ChangesEvent[], void, undefined> {
  const answer = await send(endpoint.connection, request);
  const reader = new JsonRows('results');
  for await (const text of decodeText(answer.bytes())) {
    const rows = reader.push(text);
    if (rows.length > 0) yield rows.map(parseChangesRow);
  }
  yield [endOf(reader.end())];
}

function endOf(members: ReadonlyMap<string, string>): ChangesEnd {
  const lastSeq = parseSequence(members.get('last_seq') ?? 'null');
  if (lastSeq === null) throw new ProtocolError('The changes feed ended without last_seq', true);
  const pending = Number(members.get('pending'));
  return Number.isSafeInteger(pending) && pending >= 0 ? { type: 'end', lastSeq, pending } : { type: 'end', lastSeq };
}

/** The request of a feed, but for where it begins. */
function describe(database: string, options: ChangesOptions): RequestDescription {
  const { style, includeDocs, descending, seqInterval, docIds, selector, filter } = options;
  if ([docIds, selector, filter].filter((selection) => selection !== undefined).length > 1) {
    throw new InputError('Options docIds, selector and filter exclude each other');
  }
  const query = {
    ...(filter === undefined ? {} : filterQuery(filter)),
    ...(docIds === undefined ? {} : { filter: '_doc_ids' }),
    ...(selector === undefined ? {} : { filter: '_selector' }),
    style,
    include_docs: includeDocs ? 'true' : undefined,
    descending: descending ? 'true' : undefined,
    seq_interval: seqInterval?.toString(),
  };
  const url = `${database}/_changes`;
  if (docIds !== undefined) return { method: 'POST', url, query, json: { doc_ids: docIds } };
  if (selector !== undefined) return { method: 'POST', url, query, json: { selector } };
  return { url, query };
}

function filterQuery(filter: NonNullable<ChangesOptions['filter']>): Record<string, string> {
  if ('view' in filter) return { filter: '_view', view: filter.view };
  return { ...filter.params, filter: filter.name };
}
