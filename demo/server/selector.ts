/**
 * Mango selectors, as `_find` and the `_selector` filter of changes feeds understand them.
 *
 * @see https://docs.couchdb.org/en/stable/api/database/find.html#selector-syntax
 *
 * @module
 */

import { isObject, type JsonObject, type JsonValue } from './json.ts';
import { badRequest } from './refusals.ts';
import { badArgument, type Condition, conditionOf } from './selector-condition.ts';
import { readField, readPath } from './selector-field.ts';

/** Whether a document is selected; it is given whole, with `_id`, `_rev` and `_deleted`. */
export type Selector = (document: JsonObject) => boolean;

type Predicate = (value: JsonValue) => boolean;

/**
 * How a `$not` works. Outside of lists CouchDB moves it down to the conditions, where it also asks that the field be
 * there: `{"$not": {"a": 1}}` passes a document with another `a`, and none without. Inside of lists it turns the answer
 * round.
 */
type Negation = 'no' | 'yes' | 'inner';

/**
 * Makes a selector ready for use.
 *
 * @throws Refusal 400, such as `invalid_operator`, for what is no selector
 *
 * @example
 * ```ts
 * const selects = compileSelector(parseJson('{"type":"cat","age":{"$gt":3}}'));
 * selects(document);
 * ```
 */
export function compileSelector(selector: JsonValue): Selector {
  if (!isObject(selector)) throw badRequest('Selector must be a JSON object', 'invalid_selector_json');
  if (selector.size === 0) return () => true;
  const selects = compile(selector, '', 'no');
  if (lacksField(selector)) throw badRequest('One or more conditions is missing a field name.', 'invalid_selector');
  return selects;
}

/** Several members are all to be fulfilled; what is no object is to be equalled. */
function compile(selector: JsonValue, path: string, negation: Negation): Predicate {
  if (!isObject(selector) || selector.size === 0) return ask(path, conditionOf('$eq', selector, path, isYes(negation)));
  const members = Array.from(selector, ([name, value]) => compileMember(name, value, path, negation));
  return isYes(negation) ? any(members) : all(members);
}

function compileMember(name: string, value: JsonValue, path: string, negation: Negation): Predicate {
  switch (name) {
    case '$and':
      return (isYes(negation) ? any : all)(compileList(name, value, path, negation));
    case '$or':
      return (isYes(negation) ? all : any)(compileList(name, value, path, negation));
    case '$nor':
      if (negation === 'inner') return not(any(compileList(name, value, path, 'inner')));
      return (isYes(negation) ? any : all)(compileList(name, value, path, opposite(negation)));
    case '$not':
      if (negation === 'inner') return not(compile(objectOf(name, value), path, 'inner'));
      return compile(objectOf(name, value), path, opposite(negation));
    case '$elemMatch':
    case '$allMatch':
    case '$keyMapMatch': {
      const matches = matchEach(name, compile(objectOf(name, value), '', 'inner'));
      return ask(path, { matches: isYes(negation) ? not(matches) : matches, whenMissing: false });
    }
    default:
      if (name.startsWith('$')) return ask(path, conditionOf(name, value, path, isYes(negation)));
      return compile(value, path === '' ? name : `${path}.${name}`, negation);
  }
}

function compileList(operator: string, parts: JsonValue, path: string, negation: Negation): Predicate[] {
  if (!Array.isArray(parts)) throw badArgument(operator, parts);
  return parts.map((part) => compile(part, path, negation));
}

/** Puts a condition to the value at a path; the empty path is the value itself. */
function ask(path: string, { matches, whenMissing }: Condition): Predicate {
  if (path === '') return matches;
  const parts = readPath(path);
  return (value) => {
    const found = readField(value, parts);
    return found === undefined ? whenMissing : matches(found);
  };
}

function matchEach(operator: string, matches: Predicate): Predicate {
  return (value) => {
    if (operator === '$keyMapMatch') return isObject(value) && Array.from(value.keys()).some(matches);
    if (!Array.isArray(value)) return false;
    return operator === '$elemMatch' ? value.some(matches) : value.length > 0 && value.every(matches);
  };
}

/** Whether a condition stands where no field was named. */
function lacksField(selector: JsonObject): boolean {
  const [[name, value] = ['', null], second] = selector;
  if (second !== undefined || name === '$and' || name === '$or' || name === '$nor') return false;
  if (name === '$not') return isObject(value) && lacksField(value);
  return name === '' || name.startsWith('$');
}

function objectOf(operator: string, value: JsonValue): JsonObject {
  if (!isObject(value)) throw badArgument(operator, value);
  return value;
}

function all(parts: readonly Predicate[]): Predicate {
  return (value) => parts.every((part) => part(value));
}

/** Of no parts at all CouchDB says yes. */
function any(parts: readonly Predicate[]): Predicate {
  return (value) => parts.length === 0 || parts.some((part) => part(value));
}

function not(part: Predicate): Predicate {
  return (value) => !part(value);
}

function isYes(negation: Negation): boolean {
  return negation === 'yes';
}

function opposite(negation: Negation): Negation {
  return isYes(negation) ? 'no' : 'yes';
}
