import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { packKey } from '../../src/kv/key.ts';
import { compareIds, plainPart } from '../../src/replica/document-key.ts';

const ids = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.string({ unit: 'binary', minLength: 200, maxLength: 900 }),
  fc.constantFrom(
    'a',
    'a\0',
    'a\0b',
    'ab',
    '\ue000',
    '\u{10000}',
    '\uffff',
    'x'.repeat(480),
    'x'.repeat(481),
    'x'.repeat(5000),
  ),
);

describe('compareIds', () => {
  test('orders as UTF-8 bytes do', () => {
    const sound = ids.filter((id) => !/\p{Surrogate}/u.test(id));
    fc.assert(
      fc.property(sound, sound, (a, b) => {
        expect(Math.sign(compareIds(a, b))).toBe(Math.sign(Buffer.compare(Buffer.from(a), Buffer.from(b))));
      }),
    );
  });
});

describe('plainPart', () => {
  test('is a beginning of the id that keys can hold', () => {
    fc.assert(
      fc.property(ids, (id) => {
        const part = plainPart(id);
        const sound = id.replace(/\p{Surrogate}/gu, '\ufffd');
        expect(sound.startsWith(part)).toBe(true);
        expect(packKey([part]).length).toBeLessThan(1024);
        // All of it, where it is not too long; and never half of a character.
        expect(Buffer.byteLength(part)).toBeGreaterThan(Math.min(Buffer.byteLength(sound) - 1, 476));
        expect(Buffer.from(part).toString()).toBe(part);
      }),
    );
  });
});
