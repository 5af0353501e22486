import type { Headers, Query } from './model.ts';
import { badRequest, crash } from './refusals.ts';

/** The four kinds of feed. */
export type FeedKind = 'normal' | 'longpoll' | 'continuous' | 'eventsource';

/** What may be asked of any feed. */
export interface FeedOptions {
  readonly feed: FeedKind;
  readonly since: string;
  /** A negative limit is none. */
  readonly limit: number;
  readonly descending: boolean;
  /** How often to send a sign of life, in milliseconds; such a feed never ends by itself. */
  readonly heartbeat: number | undefined;
  /** How long to wait for something to tell before the feed ends, in milliseconds. */
  readonly timeout: number | undefined;
}

/** What a request for changes asks. */
export interface ChangesOptions extends FeedOptions {
  readonly style: 'main_only' | 'all_docs';
  readonly includeDocs: boolean;
  readonly conflicts: boolean;
  readonly attachments: boolean;
  readonly encodingInfo: boolean;
  /** The name of a filter; empty for none. */
  readonly filter: string;
  readonly sequenceInterval: number;
}

/** No limit, as CouchDB writes it. Its last digits show: which rows carry a sequence is counted from it. */
const NO_LIMIT = 1_000_000_000_000_000;

/**
 * Reads the parameters of `_changes`. A later one of a repeated name counts, and names may be in any case.
 *
 * @throws Refusal 400 or 500, as CouchDB does for each
 */
export function readChangesOptions(query: Query, headers: Headers): ChangesOptions {
  const values = new Map(Array.from(query, ([name, value]) => [name.toLowerCase(), value]));
  const is = (name: string): boolean => values.get(name) === 'true';
  const integer = (name: string, ref: number): number | undefined => readInteger(values.get(name), ref);
  const options = {
    style: readStyle(values.get('style')),
    limit: integer('limit', 435837934) ?? NO_LIMIT,
    descending: is('descending'),
    heartbeat: readHeartbeat(values.get('heartbeat')),
    timeout: integer('timeout', 3378632409),
    includeDocs: is('include_docs'),
    conflicts: is('conflicts'),
    attachments: is('attachments'),
    encodingInfo: is('att_encoding_info'),
    filter: values.get('filter') ?? '',
    sequenceInterval: readInterval(values.get('seq_interval')),
  };
  const feed = readFeed(values.get('feed') ?? 'normal');
  const resumed = feed === 'eventsource' ? headers.get('last-event-id') : undefined;
  return { ...options, feed, since: resumed ?? readSince(query) };
}

/** `since` and `last-event-id` mean the same: whichever comes last. */
function readSince(query: Query): string {
  let since = '0';
  for (const [name, value] of query) if (/^(since|last-event-id)$/i.test(name)) since = value;
  return since;
}

function readFeed(value: string): FeedKind {
  if (value === 'live') return 'continuous';
  const kind = KINDS.find((known) => known === value);
  if (kind === undefined) {
    throw badRequest('Supported `feed` types: normal, continuous, live, longpoll, eventsource');
  }
  return kind;
}

const KINDS: readonly FeedKind[] = ['normal', 'longpoll', 'continuous', 'eventsource'];

function readStyle(value: string | undefined): 'main_only' | 'all_docs' {
  if (value === undefined || value === 'main_only') return 'main_only';
  if (value === 'all_docs') return value;
  throw crash('unknown_error', 'badarg', 1513032534);
}

function readHeartbeat(value: string | undefined): number | undefined {
  if (value === undefined) return undefined;
  if (value === 'true') return Number.POSITIVE_INFINITY;
  if (!INTEGER.test(value)) {
    throw badRequest('Invalid heartbeat value. Expecting a positive integer value (in milliseconds).');
  }
  if (Number(value) > 0) return Number(value);
  throw badRequest('The heartbeat value should be a positive integer (in milliseconds).');
}

function readInterval(value: string | undefined): number {
  if (value === undefined) return 1;
  if (INTEGER.test(value) && Number(value) > 0) return Number(value);
  throw badRequest('invalid_seq_interval');
}

function readInteger(value: string | undefined, ref: number): number | undefined {
  if (value === undefined) return undefined;
  if (!INTEGER.test(value)) throw crash('unknown_error', 'badarg', ref);
  return Number(value);
}

const INTEGER = /^[+-]?[0-9]+$/;
