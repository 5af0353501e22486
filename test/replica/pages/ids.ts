import fc from 'fast-check';
import { compareBytes } from '../../../src/kv/key.ts';

/** Ids as bytes: of any text, of any length, and with beginnings in common. */
export const idBytes = fc
  .oneof(
    fc.string({ unit: 'binary', minLength: 1, maxLength: 20 }),
    fc.string({ unit: fc.constantFrom('a', 'b', '\0', '\u{10ffff}'), minLength: 1, maxLength: 6 }),
    fc.string({ unit: fc.constantFrom('a', 'b'), minLength: 1, maxLength: 8 }).map((end) => `${'x'.repeat(700)}${end}`),
  )
  .filter((id) => !/\p{Surrogate}/u.test(id))
  .map((id) => new TextEncoder().encode(id));

/** Such ids in order, each once. */
export function idSets(most: number): fc.Arbitrary<Uint8Array[]> {
  return fc
    .uniqueArray(idBytes, { minLength: 1, maxLength: most, selector: (id) => Buffer.from(id).toString('latin1') })
    .map((ids) => ids.sort(compareBytes));
}
