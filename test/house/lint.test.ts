import { cp, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { run } from '../run/command.ts';

/**
 * Each of these must be refused by the rule that stands beside it. Some of the rules are young or look at types across
 * files: should a new version of the linter let something pass, this is where it shows.
 */
const refused: readonly (readonly [path: string, source: string, rule: string])[] = [
  ['src/core/floating-call.ts', `import { work } from './work.ts';\nwork();`, 'nursery/noFloatingPromises'],
  ['src/core/floating-method.ts', `import { worker } from './work.ts';\nworker.run();`, 'nursery/noFloatingPromises'],
  [
    'src/core/misused.ts',
    `import { work } from './work.ts';\nif (work()) throw new Error('x');`,
    'nursery/noMisusedPromises',
  ],
  ['src/core/any.ts', 'export const a: any = 1;', 'suspicious/noExplicitAny'],
  ['src/core/ignore.ts', '// @ts-ignore\nexport const a = 1;', 'suspicious/noTsIgnore'],
  ['src/core/bang.ts', 'export const a = (b: string | undefined): string => b!;', 'style/noNonNullAssertion'],
  ['src/core/type.ts', `import { Worker } from './work.ts';\nexport type A = Worker;`, 'style/useImportType'],
  ['src/core/ending.ts', `import { work } from './work';\nawait work();`, 'correctness/useImportExtensions'],
  ['src/core/default.ts', 'export default 1;', 'style/noDefaultExport'],
  ['src/core/camelCase.ts', 'export const a = 1;', 'style/useFilenamingConvention'],
  ['src/core/console.ts', `console.log('a');`, 'suspicious/noConsole'],
  ['src/core/node.ts', `import { join } from 'node:path';\nexport const a = join('a');`, 'correctness/noNodejsModules'],
  ['src/core/buffer.ts', 'export const a = Buffer;', 'style/noRestrictedGlobals'],
  ['src/core/fetch.ts', `export const a = fetch('a');`, 'style/noRestrictedGlobals'],
  ['src/core/timeout.ts', 'setTimeout(() => undefined, 1);', 'style/noRestrictedGlobals'],
  ['src/core/global.ts', `export const a = globalThis.fetch('a');`, 'nursery/noJsRestrictedProperties'],
  ['src/core/now.ts', 'export const a = Date.now();', 'nursery/noJsRestrictedProperties'],
  ['src/core/date.ts', 'export const a = new Date();', 'plugin'],
  ['src/core/random.ts', 'export const a = Math.random();', 'nursery/noJsRestrictedProperties'],
  ['src/core/uuid.ts', 'export const a = crypto.randomUUID();', 'nursery/noJsRestrictedProperties'],
  ['src/core/timer.ts', `import { timer } from 'rxjs';\nexport const a = timer(1);`, 'style/noRestrictedImports'],
  ['src/core/ajax.ts', `import { ajax } from 'rxjs/ajax';\nexport const a = ajax;`, 'style/noRestrictedImports'],
  [
    'src/core/undeclared.ts',
    `import { test } from 'vitest';\nexport const a = test;`,
    'correctness/noUndeclaredDependencies',
  ],
];

/** What is right, or right where it stands. */
const allowed: readonly (readonly [path: string, source: string])[] = [
  [
    'src/core/work.ts',
    `export interface Worker {
  run(): Promise<void>;
}

export async function work(): Promise<void> {
  await worker.run();
}

export const worker: Worker = { run: () => Promise.resolve() };
`,
  ],
  ['src/core/right.ts', `import { work } from './work.ts';\nvoid work();\nwork().catch(() => undefined);\n`],
  ['src/core/instant.ts', 'export const a = new Date(0);\n'],
  [
    'src/core/platform.ts',
    `export const a = globalThis.fetch;\nexport const b = Date.now();\nsetTimeout(() => {}, 1);\n`,
  ],
  ['adapters/fs/index.ts', `import { join } from 'node:path';\nconsole.log(join('a'), Date.now());\n`],
];

const directory = await mkdtemp(join(tmpdir(), 'couchtide-lint-'));
afterAll(() => rm(directory, { recursive: true, force: true }));
for (const name of ['.biome', '.biome.json', '.gitignore', 'package.json']) {
  await cp(name, join(directory, name), { recursive: true });
}
await symlink(join(process.cwd(), 'node_modules'), join(directory, 'node_modules'));
for (const [path, source] of [...refused, ...allowed]) {
  await mkdir(dirname(join(directory, path)), { recursive: true });
  await writeFile(join(directory, path), source);
}
const findings = await lint();

describe('the linter', () => {
  test.each(refused)('refuses %s', (path, _, rule) => {
    expect(findings.filter((finding) => finding.path === path).map((finding) => finding.rule)).toContain(rule);
  });

  test.each(allowed)('allows %s', (path) => {
    expect(findings.filter((finding) => finding.path === path)).toEqual([]);
  });
});

async function lint(): Promise<{ path: string; rule: string }[]> {
  const args = ['lint', '--reporter=json', '--max-diagnostics=none', '.'];
  const { stdout } = await run('biome', args, { quiet: true, directory });
  const report: { diagnostics: { category: string; location: { path: string } }[] } = JSON.parse(stdout);
  return report.diagnostics.map(({ category, location }) => ({
    path: location.path,
    rule: category.replace(/^lint\//, ''),
  }));
}
