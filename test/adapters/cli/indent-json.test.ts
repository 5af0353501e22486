import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { indentJson } from '../../../adapters/cli/indent-json.ts';

describe('indentJson', () => {
  test('lays out as JSON.stringify does', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const sorted: unknown = JSON.parse(JSON.stringify(value));
        expect(indentJson(JSON.stringify(sorted))).toBe(JSON.stringify(sorted, null, 2));
      }),
    );
  });

  test('changes no number and no string', () => {
    expect(indentJson('{"n":1152921504606846976123, "d" : 1.0,"s":"a: {,"}')).toBe(
      '{\n  "n": 1152921504606846976123,\n  "d": 1.0,\n  "s": "a: {,"\n}',
    );
  });

  test('survives any depth', () => {
    const deep = `${'['.repeat(100_000)}${']'.repeat(100_000)}`;
    expect(indentJson(deep).replaceAll(/\s/g, '')).toBe(deep);
  });
});
