import { execFileSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { parseFile } from './imports.ts';
import { findProblems, isHouse } from './layering.ts';

describe('findProblems', () => {
  test('finds none in this repository', async () => {
    const paths = filesOfRepository().filter(isHouse);
    expect(paths).toContain('src/index.ts');
    const sources = await Promise.all(paths.map(async (path) => [path, await readFile(path, 'utf8')] as const));
    expect(findProblems(new Map(sources))).toEqual([]);
  });

  test('allows the own folder and lower ranks', () => {
    expect(
      problems({
        'src/core/a.ts': `import { of } from 'rxjs'; import './b.ts';`,
        'src/core/b.ts': '',
        'src/pull/a.ts': `import '../core/a.ts'; import type { B } from '../replica/b.ts'; import './b.ts';`,
        'src/pull/b.ts': '',
        'src/replica/b.ts': '',
        'src/serve/a.ts': `import '../pull/a.ts';`,
        'src/index.ts': `export * from './serve/a.ts'; export { a } from './core/a.ts';`,
        'adapters/sqlite.ts': `import '../src/kv/kv.ts';`,
        'adapters/fs/index.ts': `import '../sqlite.ts'; import '../../src/kv/kv.ts'; import '../../src/core/a.ts';`,
        'adapters/cli/main.ts': `import '../fs/index.ts'; import '../../src/index.ts'; await import('couchtide/demo');`,
        'src/kv/kv.ts': '',
        'demo/server/index.ts': `import '../../src/revs/tree.ts'; import '../main.ts';`,
        'demo/main.ts': '',
        'src/revs/tree.ts': '',
      }),
    ).toEqual([]);
  });

  test.each([
    ['a static import', `import { a } from '../pull/a.ts';`],
    ['an import for its effect', `import '../pull/a.ts';`],
    ['an import of a type', `import type { A } from '../pull/a.ts';`],
    ['an inline import of a type', `export type B = import('../pull/a.ts').A;`],
    ['a dynamic import', `export async function f() { await import('../pull/a.ts'); }`],
    ['a dynamic import by template', 'export const f = () => import(`../pull/a.ts`);'],
    ['a require', `const a = require('../pull/a.ts');`],
    ['an import by assignment', `import a = require('../pull/a.ts');`],
    ['an export of names', `export { a } from '../pull/a.ts';`],
    ['an export of everything', `export * from '../pull/a.ts'; export const b = 1;`],
  ])('refuses a higher rank: %s', (_, source) => {
    expect(problems({ 'src/couch/a.ts': source, 'src/pull/a.ts': '' })).toEqual([
      'src/couch/a.ts:1 imports ../pull/a.ts: src/pull does not rank below src/couch',
    ]);
  });

  test.each([
    ['src/couch/a.ts', '../replica/a.ts', 'src/replica does not rank below src/couch'],
    ['src/serve/a.ts', '../index.ts', 'src/index.ts does not rank below src/serve'],
    ['src/core/a.ts', '../../adapters/sqlite.ts', 'adapters/*.ts does not rank below src/core'],
    ['src/core/a.ts', '../../adapters/fs/index.ts', 'adapters/fs does not rank below src/core'],
    ['src/core/a.ts', '../../demo/server/index.ts', 'demo does not rank below src/core'],
    ['adapters/fs/index.ts', '../indexeddb/index.ts', 'adapters/indexeddb does not rank below adapters/fs'],
    ['adapters/sqlite.ts', './fs/index.ts', 'adapters/fs does not rank below adapters/*.ts'],
    ['adapters/fs/index.ts', '../../src/couch/request/request.ts', 'an adapter uses only the store contract'],
    ['adapters/fs/index.ts', '../../src/index.ts', 'an adapter uses only the store contract'],
    ['adapters/fs/index.ts', '../../test/support/a.ts', 'test does not rank below adapters/fs'],
    ['demo/main.ts', '../test/support/a.ts', 'test does not rank below demo'],
    ['src/core/a.ts', '../../package.json', 'that lies outside of the ranked folders'],
    ['src/core/a.ts', 'couchtide', 'the package does not import itself by name'],
    ['adapters/fs/index.ts', 'couchtide/demo', 'the package does not import itself by name'],
  ])('refuses that %s imports %s', (path, specifier, complaint) => {
    expect(problems({ [path]: `\nimport '${specifier}';` })).toEqual([`${path}:2 imports ${specifier}: ${complaint}`]);
  });

  test('refuses barrels from inside, whatever they are called', () => {
    const sources = {
      'src/kv/all.ts': `export { a } from './a.ts';`,
      'src/kv/a.ts': 'export const a = 1;',
      'src/kv/index.ts': `import { a } from './a.ts'; export function open() { return a; }`,
      'src/couch/a.ts': `import { a } from '../kv/all.ts'; import { open } from '../kv/index.ts';`,
    };
    expect(problems(sources)).toEqual([
      'src/couch/a.ts:1 imports ../kv/all.ts: a barrel is for users of the package only',
    ]);
  });

  test('refuses circles, also such as exist for types only', () => {
    expect(
      problems({
        'src/core/a.ts': `import './b.ts';`,
        'src/core/b.ts': `import './c.ts';`,
        'src/core/c.ts': `import type { A } from './a.ts'; import './d.ts';`,
        'src/core/d.ts': `import type { D } from './d.ts'; export interface E extends D {}`,
      }),
    ).toEqual([
      'Circle of imports: src/core/a.ts > src/core/b.ts > src/core/c.ts > src/core/a.ts',
      'Circle of imports: src/core/d.ts > src/core/d.ts',
    ]);
  });

  test('refuses folders without a rank', () => {
    expect(problems({ 'src/utils/a.ts': '', 'src/a.ts': '', 'adapters/redis/index.ts': '' })).toEqual([
      'src/utils/a.ts lies in a folder without a rank',
      'src/a.ts lies in a folder without a rank',
      'adapters/redis/index.ts lies in a folder without a rank',
    ]);
  });

  test('refuses long files', () => {
    const lines = (count: number): string => 'export {};\n'.repeat(count);
    expect(problems({ 'src/core/a.ts': lines(300), 'demo/b.ts': lines(301) })).toEqual([
      'demo/b.ts has 301 lines, at most 300 are allowed',
    ]);
  });
});

describe('the public face', () => {
  test('passes on names, each of them written down, and does nothing else', async () => {
    const text = await readFile('src/index.ts', 'utf8');
    expect(parseFile('src/index.ts', text).barrel).toBe(true);
    expect(text).not.toMatch(/export (type )?\*/);
  });
});

describe('the top of the repository', () => {
  test('holds what is agreed on, and dot-files', () => {
    const top = new Set(filesOfRepository().map((path) => path.replace(/\/.*/, '')));
    expect([...top].filter((name) => !name.startsWith('.')).sort()).toEqual([
      'CHANGELOG.md',
      'LICENSE',
      'README.md',
      'adapters',
      'demo',
      'package-lock.json',
      'package.json',
      'src',
      'test',
      'tsconfig.json',
      'tsup.config.ts',
    ]);
  });
});

function problems(sources: Record<string, string>): string[] {
  return findProblems(new Map(Object.entries(sources)));
}

/** Every file that is, or would be, under version control. */
function filesOfRepository(): string[] {
  const listed = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', '-z'], {
    encoding: 'utf8',
  });
  return listed.split('\0').filter((path) => path !== '');
}
