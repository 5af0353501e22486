import { describe, expect, test } from 'vitest';
import { relax } from '../../../src/scan/find/relax.ts';

describe('relax', () => {
  test.each([
    ['^a$', '(?:)a(?:)'],
    ['\\Aa\\z', '(?:)a(?:)'],
    ['a\\^\\$', 'a\\^\\$'],
    ['a\\\\$', 'a\\\\(?:)'],
    ['[$^]', '[$^]'],
    ['[^$]$', '[^$](?:)'],
    ['[]$]$', '[]$](?:)'],
    ['[^]$]$', '[^]$](?:)'],
    ['[[:alpha:]$]$', '[[:alpha:]$](?:)'],
    ['[a\\]$]$', '[a\\]$](?:)'],
    ['\\ba\\B', '\\ba\\B'],
    ['\\Q$\\E', undefined],
  ])('%j on the linear engine', (source, expected) => {
    expect(relax({ source, flags: '' }, 'linear')?.source).toBe(expected);
  });

  test.each([
    ['^a$', '(?:)a(?:)'],
    ['[]$', '[](?:)'],
    ['[^]$[a]', '[^](?:)[a]'],
    ['[\\]$[a]$', '[\\]$[a](?:)'],
    ['[^]$a', '[^](?:)a'],
    ['a(?=b)', undefined],
    ['a(?!b)', undefined],
    ['(?<=a)b', undefined],
    ['(?<!a)b', undefined],
    ['(?<name>^a)', '(?<name>(?:)a)'],
  ])('%j on that of JavaScript', (source, expected) => {
    expect(relax({ source, flags: '' }, 'native')?.source).toBe(expected);
  });

  test('lets classes in classes alone, and keeps flags', () => {
    expect(relax({ source: '[[a]--[b]]', flags: 'v' }, 'native')).toBeUndefined();
    expect(relax({ source: '^a', flags: 'im' }, 'native')).toEqual({ source: '(?:)a', flags: 'im' });
  });
});
