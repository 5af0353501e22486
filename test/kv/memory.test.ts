import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Key, KeyRange } from '../../src/kv/kv.ts';
import { list } from '../../src/kv/list.ts';
import { memoryKv } from '../../src/kv/memory.ts';
import { compareKeys } from './keys.ts';

/** Keys of one key space, of a few parts, so that they meet often. */
const key: fc.Arbitrary<Key> = fc.oneof(
  fc.tuple(fc.constantFrom('', '\0', '\x01', 'a', 'a\0', 'ab', '\ue000', '\u{10000}')),
  fc.tuple(fc.constantFrom('a', 'b'), fc.integer({ min: -3, max: 3 })),
  fc.tuple(fc.constantFrom('a', 'b'), fc.integer({ min: -3, max: 3 }), fc.constantFrom('', 'x')),
);

const update = fc.record({ set: fc.array(key, { maxLength: 6 }), delete: fc.array(key, { maxLength: 6 }) });

const range = fc.record({
  prefix: fc.constantFrom<Key>([], ['a'], ['b'], ['a', 1]),
  pageSize: fc.integer({ min: 1, max: 5 }),
  reverse: fc.boolean(),
});

test('memoryKv lists what was set and not deleted, whatever happens in which order', () =>
  fc.assert(
    fc.asyncProperty(fc.array(fc.tuple(update, range), { minLength: 1, maxLength: 12 }), async (steps) => {
      const kv = memoryKv();
      const model = new Map<string, { readonly key: Key; readonly step: number }>();
      for (const [step, [{ set, delete: deleted }, { prefix, ...options }]] of steps.entries()) {
        await kv.update([], () => ({
          set: set.map((one) => [one, Uint8Array.of(step)]),
          delete: deleted,
          result: undefined,
        }));
        for (const one of deleted) model.delete(JSON.stringify(one));
        for (const one of set) model.set(JSON.stringify(one), { key: one, step });
        const listed: [Key, number | undefined][] = [];
        for await (const entry of list(kv, { prefix }, options)) listed.push([entry.key, entry.value[0]]);
        expect(listed).toEqual(expected([...model.values()], { prefix }, options.reverse));
      }
    }),
    { numRuns: 300 },
  ));

function expected(
  stored: readonly { readonly key: Key; readonly step: number }[],
  { prefix }: KeyRange,
  reverse: boolean,
): [Key, number][] {
  const inside = stored.filter(
    (entry) => entry.key.length > prefix.length && prefix.every((part, at) => part === entry.key[at]),
  );
  const sign = reverse ? -1 : 1;
  return inside.sort((a, b) => sign * compareKeys(a.key, b.key)).map((entry) => [entry.key, entry.step]);
}
