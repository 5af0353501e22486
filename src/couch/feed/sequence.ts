import { ProtocolError } from '../../core/errors.ts';
import { excerpt } from '../../core/json-value.ts';

/**
 * A position in a changes feed: opaque, of whatever form the server gives it. Two that differ may mean the same position,
 * and nothing can be said about which is the later one.
 */
export type Sequence = string | number | readonly unknown[];

/**
 * Reads a sequence from its JSON text. A number too large to be held exactly stays the text of its digits, which a server
 * takes back just as well.
 *
 * @returns null where the server left the sequence out, as it may with `seq_interval`
 * @throws ProtocolError when it is something else
 */
export function parseSequence(json: string): Sequence | null {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch (error) {
    throw new ProtocolError(`A sequence of the changes feed is not JSON: ${excerpt(json)}`, true, { cause: error });
  }
  if (value === null || typeof value === 'string' || Array.isArray(value)) return value;
  if (typeof value === 'number') return Number.isSafeInteger(value) ? value : json;
  throw new ProtocolError(`The changes feed gives a sequence of an unknown form: ${excerpt(json)}`, false);
}

/** A sequence as the parameter `since`: texts as they are, everything else as JSON. */
export function formatSequence(sequence: Sequence): string {
  return typeof sequence === 'string' ? sequence : JSON.stringify(sequence);
}

/** Whether two sequences are the same one. Others may mean the same position, which cannot be told. */
export function isSameSequence(one: Sequence | undefined, other: Sequence | undefined): boolean {
  return one !== undefined && other !== undefined && formatSequence(one) === formatSequence(other);
}

/** Whether a value has the form of a sequence. */
export function isSequence(value: unknown): value is Sequence {
  return typeof value === 'string' || typeof value === 'number' || Array.isArray(value);
}
