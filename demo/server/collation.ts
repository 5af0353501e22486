/**
 * The order of JSON values in views and selectors: null, false, true, numbers, texts, lists, objects; texts as people
 * sort them.
 *
 * @see https://docs.couchdb.org/en/stable/ddocs/views/collation.html
 *
 * @module
 */

import { JsonNumber, type JsonObject, type JsonValue } from './json.ts';

const COLLATOR = new Intl.Collator('und');

/** Negative when `a` comes before `b`, positive when it comes after, 0 when they count as equal. */
export function compareJson(a: JsonValue, b: JsonValue): number {
  const rank = rankOf(a) - rankOf(b);
  if (rank !== 0) return rank;
  if (a instanceof JsonNumber && b instanceof JsonNumber) return compareNumbers(a, b);
  if (typeof a === 'string' && typeof b === 'string') return COLLATOR.compare(a, b);
  if (Array.isArray(a) && Array.isArray(b)) return compareLists(a, b);
  if (a instanceof Map && b instanceof Map) return compareLists(flatten(a), flatten(b));
  return 0;
}

function rankOf(value: JsonValue): number {
  if (value === null) return 0;
  if (typeof value === 'boolean') return value ? 2 : 1;
  if (value instanceof JsonNumber) return 3;
  if (typeof value === 'string') return 4;
  return Array.isArray(value) ? 5 : 6;
}

/** Integers beyond the doubles keep all their digits. */
function compareNumbers(a: JsonNumber, b: JsonNumber): number {
  if (!a.isInteger || !b.isInteger) return Number(a.text) - Number(b.text);
  const difference = BigInt(a.text) - BigInt(b.text);
  return difference > 0n ? 1 : difference < 0n ? -1 : 0;
}

function compareLists(a: readonly JsonValue[], b: readonly JsonValue[]): number {
  for (const [index, left] of a.entries()) {
    const right = b[index];
    if (right === undefined) return 1;
    const order = compareJson(left, right);
    if (order !== 0) return order;
  }
  return a.length - b.length;
}

function flatten(object: JsonObject): JsonValue[] {
  return Array.from(object).flat();
}
