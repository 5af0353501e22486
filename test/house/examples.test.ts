import { describe, expect, test } from 'vitest';
import { isLiteral, withAssertions } from './example-assertions.ts';
import { checkExamples } from './example-names.ts';
import { docExamples, type Example, isForBrowsers, markdownExamples } from './examples.ts';

describe('markdownExamples', () => {
  test('finds every fenced block, with its language and its line', () => {
    expect(markdownExamples('A.md', 'One\n\n```ts\na;\nb;\n```\n\n```sh\nc\n```\n')).toEqual([
      { file: 'A.md', line: 4, language: 'ts', code: 'a;\nb;\n' },
      { file: 'A.md', line: 9, language: 'sh', code: 'c\n' },
    ]);
  });
});

test('isForBrowsers tells examples that import what browsers alone have', () => {
  const [page, program] = markdownExamples(
    'A.md',
    "```ts\nimport { indexedDbKv } from 'couchtide/indexeddb';\n```\n\n```ts\nimport { fsKv } from 'couchtide/fs';\n```\n",
  );
  expect(page !== undefined && isForBrowsers(page)).toBe(true);
  expect(program !== undefined && isForBrowsers(program)).toBe(false);
});

describe('docExamples', () => {
  const source = `/** One. */
export const a = 1;

  /**
   * Two, and \`code\`.
   *
   * \`\`\`ts
   * notAnExample();
   * \`\`\`
   *
   * @example
   * \`\`\`ts
   * first();
   *
   *   indented('@tag');
   * \`\`\`
   *
   * And so:
   * \`\`\`ts
   * second();
   * \`\`\`
   *
   * @throws Error
   * \`\`\`ts
   * notAnExampleEither();
   * \`\`\`
   */
`;

  test('finds the blocks under @example, and only those', () => {
    expect(docExamples('a.ts', source)).toEqual([
      { file: 'a.ts', line: 13, language: 'ts', code: `first();\n\n  indented('@tag');\n` },
      { file: 'a.ts', line: 20, language: 'ts', code: 'second();\n' },
    ]);
  });

  test('refuses an @example without a block', () => {
    expect(() => docExamples('a.ts', '\n/**\n * A.\n *\n * @example first();\n */')).toThrow(
      'a.ts:5 has an @example without a fenced block',
    );
  });
});

describe('checkExamples', () => {
  const check = (code: string, file = 'src/core/backoff.ts'): string[] => {
    const example: Example = { file, line: 10, language: 'ts', code };
    return [
      ...checkExamples(process.cwd(), ['src/index.ts', 'src/core/backoff.ts', 'src/core/platform.ts'], [example])
        .problems,
    ];
  };

  test('knows the exports of the own file, of the public face, and of other files', () => {
    expect(check('const delay: number = backoffDelay(1, { base: 1, cap: 2 }, platform().random());')).toEqual([]);
    expect(check(`new CouchtideError('a');`)).toEqual([]);
    expect(check(`import { CouchtideError } from 'couchtide'; new CouchtideError('a');`)).toEqual([]);
  });

  test('tells what does not compile, with its place', () => {
    expect(check('const a = 1;\nconst delay: string = backoffDelay(1, { base: 1, cap: 2 }, 0);')).toEqual([
      `src/core/backoff.ts:11: Type 'number' is not assignable to type 'string'.`,
    ]);
    expect(check('nobodyExportsThis();')).toEqual([`src/core/backoff.ts:10: Cannot find name 'nobodyExportsThis'.`]);
    expect(check('const a = ;')).toEqual(['src/core/backoff.ts:10: Expression expected.']);
  });
});

describe('withAssertions', () => {
  test.each([
    ['a(); // 0', '$equal(a(), 0); // 0'],
    [
      `await a.b(); // { c: ['d', -1], e: undefined }`,
      `$equal(await a.b(), { c: ['d', -1], e: undefined }); // { c: ['d', -1], e: undefined }`,
    ],
    ['console.log(a?.b); // null', '$equal(a?.b, null); // null'],
    ['if (a) {\n  b; // true\n}\nc; // 2', 'if (a) {\n  $equal(b, true); // true\n}\n$equal(c, 2); // 2'],
  ])('has %j proven', (code, proven) => {
    expect(withAssertions(code)).toBe(`import { deepStrictEqual as $equal } from 'node:assert';${proven}`);
  });

  test.each(['a();', 'a(); // between 0 and 1', 'const a = 1; // 1', 'a(); /* 1 */', 'a();\n// 1'])(
    'leaves %j as it is',
    (code) => {
      expect(withAssertions(code)).toBe(code);
    },
  );
});

describe('isLiteral', () => {
  test.each(['1', '-1.5', `'a'`, 'true', 'null', 'undefined', '[]', `{ a: [1, { b: 'c' }] }`])(
    'says yes to %s',
    (text) => {
      expect(isLiteral(text)).toBe(true);
    },
  );

  test.each(['', 'a', '1, 2', 'f()', '{ a, b }', '{ a: 1, … }', '2-b', `'a': b`, '1); f(', '...a', 'the same tree'])(
    'says no to %j',
    (text) => {
      expect(isLiteral(text)).toBe(false);
    },
  );
});
