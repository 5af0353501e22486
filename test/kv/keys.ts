import * as fc from 'fast-check';
import type { Key, KeyPart } from '../../src/kv/kv.ts';

/** Characters at which an order or an escape can go wrong: the smallest, the largest of each length in UTF-8, their neighbours. */
const EDGES = [
  '\0',
  '\x01',
  '\x02',
  '\x03',
  'a',
  '\x7f',
  '\x80',
  '\u07ff',
  '\u0800',
  '\ud7ff',
  '\ue000',
  '\ufeff',
  '\uffff',
];

const text = fc.oneof(
  fc.string({ unit: fc.constantFrom(...EDGES, '\u{10000}', '\u{10ffff}'), maxLength: 4 }),
  fc.string({ unit: 'binary', maxLength: 20 }),
);

const number = fc.oneof(
  fc.constantFrom(0, -0, 1, -1, 0.5, Number.MIN_VALUE, -Number.MIN_VALUE, Number.MAX_VALUE, -Number.MAX_VALUE),
  fc.integer(),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
);

const part: fc.Arbitrary<KeyPart> = fc.oneof(text, number);

/** Any key. */
export const key: fc.Arbitrary<Key> = fc.array(part, { maxLength: 5 });

/** Two keys of one key space, in which all parts at one position have the same type; often one begins with the other. */
export const keyPair: fc.Arbitrary<readonly [Key, Key]> = fc
  .array(fc.oneof(fc.tuple(text, text), fc.tuple(number, number), text.map(twice), number.map(twice)), { maxLength: 4 })
  .chain((pairs) =>
    fc
      .tuple(fc.nat(pairs.length), fc.nat(pairs.length))
      .map(
        ([a, b]) => [pairs.slice(0, a).map(([first]) => first), pairs.slice(0, b).map(([, second]) => second)] as const,
      ),
  );

/** The order of keys by its definition, part by part: negative, 0 or positive. */
export function compareKeys(a: Key, b: Key): number {
  for (const [at, left] of a.entries()) {
    const right = b[at];
    if (right === undefined) return 1;
    const order = typeof left === 'number' ? left - Number(right) : Buffer.compare(utf8(left), utf8(String(right)));
    if (order !== 0) return order;
  }
  return a.length - b.length;
}

function utf8(value: string): Buffer {
  return Buffer.from(value, 'utf8');
}

function twice<T>(value: T): [T, T] {
  return [value, value];
}
