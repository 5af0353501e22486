import { JsonNumber, type JsonObject, type JsonValue, writeJson } from './json.ts';
import { parseJson } from './json-parse.ts';
import type { Query } from './model.ts';
import { Refusal } from './model.ts';

/** What may be asked of a list of rows: documents, databases, or what a view has. */
export interface ListQuery {
  /** The rows of exactly these keys, in this order. */
  readonly keys: readonly JsonValue[] | undefined;
  readonly startKey: JsonValue | undefined;
  readonly endKey: JsonValue | undefined;
  readonly inclusiveEnd: boolean;
  readonly descending: boolean;
  readonly skip: number;
  readonly limit: number;
  readonly includeDocs: boolean;
  readonly conflicts: boolean;
  readonly attachments: boolean;
  readonly encodingInfo: boolean;
  readonly updateSeq: boolean;
  readonly reduce: boolean;
}

/**
 * Reads the parameters of a list from the query of a request and its body, whose word counts more.
 *
 * @throws Refusal 400 for a value that cannot be
 */
export function readListQuery(query: Query, body?: JsonObject): ListQuery {
  const parameters = new Map<string, JsonValue>();
  for (const [name, text] of query) parameters.set(name, JSON_VALUES.has(name) ? parseJson(text) : text);
  for (const [name, value] of body ?? []) parameters.set(name, value);
  const value = (...names: string[]): JsonValue | undefined => {
    const name = names.find((known) => parameters.has(known));
    return name === undefined ? undefined : parameters.get(name);
  };
  const is = (name: string, otherwise = false): boolean => readBoolean(value(name), otherwise);
  const asked = value('keys');
  const keys = Array.isArray(asked) ? asked : undefined;
  const key = keys?.length === 1 ? keys[0] : value('key');
  return {
    keys: keys?.length === 1 ? undefined : keys,
    startKey: key ?? value('startkey', 'start_key'),
    endKey: key ?? value('endkey', 'end_key'),
    inclusiveEnd: is('inclusive_end', true),
    descending: is('descending'),
    skip: readCount(value('skip'), 0),
    limit: readCount(value('limit'), Number.POSITIVE_INFINITY),
    includeDocs: is('include_docs'),
    conflicts: is('conflicts'),
    attachments: is('attachments'),
    encodingInfo: is('att_encoding_info'),
    updateSeq: is('update_seq'),
    reduce: is('reduce', true),
  };
}

/** The part of a sorted list that a query asks for, and how many rows come before it. */
export function sliceOf<T>(
  sorted: readonly T[],
  { startKey, endKey, inclusiveEnd, descending, skip, limit }: ListQuery,
  compare: (item: T, key: JsonValue) => number,
): { readonly offset: number; readonly items: readonly T[] } {
  const items = descending ? [...sorted].reverse() : sorted;
  const sign = descending ? -1 : 1;
  const first = startKey === undefined ? 0 : firstIndex(items, (item) => sign * compare(item, startKey) >= 0);
  const past = (item: T, key: JsonValue): boolean => {
    const order = sign * compare(item, key);
    return inclusiveEnd ? order > 0 : order >= 0;
  };
  const last = endKey === undefined ? items.length : firstIndex(items, (item) => past(item, endKey));
  const begin = first + skip;
  return { offset: Math.min(begin, items.length), items: items.slice(begin, Math.min(last, begin + limit)) };
}

/** Parameters whose values are JSON. */
const JSON_VALUES = new Set(['key', 'keys', 'startkey', 'start_key', 'endkey', 'end_key']);

/** The index of the first item that a condition holds for; it holds for all that follow. */
function firstIndex<T>(items: readonly T[], holds: (item: T) => boolean): number {
  let low = 0;
  let high = items.length;
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    const item = items[middle];
    if (item !== undefined && holds(item)) high = middle;
    else low = middle + 1;
  }
  return low;
}

function readBoolean(value: JsonValue | undefined, otherwise: boolean): boolean {
  if (value === undefined) return otherwise;
  if (typeof value === 'boolean') return value;
  const text = typeof value === 'string' ? value.toLowerCase() : '';
  if (text !== 'true' && text !== 'false') throw invalid(`Invalid boolean parameter: ${shown(value)}`);
  return text === 'true';
}

function readCount(value: JsonValue | undefined, otherwise: number): number {
  if (value === undefined) return otherwise;
  const text = value instanceof JsonNumber ? value.text : value;
  if (typeof text !== 'string' || !/^[+-]?[0-9]+$/.test(text)) {
    throw invalid(`Invalid value for integer: ${shown(value)}`);
  }
  if (Number(text) < 0) throw invalid(`Invalid value for positive integer: ${shown(value)}`);
  return Number(text);
}

function shown(value: JsonValue): string {
  return writeJson(value);
}

function invalid(reason: string): Refusal {
  return new Refusal(400, 'query_parse_error', reason);
}
