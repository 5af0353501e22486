import { InputError, StoreError } from '../core/errors.ts';
import type { Key, KeyPart, KeyRange } from './kv.ts';

/*
 * A string is packed as 02, its UTF-8 bytes, 00; a number as 03 and eight bytes. Inside of a string 00 becomes 01 01, and
 * 01 becomes 01 02, so that nothing in it is less than its end: the shorter of two strings comes first.
 */
const STRING = 0x02;
const NUMBER = 0x03;
const NUMBER_BYTES = 9;
/** The bit of a double that says whether it is negative. */
const SIGN = 1n << 63n;

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * A key as bytes whose order is the order of keys: strings by their UTF-8 bytes, numbers by value.
 *
 * @throws InputError for a number that is not finite, and for half of a surrogate pair
 *
 * @example
 * ```ts
 * compareBytes(packKey(['a', 2]), packKey(['a', 10])); // less than 0
 * ```
 */
export function packKey(key: Key): Uint8Array {
  // Strings that stand together are encoded together: one call for most keys.
  let text = '';
  const pieces: Uint8Array[] = [];
  for (const part of key) {
    if (typeof part === 'string') {
      text += `\x02${escapeZeros(part)}\0`;
    } else {
      pieces.push(encoder.encode(text), packNumber(part));
      text = '';
    }
  }
  const last = encoder.encode(text);
  return pieces.length === 0 ? last : concatenate([...pieces, last]);
}

/**
 * The key of which {@link packKey} made these bytes.
 *
 * @throws StoreError when they are no packed key
 */
export function unpackKey(packed: Uint8Array): Key {
  const key: KeyPart[] = [];
  let at = 0;
  while (at < packed.length) {
    const end = packed[at] === NUMBER ? at + NUMBER_BYTES : packed.indexOf(0, at) + 1;
    if (end === 0 || end > packed.length) throw notAKey();
    const part = packed.subarray(at, end);
    key.push(packed[at] === NUMBER ? unpackNumber(part) : unpackString(part));
    at = end;
  }
  return key;
}

/** The order of bytes: negative when `a` comes first, positive when `b` does, 0 when they are equal. */
export function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const length = Math.min(a.length, b.length);
  for (let at = 0; at < length; at += 1) {
    const difference = (a[at] ?? 0) - (b[at] ?? 0);
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}

/**
 * The bytes between which the keys of a range lie, the end not included. Where the end is not after the start, the range
 * is empty.
 *
 * @throws InputError when `from` or `to` does not begin with the prefix
 */
export function rangeBounds({ prefix, from, to }: KeyRange): { readonly start: Uint8Array; readonly end: Uint8Array } {
  const beginning = packKey(prefix);
  // A part begins with its tag, so these enclose what continues the prefix, and not the prefix itself.
  const first = concatenate([beginning, Uint8Array.of(STRING)]);
  const last = concatenate([beginning, Uint8Array.of(NUMBER + 1)]);
  const start = from === undefined ? first : packBound(from, prefix, beginning);
  const end = to === undefined ? last : packBound(to, prefix, beginning);
  return { start: compareBytes(start, first) < 0 ? first : start, end };
}

function packBound(bound: Key, prefix: Key, beginning: Uint8Array): Uint8Array {
  const packed = packKey(bound);
  if (compareBytes(packed.subarray(0, beginning.length), beginning) === 0) return packed;
  throw new InputError(
    `The bound ${JSON.stringify(bound)} does not begin with the prefix ${JSON.stringify(prefix)} of its range`,
  );
}

function escapeZeros(text: string): string {
  if (/\p{Surrogate}/u.test(text)) {
    throw new InputError(`Half of a surrogate pair cannot be part of a key: ${JSON.stringify(text)}`);
  }
  return text.replaceAll('\x01', '\x01\x02').replaceAll('\0', '\x01\x01');
}

function unpackString(part: Uint8Array): string {
  if (part[0] !== STRING) throw notAKey();
  try {
    return decoder.decode(part.subarray(1, -1)).replaceAll('\x01\x01', '\0').replaceAll('\x01\x02', '\x01');
  } catch (error) {
    throw notAKey({ cause: error });
  }
}

/** IEEE 754 big-endian, negative numbers with every bit turned, others with the sign's: in the order of the values. */
function packNumber(value: number): Uint8Array {
  if (!Number.isFinite(value)) {
    throw new InputError(`Only strings and finite numbers can be part of a key, not ${value}`);
  }
  const packed = Uint8Array.of(NUMBER, 0, 0, 0, 0, 0, 0, 0, 0);
  const view = new DataView(packed.buffer, 1);
  view.setFloat64(0, value === 0 ? 0 : value);
  const bits = view.getBigUint64(0);
  view.setBigUint64(0, bits & SIGN ? ~bits : bits | SIGN);
  return packed;
}

function unpackNumber(part: Uint8Array): number {
  const view = new DataView(part.slice(1).buffer);
  const bits = view.getBigUint64(0);
  view.setBigUint64(0, bits & SIGN ? bits & ~SIGN : ~bits);
  return view.getFloat64(0);
}

function concatenate(pieces: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(pieces.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}

function notAKey(options?: ErrorOptions): StoreError {
  return new StoreError('A key of the store is damaged: delete the store and fill it anew', 'corrupt', options);
}
