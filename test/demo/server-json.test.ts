import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { JsonNumber, writeJson } from '../../demo/server/json.ts';
import { JsonSyntaxError, parseJson, parseJsonBytes } from '../../demo/server/json-parse.ts';

/** How a CouchDB 3.4.3 gave values back. */
describe('a value comes back as CouchDB prints it', () => {
  test.each([
    ['9007199254740993', '9007199254740993'],
    ['1152921504606846976', '1152921504606846976'],
    ['123456789012345678901234567890123456789012345678901234567890', undefined],
    ['1.0', '1.0'],
    ['1.50', '1.5'],
    ['1e2', '100.0'],
    ['1E+2', '100.0'],
    ['1.0e10', '10000000000.0'],
    ['1e21', '1e+21'],
    ['1e308', '1e+308'],
    ['1e-7', '1e-7'],
    ['-0', '0'],
    ['-0.0', '0.0'],
    ['5e-324', '0.0'],
    ['1e-400', '0.0'],
    ['12345678901234567890.0', '12345678901234567000.0'],
    ['0.1234567890123456789012345678901234', '0.12345678901234568'],
    [' [ 1 , { } , [ ] , true , false , null ] ', '[1,{},[],true,false,null]'],
    ['"\\u2028\\ufeff\\u007f\\ud83d\\ude00\\/"', '"\u2028\ufeff\u007f😀/"'],
    ['"\\u0000\\u001f\\b\\f\\n\\r\\t\\"\\\\"', '"\\u0000\\u001F\\b\\f\\n\\r\\t\\"\\\\"'],
    ['{"b":1,"2":2,"1":3}', undefined],
    ['{"a":1,"b":2,"a":3}', '{"a":3,"b":2}'],
    ['{"__proto__":{"polluted":true}}', undefined],
  ])('%s', (text, printed = text) => {
    expect(writeJson(parseJson(text))).toBe(printed);
  });
});

describe('parseJson refuses', () => {
  test.each([
    '',
    ' ',
    '[1,]',
    '{"a":1,}',
    '{"a"}',
    '{a:1}',
    '01',
    '+1',
    '1.',
    '.5',
    '-',
    '1 2',
    'nul',
    'TRUE',
    '"abc',
    '"\\"',
    '"\n"',
    '"\\x"',
    '"\\ud83d"',
    '"\\ude00\\ud83d"',
    '{"\\ud83d":1}',
    '1e400',
    '-1e400',
    '\ufeff1',
    `${'['.repeat(100_000)}${']'.repeat(100_000)}`,
  ])('%j', (text) => {
    expect(() => parseJson(text)).toThrow(JsonSyntaxError);
  });

  test('bytes that are not UTF-8', () => {
    expect(() => parseJsonBytes(Uint8Array.of(0x22, 0xff, 0x22))).toThrow(JsonSyntaxError);
  });
});

test('whatever JSON.stringify writes is read as the same value', () => {
  const value = fc.jsonValue({ noUnicodeString: false }).filter((some) => isSafe(some));
  fc.assert(
    fc.property(value, (some) => {
      expect(JSON.parse(writeJson(parseJson(JSON.stringify(some))))).toEqual(JSON.parse(JSON.stringify(some)));
    }),
  );
});

test('what was printed once does not change any more', () => {
  const value = fc.jsonValue({ noUnicodeString: false }).filter((some) => isSafe(some));
  fc.assert(
    fc.property(value, (some) => {
      const printed = writeJson(parseJson(JSON.stringify(some)));
      expect(writeJson(parseJson(printed))).toBe(printed);
    }),
  );
});

test('integers are told from decimals by their text', () => {
  expect(new JsonNumber('12').isInteger).toBe(true);
  expect(new JsonNumber('12.0').isInteger).toBe(false);
  expect(new JsonNumber('1e+21').isInteger).toBe(false);
});

/** Nothing that CouchDB reads in another way on purpose: lone surrogates, numbers next to zero. */
function isSafe(value: unknown): boolean {
  const text = JSON.stringify(value);
  return !/\\ud[89a-f]/i.test(text) && !/e-3[0-9]{2}/.test(text);
}
