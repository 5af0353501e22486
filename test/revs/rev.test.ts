import { createHash } from 'node:crypto';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { canonicalRevId, compareRevIds, formatRev, parseRev } from '../../src/revs/rev.ts';

describe('parseRev', () => {
  test.each([
    ['1-a', 1, 'a'],
    ['3-a-b', 3, 'a-b'],
    ['1-', 1, ''],
    ['0-1', 0, '1'],
    ['+1-x', 1, 'x'],
    ['01-x', 1, 'x'],
    ['9007199254740991-x', Number.MAX_SAFE_INTEGER, 'x'],
  ])('reads %j', (text, generation, id) => {
    expect(parseRev(text)).toEqual({ generation, id });
  });

  test.each(['', 'x', '12', '-1-x', '- 1-x', ' 1-x', '1 -x', '1.5-x', '0x1-x', '1e3-x', '+-x', '--', '++1-x', '१-x'])(
    'refuses %j',
    (text) => {
      expect(parseRev(text)).toBeUndefined();
    },
  );

  test('refuses a generation that a number cannot hold', () => {
    expect(parseRev('9007199254740992-x')).toBeUndefined();
    expect(parseRev('99999999999999999999-abc')).toBeUndefined();
  });

  test('reads what formatRev writes', () =>
    fc.assert(
      fc.property(fc.maxSafeNat(), fc.string(), (generation, id) => {
        expect(parseRev(formatRev(generation, id))).toEqual({ generation, id });
      }),
    ));
});

describe('canonicalRevId', () => {
  const hash = '967a00dff5e02add41819138abb3284d';

  test.each([
    ['a hash', hash, hash],
    ['an upper case hash', hash.toUpperCase(), hash],
    ['16 bytes', 'abcdefghijklmnop', '6162636465666768696a6b6c6d6e6f70'],
    ['short text', 'Abc', 'Abc'],
    ['nothing', '', ''],
    ['31 hex digits', hash.slice(1), hash.slice(1)],
    ['33 hex digits', `${hash}A`, `${hash}A`],
  ])('spells %s as CouchDB does', (_, id, spelled) => {
    expect(canonicalRevId(id)).toBe(spelled);
  });

  test('refuses 32 bytes that are not hex digits', () => {
    expect(canonicalRevId('z'.repeat(32))).toBeUndefined();
    expect(canonicalRevId('é'.repeat(16))).toBeUndefined();
  });

  test('counts bytes, not characters', () => {
    expect(canonicalRevId('é'.repeat(8))).toBe('c3a9'.repeat(8));
    expect(canonicalRevId('é'.repeat(32))).toBe('é'.repeat(32));
  });

  test('changes nothing the second time', () =>
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 40 }), (id) => {
        const spelled = canonicalRevId(id);
        fc.pre(spelled !== undefined);
        expect(canonicalRevId(spelled)).toBe(spelled);
      }),
    ));
});

describe('compareRevIds', () => {
  const id = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 18 }),
    fc.string({ unit: fc.constantFrom(...'0123456789abcdefABCDEF'), minLength: 32, maxLength: 32 }),
    fc.string().map((text) => createHash('md5').update(text).digest('hex')),
  );

  test('is the order of the bytes that CouchDB stores', () =>
    fc.assert(
      fc.property(id, id, (a, b) => {
        expect(Math.sign(compareRevIds(a, b))).toBe(Buffer.compare(packed(a), packed(b)));
      }),
    ));

  test('puts a hash where its bytes belong, not its digits', () => {
    expect(compareRevIds('967a00dff5e02add41819138abb3284d', 'abc')).toBeGreaterThan(0);
  });

  test('orders characters beyond U+FFFF by UTF-8', () => {
    expect(compareRevIds('\u{1F600}', '\uFF5E')).toBeGreaterThan(0);
  });

  function packed(text: string): Buffer {
    return /^[0-9a-f]{32}$/i.test(text) ? Buffer.from(text, 'hex') : Buffer.from(text, 'utf8');
  }
});
