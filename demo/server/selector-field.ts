/**
 * Fields by their path, `address.city` or `tags.0`, in selectors and lists of fields.
 *
 * @module
 */

import { isObject, type JsonObject, type JsonValue } from './json.ts';
import { badRequest } from './refusals.ts';

/**
 * The parts of a path; a dot behind a backslash belongs to a name.
 *
 * @throws Refusal 400 for a path with an empty part
 */
export function readPath(field: string): string[] {
  const parts = field.split(/(?<!\\)\./);
  if (parts.includes('')) throw badRequest(`Invalid field name: ${field}`, 'invalid_field_name');
  return parts.map((part) => part.replaceAll('\\', ''));
}

/** The value at a path; `undefined` when it is not there. */
export function readField(value: JsonValue, path: readonly string[]): JsonValue | undefined {
  let found: JsonValue | undefined = value;
  for (const name of path) {
    if (isObject(found)) found = found.get(name);
    else if (Array.isArray(found) && /^\+?\d+$/.test(name)) found = found[Number(name)];
    else return undefined;
  }
  return found;
}

/**
 * A document with the given fields only, in their order, each at its place.
 *
 * @example
 * ```ts
 * projectFields(document, ['_id', 'address.city']); // {"_id":…,"address":{"city":…}}
 * ```
 */
export function projectFields(document: JsonObject, fields: readonly string[]): JsonObject {
  const projected: JsonObject = new Map();
  for (const field of fields) {
    const path = readPath(field);
    const value = readField(document, path);
    if (value !== undefined) writeField(projected, path, value);
  }
  return projected;
}

function writeField(object: JsonObject, path: readonly string[], value: JsonValue): void {
  const [name, ...rest] = path;
  if (name === undefined) return;
  if (rest.length === 0) {
    object.set(name, value);
    return;
  }
  const known = object.get(name);
  const inner: JsonObject = isObject(known) ? new Map(known) : new Map();
  object.set(name, inner);
  writeField(inner, rest, value);
}
