import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isSame } from '../../../src/registry/data/same.ts';

class Box {
  readonly content = 1;
}
const act = (): void => {};

describe('isSame', () => {
  test('says yes to copies of anything that JSON can say, in whatever order its members are', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const copy: unknown = JSON.parse(JSON.stringify(value));
        expect(isSame(copy, JSON.parse(JSON.stringify(reversed(copy))))).toBe(true);
      }),
    );
  });

  test('says no wherever texts with sorted members differ', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 1 }), fc.jsonValue({ maxDepth: 1 }), (one, other) => {
        const [a, b]: unknown[] = [JSON.parse(JSON.stringify(one)), JSON.parse(JSON.stringify(other))];
        if (isSame(a, b)) expect(sorted(a)).toBe(sorted(b));
        else expect(sorted(a)).not.toBe(sorted(b));
      }),
    );
  });

  test.each([
    [/a/g, /a/g],
    [new Date(1), new Date(1)],
    [new Map([['a', [1]]]), new Map([['a', [1]]])],
    [new Set([1]), new Set([1])],
    [new Uint8Array([1]), new Uint8Array([1])],
    [Number.NaN, Number.NaN],
    [act, act],
    [Object.create(null), Object.create(null)],
  ])('says yes to %o and %o', (a, b) => {
    expect(isSame(a, b)).toBe(true);
  });

  test.each([
    [/a/g, /a/],
    [new Date(1), new Date(2)],
    [new Map([['a', [1]]]), new Map([['a', [2]]])],
    [new Set([1]), new Set([2])],
    [new Uint8Array([1]), new Uint8Array([2])],
    [() => {}, () => {}],
    [new Box(), new Box()],
    [{}, []],
    [{ a: undefined }, {}],
    [null, {}],
    ['1', 1],
  ])('says no to %o and %o', (a, b) => {
    expect(isSame(a, b)).toBe(false);
  });
});

/** The same with the members of all objects in the opposite order. */
function reversed(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(reversed);
  const members = Object.entries(value).map(([name, member]) => [name, reversed(member)]);
  return Object.fromEntries(members.reverse());
}

function sorted(value: unknown): string {
  return JSON.stringify(value, (_, member: unknown) => {
    if (typeof member !== 'object' || member === null || Array.isArray(member)) return member;
    // An object still, as a list of nothing is another thing than an object of nothing.
    return { members: Object.entries(member).sort(([a], [b]) => (a < b ? -1 : 1)) };
  });
}
