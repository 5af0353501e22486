import { InputError } from '../core/errors.ts';
import type { Key, KeyPart, KeyRange } from './kv.ts';

/** Tags say of what type a part is; the end of the key sorts before all of them. */
const STRING = 0x02;
const NUMBER = 0x03;
/** Ends a string. A zero inside of one is followed by 0xff, so that the shorter of two strings comes first. */
const ZERO = 0x00;
const ESCAPED = 0xff;

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
  const parts = key.map(packPart);
  const packed = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    packed.set(part, at);
    at += part.length;
  }
  return packed;
}

/**
 * The key of which {@link packKey} made these bytes.
 *
 * @throws InputError when they are something else
 */
export function unpackKey(packed: Uint8Array): Key {
  const key: KeyPart[] = [];
  let at = 0;
  while (at < packed.length) {
    if (packed[at] === NUMBER && at + 9 <= packed.length) {
      key.push(unpackNumber(packed.slice(at + 1, at + 9)));
      at += 9;
    } else {
      const end = packed[at] === STRING ? endOfString(packed, at + 1) : -1;
      if (end === -1) throw new InputError(`The bytes ${packed} are not a packed key`);
      key.push(unpackString(packed.subarray(at + 1, end)));
      at = end + 1;
    }
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
 * The bytes between which the keys of a range lie, the end not included. Where nothing can lie, the end is not after the
 * start.
 *
 * @throws InputError for a bound that does not begin with the prefix
 */
export function rangeBounds({ prefix, from, to }: KeyRange): { readonly start: Uint8Array; readonly end: Uint8Array } {
  for (const bound of [from, to]) {
    if (bound !== undefined && !prefix.every((part, at) => part === bound[at])) {
      const [quoted, beginning] = [JSON.stringify(bound), JSON.stringify(prefix)];
      throw new InputError(`The bound ${quoted} does not begin with the prefix ${beginning} of its range`);
    }
  }
  // A part begins with its tag, so these two enclose what continues the prefix, and not the prefix itself.
  const packed = packKey(prefix);
  const first = followedBy(packed, STRING);
  const last = followedBy(packed, NUMBER + 1);
  const start = from === undefined ? first : packKey(from);
  return { start: compareBytes(start, first) < 0 ? first : start, end: to === undefined ? last : packKey(to) };
}

function packPart(part: KeyPart): Uint8Array {
  return typeof part === 'number' ? packNumber(part) : packString(part);
}

function packString(text: string): Uint8Array {
  if (/\p{Surrogate}/u.test(text)) {
    throw new InputError(`Half of a surrogate pair cannot be part of a key: ${JSON.stringify(text)}`);
  }
  const bytes = encoder.encode(text);
  const zeros = bytes.includes(ZERO) ? bytes.filter((byte) => byte === ZERO).length : 0;
  const packed = new Uint8Array(bytes.length + zeros + 2);
  packed[0] = STRING;
  if (zeros === 0) packed.set(bytes, 1);
  else {
    let at = 1;
    for (const byte of bytes) {
      packed[at++] = byte;
      if (byte === ZERO) packed[at++] = ESCAPED;
    }
  }
  return packed;
}

/** The place of the zero that ends a string, -1 when there is none. */
function endOfString(packed: Uint8Array, start: number): number {
  let end = packed.indexOf(ZERO, start);
  while (end !== -1 && packed[end + 1] === ESCAPED) end = packed.indexOf(ZERO, end + 2);
  return end;
}

function unpackString(escaped: Uint8Array): string {
  if (!escaped.includes(ZERO)) return decoder.decode(escaped);
  return decoder.decode(escaped.filter((_, at) => at === 0 || escaped[at - 1] !== ZERO));
}

/** IEEE 754 big-endian, negative numbers with every bit turned, others with the sign's: in the order of the values. */
function packNumber(value: number): Uint8Array {
  if (!Number.isFinite(value)) throw new InputError(`Only finite numbers can be part of a key, not ${value}`);
  const packed = new Uint8Array(9);
  packed[0] = NUMBER;
  const view = new DataView(packed.buffer);
  view.setFloat64(1, value === 0 ? 0 : value);
  const high = view.getUint32(1);
  if (high >= 0x80000000) {
    view.setUint32(1, ~high);
    view.setUint32(5, ~view.getUint32(5));
  } else view.setUint32(1, high | 0x80000000);
  return packed;
}

/** @param bytes 8 bytes of their own, which are turned back in place */
function unpackNumber(bytes: Uint8Array): number {
  const view = new DataView(bytes.buffer);
  const high = view.getUint32(0);
  if (high < 0x80000000) {
    view.setUint32(0, ~high);
    view.setUint32(4, ~view.getUint32(4));
  } else view.setUint32(0, high & 0x7fffffff);
  return view.getFloat64(0);
}

function followedBy(bytes: Uint8Array, byte: number): Uint8Array {
  const longer = new Uint8Array(bytes.length + 1);
  longer.set(bytes);
  longer[bytes.length] = byte;
  return longer;
}
