import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { SortedMap } from '../../src/kv/sorted-map.ts';

interface Value {
  readonly of: string;
}

function filled(keys: readonly string[]): SortedMap<Value> {
  const map = new SortedMap<Value>();
  for (const key of keys) map.set(key, { of: key });
  return map;
}

function keysBetween(map: SortedMap<Value>, start: string, end: string, reverse = false): string[] {
  return Array.from(map.between(start, end, reverse), ([key, value]) => {
    expect(value).toEqual({ of: key });
    return key;
  });
}

/** More keys than several blocks hold. */
const many = Array.from({ length: 3000 }, (_, at) => String(at).padStart(5, '0'));

describe('SortedMap', () => {
  test.each([
    ['in order', many],
    ['backwards', [...many].reverse()],
    // 1,667 has no factor in common with 3,000, so this comes past every key once.
    ['mixed up', many.map((_, at) => many[(at * 1667) % many.length] ?? '')],
  ])('keeps keys that come %s', (_, keys) => {
    const map = filled(keys);
    expect(keysBetween(map, '', 'x')).toEqual(many);
    expect(keysBetween(map, '', 'x', true)).toEqual([...many].reverse());
    for (const key of keys) expect(map.get(key)).toEqual({ of: key });
  });

  test('is empty again when all is deleted', () => {
    const map = filled(many);
    for (const key of many) expect(map.delete(key)).toBe(true);
    expect(map.delete('00000')).toBe(false);
    expect(keysBetween(map, '', 'x')).toEqual([]);
    map.set('a', { of: 'a' });
    expect(keysBetween(map, '', 'x')).toEqual(['a']);
  });

  const key = fc.nat(1999).map((at) => many[at] ?? '');
  const changes = fc.array(fc.tuple(fc.boolean(), fc.array(key, { maxLength: 1000, size: 'max' })), { maxLength: 4 });

  test('holds what was set and not deleted, between any two keys, in both directions', () =>
    fc.assert(
      fc.property(changes, key, key, (steps, start, end) => {
        const map = new SortedMap<Value>();
        const model = new Set<string>();
        for (const [adds, keys] of steps) {
          for (const one of keys) {
            if (adds) map.set(one, { of: one });
            else expect(map.delete(one)).toBe(model.has(one));
            if (adds) model.add(one);
            else model.delete(one);
          }
        }
        const expected = [...model].filter((one) => one >= start && one < end).sort();
        expect(keysBetween(map, start, end)).toEqual(expected);
        expect(keysBetween(map, start, end, true)).toEqual(expected.reverse());
      }),
      { numRuns: 200 },
    ));
});
