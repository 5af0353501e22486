import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compareBytes } from '../../../src/kv/key.ts';
import {
  type Child,
  childBytes,
  childFor,
  decodeNode,
  encodeNode,
  separator,
} from '../../../src/replica/pages/node.ts';
import { idBytes, idSets } from './ids.ts';

function childrenOf(ids: readonly Uint8Array[]): Child[] {
  return ids.map((from, index) => ({
    from: index === 0 ? new Uint8Array() : from,
    block: index * 3,
    bytes: 2 ** 31 + index,
    filter: index % 2 === 0 ? Uint8Array.of(index, 1) : undefined,
  }));
}

describe('A node', () => {
  test('gives back its children', () => {
    fc.assert(
      fc.property(idSets(30), (ids) => {
        const children = childrenOf(ids);
        const bytes = encodeNode(children);
        expect(decodeNode(bytes)).toEqual(children);
        expect(bytes).toHaveLength(children.reduce((sum, child) => sum + childBytes(child), 0));
        expect(() => decodeNode(bytes.subarray(0, -1))).toThrow(
          expect.objectContaining({ name: 'StoreError', failure: 'corrupt' }),
        );
      }),
    );
  });

  test('knows in which child an id is', () => {
    fc.assert(
      fc.property(idSets(30), idBytes, (ids, id) => {
        const children = childrenOf(ids);
        const after = children.findIndex(({ from }) => compareBytes(from, id) > 0);
        expect(childFor(children, id)).toBe((after < 0 ? children.length : after) - 1);
      }),
    );
  });

  test('that is empty is none', () => {
    expect(() => decodeNode(new Uint8Array())).toThrow(expect.objectContaining({ failure: 'corrupt' }));
  });
});

test('What separates two ids is above one, not above the other, and as short as can be', () => {
  fc.assert(
    fc.property(idSets(2), (ids) => {
      const [last, next] = ids;
      if (last === undefined || next === undefined) return;
      const between = separator(last, next);
      expect(compareBytes(last, between)).toBeLessThan(0);
      expect(compareBytes(between, next)).toBeLessThanOrEqual(0);
      expect(Buffer.compare(between, next.subarray(0, between.length))).toBe(0);
      expect(compareBytes(between.subarray(0, -1), last)).toBeLessThanOrEqual(0);
    }),
  );
});
