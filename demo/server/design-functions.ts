import type { Database } from './database.ts';
import { compileFunction, type DesignFunction } from './functions.ts';
import { isObject, type JsonObject, type JsonValue } from './json.ts';
import { parseJson } from './json-parse.ts';
import { notFound } from './refusals.ts';

/**
 * The members of a design document.
 *
 * @param name without `_design/`
 * @throws Refusal 404
 */
export function openDesignDocument(database: Database, name: string): JsonObject {
  const document = database.document(`_design/${name}`);
  if (document === undefined) throw notFound();
  const { rev, deleted } = document.winner;
  if (deleted) throw notFound('deleted');
  const value = parseJson(`{${document.content(rev)?.members ?? ''}}`);
  return isObject(value) ? value : new Map();
}

/**
 * The function that stands at a path in a design document, compiled.
 *
 * @throws Refusal 404 when there is nothing
 */
export function designFunction(database: Database, design: string, path: readonly string[]): DesignFunction {
  let value: JsonValue = openDesignDocument(database, design);
  for (const name of path) {
    const member: JsonValue | undefined = isObject(value) ? value.get(name) : undefined;
    if (member === undefined) throw notFound(`missing json key: ${name}`);
    value = member;
  }
  return compileFunction(typeof value === 'string' ? value : 'undefined');
}
