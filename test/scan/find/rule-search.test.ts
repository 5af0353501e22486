import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { checkRules, find } from '../../../src/scan/find/find.ts';
import type { FindRule } from '../../../src/scan/find/rule.ts';
import { findInDoc } from './driver.ts';

/** Patterns that mean the same to both engines, where JavaScript's sees characters (flag u): anchors, word boundaries, classes, quotes, and characters that JSON escapes. */
const PATTERNS = [
  'a',
  '^a',
  'a$',
  '^$',
  '^a*$',
  '(?:^|b)a',
  'a(?:$|b)',
  '\\ba\\b',
  '\\Ba',
  '[^a]',
  '[$^]',
  '\\$\\^',
  '"',
  'a"b',
  '",',
  ':',
  '\\n',
  '\\\\',
  '.b',
  'a.b',
  'é',
  '\\bé',
  '',
];
const pattern = fc.constantFrom(...PATTERNS);
const text = fc.string({ unit: fc.constantFrom('a', 'b', '"', '\\', '\n', '^', '$', ' ', ':', ',', 'é', '😀') });
const value = fc.letrec((tie) => ({
  value: fc.oneof({ maxDepth: 3 }, text, fc.integer(), fc.boolean(), tie('list'), tie('object')),
  list: fc.array(tie('value'), { maxLength: 3 }),
  object: fc.dictionary(text, tie('value'), { maxKeys: 3 }),
})).value;

describe.each(['linear', 'native', 'both'])('find (%s)', (engines) => {
  test('finds in a document what each pattern finds in each key and text', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(pattern, { minLength: 1, maxLength: 5 }),
        fc.dictionary(text, value),
        async (patterns, body) => {
          const rules = patterns.map((source, i) => {
            const isNative = engines === 'native' || (engines === 'both' && i % 2 === 1);
            return [`${i}`, isNative ? new RegExp(source, 'u') : source] as const;
          });
          const findings = await findInDoc(find(Object.fromEntries(rules)), { _id: '1', v: body });
          const expected = textsIn({ v: body }, '').flatMap(({ text, where, at }) =>
            patterns.flatMap((source, i) =>
              new RegExp(source, 'u').test(text) ? [{ tag: `${i}`, where, ...at }] : [],
            ),
          );
          expect(findings.filter(({ where }) => where !== 'id')).toEqual(expected);
        },
      ),
    );
  });
});

/** As somebody would write it who has all the time in the world. */
function textsIn(
  body: unknown,
  where: string,
): { readonly text: string; readonly where: string; readonly at?: { at: 'key' } }[] {
  if (typeof body === 'string') return [{ text: body, where }];
  if (typeof body !== 'object' || body === null) return [];
  return Object.entries(body).flatMap(([name, member]) => {
    const place = `${where}/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`;
    const key = Array.isArray(body) ? [] : [{ text: name, where: place, at: { at: 'key' } as const }];
    return [...key, ...textsIn(member, place)];
  });
}

describe('a rule', () => {
  const found = async (rule: FindRule, doc: object): Promise<string[]> =>
    (await findInDoc(find({ tag: rule }), { _id: '1', ...doc })).map(({ where, at }) =>
      at === undefined ? where : `${where} ${at}`,
    );

  test('with keywords is tried where one of them is anywhere in the document, in whatever case', async () => {
    const rule = { pattern: '\\d{3}', keywords: ['PIN', 'code'] };
    expect(await found(rule, { v: '123' })).toEqual([]);
    expect(await found(rule, { v: '123', pin: '' })).toEqual(['/v']);
    expect(await found(rule, { v: '123', w: 'my Code' })).toEqual(['/v']);
    expect(await found(rule, { v: '123', w: '\n"\\code' })).toEqual(['/v']);
    expect(await found(rule, { v: '123', _id: 'pin' })).toEqual(['/v']);
    expect(await found(rule, { _id: 'pin-123' })).toEqual(['id']);
  });

  test('takes the characters of keywords as they are', async () => {
    const rule = { pattern: 'a', keywords: ['x.y', '[', 'q/', '\\'] };
    expect(await found(rule, { v: 'a xzy' })).toEqual([]);
    for (const word of ['x.y', '[', 'q/', '\\']) expect(await found(rule, { v: `a ${word}` })).toEqual(['/v']);
  });

  test('with keywords is told in its turn among those without', async () => {
    const patterns = {
      one: { pattern: 'a', keywords: ['a'] },
      two: 'a',
      three: { pattern: /a/, keywords: ['a'] },
      four: /a/,
    };
    const tags = (await findInDoc(find(patterns), { _id: '1', v: 'a' })).map(({ tag }) => tag);
    expect(tags).toEqual(['one', 'two', 'three', 'four']);
  });

  test('is tried on members as they are written in source files, when it says so', async () => {
    const pattern = 'pass(?:word)?"?: ?"?(\\w{4,})';
    const doc = { password: 'swordfish', a: { pass: 'abcd' }, l: ['pass: word'], pass: 12345, n: ['swordfish'] };
    expect(await found({ pattern }, doc)).toEqual(['/l/0']);
    expect(await found({ pattern, members: true }, doc)).toEqual(['/password', '/a/pass', '/l/0']);
    expect(await found({ pattern, members: true, keywords: ['pass'] }, doc)).toEqual(['/password', '/a/pass', '/l/0']);
  });

  test('tells a member once, though both the text and the member match', async () => {
    expect(await found({ pattern: 'key', members: true }, { a: 'key', key: 'b' })).toEqual(['/a', '/key key', '/key']);
  });

  test('counts what has more entropy than it says', async () => {
    const rule = { pattern: 'token=(\\w+)', entropy: 2 };
    expect(
      await found(rule, { a: 'token=aaaaaaaa', b: 'token=abcd', c: 'token=abcde', d: 'token=aa token=abcde' }),
    ).toEqual(['/c', '/d']);
  });

  test('takes for the secret the first group with text in it, the one that it says, or everything', async () => {
    const doc = { v: 'ab' };
    expect(await found({ pattern: '(x)?(a)(b)', allow: ['^a$'] }, doc)).toEqual([]);
    expect(await found({ pattern: '(x)?(a)(b)', allow: ['^b$'] }, doc)).toEqual(['/v']);
    expect(await found({ pattern: '(x)?(a)(b)', secretGroup: 3, allow: ['^b$'] }, doc)).toEqual([]);
    expect(await found({ pattern: '(x)?(a)(b)', secretGroup: 0, allow: ['^ab$'] }, doc)).toEqual([]);
    expect(await found({ pattern: 'ab', allow: ['^ab$'] }, doc)).toEqual([]);
    expect(await found({ pattern: /(x)?(a)(b)/, allow: [/^a$/] }, doc)).toEqual([]);
  });

  test.each(['(a)(b)', /(a)(b)/])('is refused with a secret in a group that %s does not have', async (pattern) => {
    const rules = { tag: { pattern, secretGroup: 3 } };
    await expect(checkRules(rules)).rejects.toThrow(
      'The rule "tag" says that its secret is group 3, and its pattern has 2',
    );
  });

  test.each([(source: string) => source, (source: string) => new RegExp(source)])(
    'looks at every match, wherever it begins and however long it is (%#)',
    async (written) => {
      const rule = { pattern: written('(?:^|\\b)a+|'), allow: ['^(?:a{0,3})$'] };
      expect(await found(rule, { v: 'a aa aaa', w: 'a aa aaaa aaa', x: 'b aaa', y: 'baaaa', z: '😀 aaaa' })).toEqual([
        '/w',
        '/z',
      ]);
    },
  );

  test('passes over what it allows, and finds what stands beside it', async () => {
    const rule = { pattern: 'key=(\\w+)', allow: ['(?i)example$', { stopwords: ['TEST'] }] };
    const doc = {
      a: 'key=myExample',
      b: 'key=atestkey',
      c: 'key=real',
      d: 'key=myexample, key=real',
      e: 'key=examples',
    };
    expect(await found(rule, doc)).toEqual(['/c', '/d', '/e']);
  });

  test('allows by the whole match, by the line, or by pattern and stopword together', async () => {
    const doc = { a: 'one\nkey=x # harmless\ntwo', b: '# harmless\nkey=x', c: 'key=test # harmless' };
    const pattern = 'key=(\\w+)';
    expect(await found({ pattern, allow: [{ patterns: ['harmless'] }] }, doc)).toEqual(['/a', '/b', '/c']);
    expect(await found({ pattern, allow: [{ patterns: ['^key=x'], of: 'match' }] }, doc)).toEqual(['/c']);
    expect(await found({ pattern, allow: [{ patterns: ['harmless'], of: 'line' }] }, doc)).toEqual(['/b']);
    const both = { patterns: ['harmless'], stopwords: ['test'], of: 'line', both: true } as const;
    expect(await found({ pattern, allow: [both] }, doc)).toEqual(['/a', '/b']);
  });

  test.each([
    [{ pattern: 1 }, 'has a member "pattern" that is not a pattern'],
    [{}, 'has no pattern'],
    [null, 'must be a pattern'],
    [{ pattern: 'a', keyword: 'b' }, 'has a member "keyword", which means nothing; there are pattern, flags'],
    [{ pattern: 'a', keywords: [''] }, 'has a member "keywords" that is not a list of texts'],
    [{ pattern: 'a', entropy: '3' }, 'has a member "entropy" that is not a number'],
    [{ pattern: 'a', secretGroup: -1 }, 'has a member "secretGroup" that is not the number of a group'],
    [{ pattern: 'a', allow: [1] }, 'allows what is neither a pattern nor an object'],
    [{ pattern: 'a', allow: [{ regexes: [] }] }, 'has a member "regexes" in "allow", which means nothing'],
    [{ pattern: 'a', allow: [{ of: 'file' }] }, 'has a member "of" in "allow" that is not "secret", "match" or "line"'],
    [{ pattern: /a/, flags: 'i' }, 'has flags besides those of its RegExp'],
    [{ pattern: 'a', constructor: 'b' }, 'has a member "constructor", which means nothing'],
  ])('%j is refused (D21)', (rule, message) => {
    const patterns: Record<string, FindRule> = JSON.parse('{}');
    Object.assign(patterns, { 'my "tag"': rule });
    expect(() => find(patterns)).toThrow(`The rule "my \\"tag\\"" ${message}`);
  });
});
