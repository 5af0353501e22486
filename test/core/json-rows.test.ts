import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isProtocolError } from '../../src/core/errors.ts';
import { JsonRows } from '../../src/core/json-rows.ts';

function readInPieces(text: string, cuts: readonly number[]): { rows: string[]; others: ReadonlyMap<string, string> } {
  const reader = new JsonRows('results');
  const rows: string[] = [];
  const places = [...new Set(cuts.map((cut) => cut % (text.length + 1)))].sort((a, b) => a - b);
  let start = 0;
  for (const end of [...places, text.length]) {
    rows.push(...reader.push(text.slice(start, end)));
    start = end;
  }
  return { rows, others: reader.end() };
}

describe('JsonRows', () => {
  test('finds the same rows wherever the answer is cut, however it is laid out', () => {
    const layout = fc.constantFrom(
      (rows: string[], tail: string) => `{"results":[\n${rows.join(',\n')}\n],\n"last_seq":${tail},"pending":0}\n`,
      (rows: string[], tail: string) => `{"last_seq":${tail},"pending":0,"results":[${rows.join(',')}]}`,
      (rows: string[], tail: string) =>
        `\n\n{ "results" : [ ${rows.join(' ,\r\n\n')} ] ,\t"last_seq" : ${tail} , "pending" : 0 }\n\n`,
    );
    fc.assert(
      fc.property(
        fc.array(fc.jsonValue({ maxDepth: 3 }), { maxLength: 8 }),
        fc.jsonValue({ maxDepth: 2 }),
        layout,
        fc.array(fc.nat(), { maxLength: 40 }),
        (values, tail, write, cuts) => {
          const rows = values.map((value) => JSON.stringify(value));
          const read = readInPieces(write(rows, JSON.stringify(tail)), cuts);
          expect(read.rows).toEqual(rows);
          expect(JSON.parse(read.others.get('last_seq') ?? '')).toEqual(JSON.parse(JSON.stringify(tail)));
          expect(read.others.get('pending')).toBe('0');
        },
      ),
    );
  });

  test('reads strings full of brackets, quotes and backslashes, one character at a time', () => {
    const row = JSON.stringify({ '],"last_seq":': '\\"]}\\\\', '\\': '"', results: [['[']] });
    const text = `{"results":[${row},${row}],"last_seq":"a\\\\"}`;
    const read = readInPieces(
      text,
      Array.from(text, (_, index) => index),
    );
    expect(read.rows).toEqual([row, row]);
    expect(read.others.get('last_seq')).toBe('"a\\\\"');
  });

  test('keeps the digits of large numbers beside the rows', () => {
    expect(readInPieces('{"results":[],"last_seq":12345678901234567890}', []).others.get('last_seq')).toBe(
      '12345678901234567890',
    );
  });

  test('takes a list of another name for a member, and a nested list of its name for a part of it', () => {
    const read = readInPieces('{"warnings":["a",{"results":[1]}],"results":[2]}', []);
    expect(read.rows).toEqual(['2']);
    expect(read.others.get('warnings')).toBe('["a",{"results":[1]}]');
  });

  test.each([
    ['<html>not a database</html>', 'what is no JSON'],
    ['["results"]', 'a list'],
    ['{"results":[]}{"results":[]}', 'a second answer behind the first'],
    ['{"results":[1}', 'a bracket that does not fit'],
    ['{"results":[]],', 'a bracket too many'],
    ['{"results":[],"last_seq":nothing}', 'a member that is no JSON'],
  ])('refuses %s: %s', (text) => {
    const reader = new JsonRows('results');
    expect(() => {
      reader.push(text);
      reader.end();
    }).toThrow(expect.objectContaining({ name: 'ProtocolError' }));
  });

  test.each(['', '\n\n', '{"results":[', '{"results":[{"a":"', '{"results":[1,2]', '{"results":[1],"last_seq":"5'])(
    'says of %j that it broke off',
    (text) => {
      const reader = new JsonRows('results');
      reader.push(text);
      expect(reader.complete).toBe(false);
      expect(() => reader.end()).toThrow('broke off');
    },
  );

  test('misses a list that is not there', () => {
    const reader = new JsonRows('results');
    reader.push('{"ok":true}');
    expect(() => reader.end()).toThrow('no list "results"');
  });

  test('refuses a row beyond the bound before it has all of it', () => {
    const reader = new JsonRows('results', { longest: 100 });
    reader.push('{"results":["');
    expect(() => {
      for (let piece = 0; piece < 20; piece += 1) reader.push('0123456789');
    }).toThrow(expect.objectContaining({ name: 'ProtocolError', retryable: false }));
    expect(isProtocolError(new Error('other'))).toBe(false);
  });

  test('counts nothing that stands between rows as part of one, however long the server keeps the line open', () => {
    const reader = new JsonRows('results', { longest: 100 });
    const rows: string[] = [];
    for (const piece of ['', '{', '"results":', '[', '1', ',{"a":', '" ', ' "', '}', ']', ',"last_seq":', '7', '}']) {
      rows.push(...reader.push(piece));
      // Within a text they would not be signs of life.
      if (piece === '" ') continue;
      for (let beat = 0; beat < 10_000; beat += 1) rows.push(...reader.push('\n'));
    }
    expect(rows.map((row) => JSON.parse(row))).toEqual([1, { a: '  ' }]);
    expect(reader.end().get('last_seq')).toBe('7');
    // Two numbers do not become one.
    expect(readInPieces('{"results":[1\n\n\n2]}', [13, 14, 15, 16]).rows.join()).toMatch(/^1\n+2$/);
  });

  test('reads a row of many megabytes in very small pieces, each character once', () => {
    const reader = new JsonRows('results');
    const row = `{"text":"${'x\\"é'.repeat(2_000_000)}"}`;
    const text = `{"results":[${row}],"last_seq":1}`;
    const rows: string[] = [];
    // Where each of a million pieces costs a copy of those before it, this does not end.
    for (let start = 0; start < text.length; start += 8) rows.push(...reader.push(text.slice(start, start + 8)));
    expect(rows.length === 1 && rows[0] === row).toBe(true);
  });

  test('does not mistake a member called __proto__', () => {
    const { others } = readInPieces('{"__proto__":{"polluted":true},"results":[]}', []);
    expect(others.get('__proto__')).toBe('{"polluted":true}');
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });
});
