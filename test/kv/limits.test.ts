import { describe, expect, test } from 'vitest';
import { isInputError, isLimitError } from '../../src/core/errors.ts';
import { packKey } from '../../src/kv/key.ts';
import type { Decision, Key, KvLimits } from '../../src/kv/kv.ts';
import { packKeys, packMutations, pageSize } from '../../src/kv/limits.ts';

const limits: KvLimits = {
  keyBytes: 10,
  valueBytes: 20,
  keysPerRead: 3,
  guardsPerUpdate: 2,
  mutationsPerUpdate: 4,
  bytesPerUpdate: 50,
  keyBytesPerUpdate: 25,
};

/** A key that takes so many bytes when it is packed. */
function keyOf(bytes: number): Key {
  return ['k'.repeat(bytes - 2)];
}

function exceeding(limit: keyof KvLimits, actual: number): unknown {
  return expect.toSatisfy(
    (error) =>
      isLimitError(error) && error.limit === limit && error.allowed === limits[limit] && error.actual === actual,
  );
}

describe('packKeys', () => {
  test('packs as many and as long keys as are allowed', () => {
    const keys = [keyOf(10), keyOf(3), keyOf(10)];
    expect(packKeys(keys, limits, 'keysPerRead')).toEqual(keys.map(packKey));
  });

  test('refuses one more, and one byte more', () => {
    const four = [keyOf(3), keyOf(3), keyOf(3), keyOf(3)];
    expect(() => packKeys(four, limits, 'keysPerRead')).toThrow(exceeding('keysPerRead', 4));
    expect(() => packKeys(four, limits, 'guardsPerUpdate')).toThrow(exceeding('guardsPerUpdate', 4));
    expect(() => packKeys([keyOf(11)], limits, 'keysPerRead')).toThrow(exceeding('keyBytes', 11));
  });
});

describe('packMutations', () => {
  const bytes = (length: number): Uint8Array => new Uint8Array(length);

  test('packs what is just small enough', () => {
    const decision: Decision<void> = {
      set: [[keyOf(10), bytes(20)]],
      delete: [keyOf(5), keyOf(5), keyOf(3)],
      result: undefined,
    };
    expect(packMutations(decision, [bytes(2)], limits)).toEqual({
      set: [[packKey(keyOf(10)), bytes(20)]],
      delete: [keyOf(5), keyOf(5), keyOf(3)].map(packKey),
    });
    expect(packMutations({ result: undefined }, [], limits)).toEqual({ set: [], delete: [] });
  });

  test.each<[keyof KvLimits, number, Omit<Decision<void>, 'result'>, number]>([
    ['mutationsPerUpdate', 5, { set: [1, 2, 3].map(() => [keyOf(3), bytes(0)]), delete: [keyOf(3), keyOf(3)] }, 0],
    ['keyBytes', 11, { set: [[keyOf(11), bytes(0)]] }, 0],
    ['keyBytes', 11, { delete: [keyOf(11)] }, 0],
    ['valueBytes', 21, { set: [[keyOf(3), bytes(21)]] }, 0],
    ['keyBytesPerUpdate', 26, { set: [[keyOf(10), bytes(0)]], delete: [keyOf(10), keyOf(6)] }, 0],
    ['keyBytesPerUpdate', 26, { delete: [keyOf(10)] }, 16],
    ['bytesPerUpdate', 51, { set: [1, 2].map(() => [keyOf(4), bytes(20)]), delete: [keyOf(3)] }, 0],
  ])('refuses more than %s: %j', (limit, actual, decision, guardBytes) => {
    const guards = guardBytes === 0 ? [] : [bytes(guardBytes)];
    expect(() => packMutations({ ...decision, result: undefined }, guards, limits)).toThrow(exceeding(limit, actual));
  });
});

describe('pageSize', () => {
  test.each([
    [undefined, 500],
    [1, 1],
    [2.9, 2],
    [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY],
  ])('of %j is %j', (limit, size) => {
    expect(pageSize(limit)).toBe(size);
  });

  test.each([0, -1, 0.5, Number.NaN])('refuses %j', (limit) => {
    expect(() => pageSize(limit)).toThrow(expect.toSatisfy(isInputError));
  });
});
