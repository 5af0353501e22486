import { InputError } from '../core/errors.ts';
import { Feed } from '../core/feed.ts';
import type { JsonObject } from '../core/json-value.ts';
import { loadPart } from '../core/load-part.ts';
import { type ChangesRow, parseChangesRow } from './feed/changes-row.ts';
import { openFeed } from './feed/open.ts';
import type { Sequence } from './feed/sequence.ts';
import type { FeedEnd, FeedIdle, FeedReconnected } from './feed/source.ts';
import type { FeedTiming, LiveFeed } from './feed/timing.ts';
import type { RequestDescription } from './request/connection.ts';
import type { Endpoint } from './request/endpoint.ts';

/** Which changes, and what is told of them. */
export interface ChangesSelection {
  /** After which position: a sequence that the same database gave, `0` for all (the default), or `'now'`. */
  readonly since?: Sequence;
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
  /** Only every so many rows carry a sequence, which spares the server work and the wire bytes. */
  readonly seqInterval?: number;
  readonly signal?: AbortSignal;
}

/** Which changes, and how, up to an end. */
export interface ChangesOptions extends ChangesSelection {
  /** `normal`, the default: what there is, up to the moment of the request, then the end. */
  readonly feed?: 'normal';
  /** Newest first. `since` then means nothing, and the feed cannot be resumed. */
  readonly descending?: boolean;
}

/** Which changes, and how, as they happen. */
export interface LiveChangesOptions extends ChangesSelection, FeedTiming {
  readonly feed: LiveFeed;
  /**
   * One answer of a `continuous` or `longpoll` feed, then the end: the former comes when nothing has changed for the
   * `timeout`, the latter with the first changes, or after the `timeout` without any.
   */
  readonly once?: boolean;
}

/** The feed has told all there is. */
export type ChangesEnd = FeedEnd;

/** A live feed has told what there was, and waits for more. */
export type ChangesIdle = FeedIdle;

/** A live feed is connected again. */
export type ChangesReconnected = FeedReconnected;

/** What a changes feed tells that has an end. */
export type ChangesEvent = ChangesRow | ChangesEnd;

/** What a live changes feed tells. */
export type LiveChangesEvent = ChangesEvent | ChangesIdle | ChangesReconnected;

/**
 * Reads `_changes` row by row while it arrives. An answer that breaks off is asked for again after the last row that had a
 * sequence, so that rows may come twice but none is lost.
 *
 * Memory: the rows of one piece of the answer. Requests: of a `normal` feed one, and one more for each time it breaks off;
 * of a live feed as `feed-state.ts` lists.
 */
export function changes(endpoint: Endpoint, options: ChangesOptions): Feed<ChangesEvent>;
export function changes(endpoint: Endpoint, options: ChangesOptions | LiveChangesOptions): Feed<LiveChangesEvent>;
export function changes(endpoint: Endpoint, options: ChangesOptions | LiveChangesOptions): Feed<LiveChangesEvent> {
  const { since, limit, docIds, selector, filter, signal } = options;
  const request = describe(endpoint.url, options);
  const open = openFeed(
    { endpoint, request, parse: parseChangesRow, since, limit },
    options,
    {
      isSelective: (docIds ?? selector ?? filter) !== undefined,
      // Of documents that are named, CouchDB counts those among them that it has not told, also where they have not changed.
      countsPending: docIds === undefined,
    },
    {
      database: decodeURIComponent(endpoint.url.slice(endpoint.server.length + 1)),
      group: endpoint.group,
      watch: async (watching, stopped) => {
        const { watchUpdates } = await loadPart(import('./watch-updates.ts'));
        await watchUpdates(endpoint, watching, stopped);
      },
    },
  );
  return new Feed(open, { signal });
}

/** The request of a feed, but for where it begins. */
function describe(database: string, options: ChangesOptions | LiveChangesOptions): RequestDescription {
  const { style, includeDocs, seqInterval, docIds, selector, filter } = options;
  const isBackwards = 'descending' in options && options.descending === true;
  if ([docIds, selector, filter].filter((selection) => selection !== undefined).length > 1) {
    throw new InputError('Options docIds, selector and filter exclude each other');
  }
  const query = {
    ...(filter === undefined ? {} : filterQuery(filter)),
    ...(docIds === undefined ? {} : { filter: '_doc_ids' }),
    ...(selector === undefined ? {} : { filter: '_selector' }),
    style,
    include_docs: includeDocs ? 'true' : undefined,
    descending: isBackwards ? 'true' : undefined,
    seq_interval: seqInterval?.toString(),
  };
  const url = `${database}/_changes`;
  if (docIds !== undefined) return { method: 'POST', url, query, json: { doc_ids: docIds } };
  if (selector !== undefined) return { method: 'POST', url, query, json: { selector } };
  return { url, query };
}

function filterQuery(filter: NonNullable<ChangesSelection['filter']>): Record<string, string> {
  if ('view' in filter) return { filter: '_view', view: filter.view };
  return { ...filter.params, filter: filter.name };
}
