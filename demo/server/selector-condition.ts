/**
 * The conditions that a selector puts to one value: comparisons, membership, types and patterns.
 *
 * @module
 */

import { compareJson } from './collation.ts';
import { isObject, JsonNumber, type JsonValue, writeJson } from './json.ts';
import type { Refusal } from './model.ts';
import { compareBytes } from './order.ts';
import { badRequest } from './refusals.ts';

/** What is asked of a value. */
export interface Condition {
  readonly matches: (value: JsonValue) => boolean;
  /** What counts where the value is not there. */
  readonly whenMissing: boolean;
}

type Comparison = (a: JsonValue, b: JsonValue) => number;

/** The condition of an operator for a field. Negated, `$lt` is `$gte`, and what has no opposite is turned round. */
export function conditionOf(operator: string, argument: JsonValue, field: string, negated: boolean): Condition {
  const opposite = negated ? OPPOSITES.get(operator) : undefined;
  if (operator === '$exists') {
    if (typeof argument !== 'boolean') throw badArgument(operator, argument);
    const wanted = argument !== negated;
    return { matches: () => wanted, whenMissing: !wanted };
  }
  const matches = matcherOf(opposite ?? operator, argument, field === '_id' ? compareRaw : compareJson);
  const turned = negated && opposite === undefined;
  return { matches: turned ? (value) => !matches(value) : matches, whenMissing: false };
}

/** An operator was given something it cannot work with. */
export function badArgument(operator: string, argument: JsonValue): Refusal {
  return badRequest(`Bad argument for operator ${operator}: ${erlangText(argument)}`, 'bad_arg');
}

const OPPOSITES = new Map([
  ['$lt', '$gte'],
  ['$lte', '$gt'],
  ['$eq', '$ne'],
  ['$ne', '$eq'],
  ['$gte', '$lt'],
  ['$gt', '$lte'],
  ['$in', '$nin'],
  ['$nin', '$in'],
]);

/** Known to CouchDB, which has no use for them, or none without a text index. */
const UNSUPPORTED = ['$text', '$where', '$geoWithin', '$geoIntersects', '$near', '$nearSphere'];

function matcherOf(operator: string, argument: JsonValue, compare: Comparison): (value: JsonValue) => boolean {
  switch (operator) {
    case '$lt':
      return (value) => compare(value, argument) < 0;
    case '$lte':
      return (value) => compare(value, argument) <= 0;
    case '$eq':
      return (value) => compare(value, argument) === 0;
    case '$ne':
      return (value) => compare(value, argument) !== 0;
    case '$gte':
      return (value) => compare(value, argument) >= 0;
    case '$gt':
      return (value) => compare(value, argument) > 0;
    case '$in':
      return isIn(listOf(operator, argument), compare);
    case '$nin': {
      const found = isIn(listOf(operator, argument), compare);
      return (value) => !found(value);
    }
    case '$all':
      return hasAll(listOf(operator, argument));
    case '$size':
      return hasSize(argument);
    case '$type':
      return hasType(argument);
    case '$mod':
      return hasRemainder(argument);
    case '$regex':
      return fitsPattern(argument);
    case '$beginsWith':
      return beginsWith(argument);
    default: {
      const supported = !UNSUPPORTED.includes(operator);
      const [error, text] = supported ? ['invalid_operator', 'Invalid'] : ['not_supported', 'Unsupported'];
      throw badRequest(`${text} operator: ${operator}`, error);
    }
  }
}

/** Of a list, any element may be among the values. */
function isIn(wanted: readonly JsonValue[], compare: Comparison): (value: JsonValue) => boolean {
  return (value) => {
    const candidates = Array.isArray(value) ? value : [value];
    return wanted.some((one) => candidates.some((candidate) => compare(candidate, one) === 0));
  };
}

/** All values are elements of the list, or the one value is the list itself. Numbers must be spelt the same. */
function hasAll(wanted: readonly JsonValue[]): (value: JsonValue) => boolean {
  const texts = wanted.map(writeJson);
  return (value) => {
    if (!Array.isArray(value) || texts.length === 0) return false;
    const elements = new Set(value.map(writeJson));
    const isItself = texts.length === 1 && Array.isArray(wanted[0]) && texts[0] === writeJson(value);
    return isItself || texts.every((text) => elements.has(text));
  };
}

function hasSize(argument: JsonValue): (value: JsonValue) => boolean {
  const size = integerOf(argument);
  if (size === undefined || size < 0n) throw badArgument('$size', argument);
  return (value) => Array.isArray(value) && BigInt(value.length) === size;
}

function hasType(argument: JsonValue): (value: JsonValue) => boolean {
  if (typeof argument !== 'string') throw badArgument('$type', argument);
  return (value) => typeOf(value) === argument;
}

function hasRemainder(argument: JsonValue): (value: JsonValue) => boolean {
  const [divisor, remainder, ...more] = Array.isArray(argument) ? argument.map(integerOf) : [];
  if (!divisor || remainder === undefined || more.length > 0) throw badArgument('$mod', argument);
  return (value) => {
    const integer = integerOf(value);
    return integer !== undefined && integer % divisor === remainder;
  };
}

function fitsPattern(argument: JsonValue): (value: JsonValue) => boolean {
  if (typeof argument !== 'string') throw badArgument('$regex', argument);
  let pattern: RegExp;
  try {
    pattern = new RegExp(argument);
  } catch {
    throw badArgument('$regex', argument);
  }
  return (value) => typeof value === 'string' && pattern.test(value);
}

function beginsWith(argument: JsonValue): (value: JsonValue) => boolean {
  if (typeof argument !== 'string') throw badArgument('$beginsWith', argument);
  return (value) => typeof value === 'string' && value.startsWith(argument);
}

function listOf(operator: string, argument: JsonValue): readonly JsonValue[] {
  if (!Array.isArray(argument)) throw badArgument(operator, argument);
  return argument;
}

function integerOf(value: JsonValue): bigint | undefined {
  return value instanceof JsonNumber && value.isInteger ? BigInt(value.text) : undefined;
}

function typeOf(value: JsonValue): string {
  if (value === null) return 'null';
  if (value instanceof JsonNumber) return 'number';
  if (Array.isArray(value)) return 'array';
  return isObject(value) ? 'object' : typeof value;
}

/** Ids are compared by their bytes. */
function compareRaw(a: JsonValue, b: JsonValue): number {
  return typeof a === 'string' && typeof b === 'string' ? compareBytes(a, b) : compareJson(a, b);
}

/** A value as Erlang prints it, for messages: texts as the bytes they are. */
function erlangText(value: JsonValue): string {
  if (typeof value === 'string') return `<<${new TextEncoder().encode(value).join(',')}>>`;
  if (Array.isArray(value)) return `[${value.map(erlangText)}]`;
  if (isObject(value)) return `{[${Array.from(value, (member) => `{${member.map(erlangText)}}`)}]}`;
  return writeJson(value);
}
