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

/** The key of which {@link packKey} made these bytes. */
export function unpackKey(packed: Uint8Array): Key {
  const key: KeyPart[] = [];
  let at = 0;
  while (at < packed.length) {
    if (packed[at] === NUMBER) {
      key.push(unpackNumber(packed.subarray(at + 1, at + 9)));
      at += 9;
    } else {
      const bytes: number[] = [];
      for (at += 1; packed[at] !== ZERO || packed[at + 1] === ESCAPED; at += 1) {
        const byte = packed[at] ?? ZERO;
        bytes.push(byte);
        if (byte === ZERO) at += 1;
      }
      at += 1;
      key.push(decoder.decode(Uint8Array.from(bytes)));
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

/** The bytes between which the keys of a range lie, the end not included. */
export function rangeBounds({ prefix, from, to }: KeyRange): { readonly start: Uint8Array; readonly end: Uint8Array } {
  const start = packKey(prefix);
  for (const bound of [from, to]) {
    if (bound !== undefined && !beginsWith(packKey(bound), start)) {
      throw new InputError(`The bound ${JSON.stringify(bound)} does not begin with the prefix ${JSON.stringify(prefix)} of its range`);
    }
  }
  // A part begins with its tag, so these enclose what continues the prefix, and not the prefix itself.
  const first = Uint8Array.of(...start, STRING);
  const last = Uint8Array.of(...start, NUMBER + 1);
  const lower = from === undefined ? first : packKey(from);
  const upper = to === undefined ? last : packKey(to);
  return { start: compareBytes(lower, first) < 0 ? first : lower, end: compareBytes(upper, last) > 0 ? last : upper };
}

function packPart(part: KeyPart): Uint8Array {
  return typeof part === 'number' ? packNumber(part) : packString(part);
}

function packString(text: string): Uint8Array {
  if (/\p{Surrogate}/u.test(text)) throw new InputError(`Half of a surrogate pair cannot be part of a key: ${JSON.stringify(text)}`);
  const bytes = encoder.encode(text);
  const zeros = bytes.reduce((sum, byte) => sum + Number(byte === ZERO), 0);
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

function unpackNumber(bytes: Uint8Array): number {
  const view = new DataView(Uint8Array.from(bytes).buffer);
  const high = view.getUint32(0);
  if (high < 0x80000000) {
    view.setUint32(0, ~high);
    view.setUint32(4, ~view.getUint32(4));
  } else view.setUint32(0, high & 0x7fffffff);
  return view.getFloat64(0);
}

function beginsWith(bytes: Uint8Array, beginning: Uint8Array): boolean {
  return bytes.length >= beginning.length && beginning.every((byte, at) => bytes[at] === byte);
}
