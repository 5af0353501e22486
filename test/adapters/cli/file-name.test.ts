import { basename, join, normalize } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fileName } from '../../../adapters/cli/file-name.ts';

const nasty = [
  '',
  '.',
  '..',
  '../..',
  '/',
  '\\',
  'a/b',
  'a\\b',
  'C:',
  'con',
  'CON',
  'nul.txt',
  'com1',
  'a.',
  'a ',
  '-rf',
  '~',
  '%2e',
  'a@1-b',
  'a\0b',
  '\n',
  '\ud800',
  'é',
  'É',
  'e\u0301',
  'A',
  'a',
  'x'.repeat(5000),
  'X'.repeat(5000),
];

describe('fileName', () => {
  test.each(nasty)('%j stays within its folder', (id) => {
    const name = `${fileName(id)}.json`;
    expect(basename(name)).toBe(name);
    expect(normalize(join('/folder', name))).toBe(`/folder/${name}`);
    expect(name).toMatch(/^[a-z0-9_%~-][a-z0-9_.%~-]*$|^\.json$/);
    expect(name.length).toBeLessThanOrEqual(130);
  });

  test('no two ids share a name, not even where case does not count', () => {
    const texts = fc.oneof(
      fc.constantFrom(...nasty),
      fc.string({ unit: 'binary' }),
      fc.stringMatching(/^[aA.%~@-]{0,4}$/),
    );
    fc.assert(
      fc.property(texts, texts, (a, b) => {
        expect(fileName(a).toLowerCase() === fileName(b).toLowerCase()).toBe(a === b);
      }),
      { numRuns: 2000 },
    );
  });

  test('plain ids stay readable', () => {
    expect(fileName('pancakes-2.1')).toBe('pancakes-2.1');
    expect(fileName('_design/app')).toBe('_design%2fapp');
  });

  test('keeps clear of names that some systems reserve', () => {
    for (const id of ['con', 'nul', 'lpt9', 'aux.txt']) expect(fileName(id).split('.')[0]).not.toBe(id.split('.')[0]);
  });
});
