import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { NumberSet } from '../../../src/replica/verify/number-set.ts';

describe('NumberSet', () => {
  test('holds what a set holds', () => {
    const numbers = fc.array(fc.oneof(fc.nat(70), fc.nat(20_000), fc.maxSafeNat()));
    fc.assert(
      fc.property(numbers, numbers, (added, asked) => {
        const set = new NumberSet();
        const model = new Set<number>();
        for (const number of added) {
          expect(set.add(number)).toBe(!model.has(number));
          model.add(number);
        }
        for (const number of [...added, ...asked, ...added.map((each) => each + 1)]) {
          expect(set.has(number)).toBe(model.has(number));
        }
      }),
    );
  });
});
