import { describe, expect, test } from 'vitest';
import { find } from '../../../src/scan/find/find.ts';
import type { FindPatterns } from '../../../src/scan/find/tagged-rules.ts';
import { findInDoc } from './driver.ts';

async function contexts(patterns: FindPatterns, v: string, context: number): Promise<unknown[]> {
  const findings = await findInDoc(find(patterns, { context }), { _id: '', v });
  return findings.filter(({ where, at }) => where === '/v' && at === undefined).map((finding) => finding['context']);
}

describe('the context of a finding', () => {
  test.each([
    ['my pin 1234.', 2, 'n ***.'],
    ['my pin 1234.', 100, 'my pin ***.'],
    ['my pin 1234.', 0, '***'],
    ['1234', 5, '***'],
    ['1234 and 5678', 5, '*** and '],
    ['1234 and 5678', 8, '*** and ***'],
    ['1234 and 5678', 6, '*** and ***'],
    ['12345678', 3, '***'],
  ])('of digits in %j with %i characters around is %j', async (text, size, expected) => {
    expect(await contexts({ tag: '\\d{4}' }, text, size)).toEqual([expected]);
  });

  test('hides what other rules have found, wherever they overlap', async () => {
    const patterns = { one: 'abc', two: 'cde', three: /x+/ };
    expect(await contexts(patterns, '-abcde-xxx-', 20)).toEqual(Array(3).fill('-***-***-'));
    expect(await contexts({ outer: 'a.*e', inner: 'c' }, '-abcde-', 20)).toEqual(['-***-', '-***-']);
  });

  test('is that of the first match that counts', async () => {
    expect(await contexts({ tag: { pattern: 'k=(\\w+)', allow: ['^x$'] } }, 'k=x k=y z', 2)).toEqual(['*** *** z']);
  });

  test('is there for a match without characters', async () => {
    expect(await contexts({ tag: '^' }, 'abc', 2)).toEqual(['ab']);
  });

  test('is of the member, where that has matched', async () => {
    expect(await contexts({ tag: { pattern: '"v": "(\\w+)', members: true } }, 'abc', 3)).toEqual(['***"']);
  });

  test.each([-1, 1.5, Number.NaN])('is refused with %s characters', (context) => {
    expect(() => find({ tag: 'a' }, { context })).toThrow('The context must be a number of characters');
  });
});
