import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isInputError, isStoreError } from '../../src/core/errors.ts';
import { decodeJson, encodeJson } from '../../src/kv/json.ts';

describe('encodeJson and decodeJson', () => {
  test('give any JSON value back', () =>
    fc.assert(
      fc.property(fc.jsonValue({ stringUnit: 'binary' }), (value) => {
        expect(decodeJson(encodeJson(value))).toEqual(JSON.parse(JSON.stringify(value)));
      }),
    ));

  test('keep a byte order mark and halves of surrogate pairs', () => {
    for (const text of ['\ufeffa', '\ud800']) expect(decodeJson(encodeJson(text))).toBe(text);
  });

  test.each([undefined, () => 1, Symbol('a')])('refuse what JSON has no text for', (value) => {
    expect(() => encodeJson(value)).toThrow(expect.toSatisfy(isInputError));
  });

  test.each([[[]], [[0x7b]], [[0xff]], [[0xef, 0xbb, 0xbf, 0x31]]])('find the bytes %j damaged', (bytes) => {
    expect(() => decodeJson(Uint8Array.from(bytes))).toThrow(
      expect.toSatisfy((error) => isStoreError(error) && error.failure === 'corrupt'),
    );
  });
});
