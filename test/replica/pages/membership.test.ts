import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { filterOf, hashId, mayContain } from '../../../src/replica/pages/membership.ts';
import { idSets } from './ids.ts';

const encoder = new TextEncoder();

describe('A filter', () => {
  test('never denies what it has been given', () => {
    fc.assert(
      fc.property(idSets(200), (ids) => {
        const filter = filterOf(ids.map(hashId));
        expect(filter.length).toBeLessThanOrEqual(2 * ids.length + 1);
        expect(ids.filter((id) => !mayContain(filter, hashId(id)))).toEqual([]);
      }),
    );
  });

  // Ids as people make them, which differ in little.
  const kinds: readonly (readonly [string, (number: number) => string])[] = [
    ['counted', (number) => `doc-${number}`],
    ['counted with zeros', (number) => `order:${`${number}`.padStart(12, '0')}`],
    ['hexadecimal', (number) => (Math.imul(number + 1, 0x9e3779b1) >>> 0).toString(16).repeat(4)],
    ['of two letters', (number) => number.toString(2).padStart(24, '0').replaceAll('0', 'a').replaceAll('1', 'b')],
    ['long, and different at the beginning', (number) => `${number}${'x'.repeat(500)}`],
    ['of one character', (number) => String.fromCodePoint(0x100 + number)],
  ];
  test.each(kinds)('lets few strangers pass among ids %s', (_, idOf) => {
    const hashOf = (number: number) => hashId(encoder.encode(idOf(number)));
    let passed = 0;
    let asked = 0;
    for (let page = 0; page < 20; page += 1) {
      const filter = filterOf(Array.from({ length: 100 }, (_, at) => hashOf(page * 1000 + at)));
      for (let at = 100; at < 1000; at += 1) {
        asked += 1;
        if (mayContain(filter, hashOf(page * 1000 + at))) passed += 1;
      }
    }
    // One in 1,400 is expected, 13 of 18,000; three times that never comes by chance.
    expect(asked).toBe(18_000);
    expect(passed).toBeLessThan(40);
  });
});
