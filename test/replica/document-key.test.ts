import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { packKey } from '../../src/kv/key.ts';
import { compareIds, documentKey, plainPart } from '../../src/replica/document-key.ts';

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

describe('documentKey', () => {
  test('is short, and of no other id', async () => {
    await fc.assert(
      fc.asyncProperty(ids, ids, async (a, b) => {
        const [left, right] = [packKey(await documentKey(a)), packKey(await documentKey(b))];
        expect(left.length).toBeLessThan(1100);
        expect(Buffer.compare(left, right) === 0).toBe(a === b);
      }),
    );
  });

  test('stands in the order of ids, but among long ones that begin alike', async () => {
    const sound = ids.filter((id) => !/\p{Surrogate}/u.test(id));
    await fc.assert(
      fc.asyncProperty(sound, sound, async (a, b) => {
        if (plainPart(a) === plainPart(b)) return;
        const order = Buffer.compare(packKey(await documentKey(a)), packKey(await documentKey(b)));
        expect(Math.sign(order)).toBe(Math.sign(compareIds(a, b)));
      }),
    );
  });

  test('exists for ids that no CouchDB would take', async () => {
    expect(await documentKey('')).toEqual(['']);
    expect(await documentKey('a\ud800')).toEqual(['a\ufffd', expect.stringMatching(/^[0-9a-f]{64}$/)]);
    expect(await documentKey('a\ud801')).not.toEqual(await documentKey('a\ud800'));
  });
});
