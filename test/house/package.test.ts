import { readFile } from 'node:fs/promises';
import { afterAll, describe, expect, test } from 'vitest';
import { run } from '../run/command.ts';
import { isThere, leftOutLine } from '../run/left-out.ts';
import { installPackage } from './installed-package.ts';

const manifest: { version: string; exports: Record<string, unknown> } = JSON.parse(
  await readFile('package.json', 'utf8'),
);
const subpaths = Object.keys(manifest.exports)
  .filter((subpath) => subpath !== './package.json')
  .map((subpath) => `couchtide${subpath.slice(1)}`);
const installed = await installPackage();
afterAll(() => installed.remove());

const runtimes = new Set(['node']);
for (const runtime of ['deno', 'bun']) {
  if (await isThere(runtime)) runtimes.add(runtime);
  else console.log(leftOutLine('the package', runtime));
}

const succeeds = { exitCode: 0, stderr: '' };

describe('the tarball', () => {
  test('holds the build and what a reader needs, and nothing else', () => {
    const readable = ['CHANGELOG.md', 'LICENSE', 'README.md', 'package.json'];
    expect(installed.files).toEqual(expect.arrayContaining(readable));
    const built = /^dist\/[\w-]+\.(js|cjs|js\.map|cjs\.map|d\.ts|d\.cts)$/;
    expect(installed.files.filter((path) => !readable.includes(path) && !built.test(path))).toEqual([]);
  });

  test('satisfies publint', async () => {
    expect(await run('publint', ['run', '--strict', installed.tarball], { quiet: true })).toMatchObject(succeeds);
  });

  test('has the right types for every resolver', async () => {
    const args = ['--profile', 'node16', '--no-definitely-typed', '--format', 'ascii', installed.tarball];
    const { exitCode, stdout } = await run('attw', args, { quiet: true });
    expect(exitCode, stdout).toBe(0);
  });
});

const imports = subpaths.map((name, i) => `import * as m${i} from '${name}';`).join('\n');
const requires = subpaths.map((name, i) => `const m${i} = require('${name}');`).join('\n');
const namespaces = subpaths.map((_, i) => `m${i}`).join(', ');

/** A class that two subpaths share must be one class, or users' `instanceof` says no to the error it should catch. */
const sharedClass = `
const [main, fs] = [${namespaces}];
const error = await fs.fsKv('./nothing-here', { readOnly: true }).then(() => undefined, (error) => error);
console.log(error instanceof main.StoreError, error instanceof main.CouchtideError, main.isStoreError(error));`;

const expected = 'true true true\n';

describe('the installed package', () => {
  test.for(['node', 'deno', 'bun'])('is one package when imported under %s', async (runtime, { skip }) => {
    skip(!runtimes.has(runtime));
    await installed.write('import.mjs', imports + sharedClass);
    const args = runtime === 'deno' ? ['run', '--no-lock', '--cached-only', '-A'] : [];
    expect(await installed.run(runtime, ...args, 'import.mjs')).toEqual({ ...succeeds, stdout: expected });
  });

  test.for(['node', 'bun'])('is one package when required under %s', async (runtime, { skip }) => {
    skip(!runtimes.has(runtime));
    await installed.write('require.cjs', `${requires}(async () => {${sharedClass}})();`);
    expect(await installed.run(runtime, 'require.cjs')).toEqual({ ...succeeds, stdout: expected });
  });

  test('works in a program that uses both formats, through the guards', async () => {
    await installed.write(
      'both.mjs',
      `import { createRequire } from 'node:module';
       import { isStoreError, StoreError } from 'couchtide';
       const fs = createRequire(import.meta.url)('couchtide/fs');
       const error = await fs.fsKv('./nothing-here', { readOnly: true }).then(() => undefined, (error) => error);
       console.log(error instanceof StoreError, isStoreError(error));`,
    );
    expect(await installed.run('node', 'both.mjs')).toEqual({ ...succeeds, stdout: 'false true\n' });
  });

  test.each([
    ['an ES module', 'consumer.mts', imports],
    ['CommonJS', 'consumer.cts', subpaths.map((name, i) => `import m${i} = require('${name}');`).join('\n')],
  ])('has types that compile, libraries included, in %s', async (_, name, text) => {
    await installed.write(name, `${text}\nexport const all = [${namespaces}];\n`);
    const args = [
      '--noEmit',
      '--strict',
      '--target',
      'es2022',
      '--lib',
      'es2022,dom,dom.iterable',
      '--module',
      'nodenext',
    ];
    expect(await installed.run('tsc', ...args, name)).toEqual({ ...succeeds, stdout: '' });
  });

  test('has a manifest that programs may read', async () => {
    await installed.write(
      'manifest.mjs',
      `import m from 'couchtide/package.json' with { type: 'json' }; console.log(m.version);`,
    );
    expect(await installed.run('node', 'manifest.mjs')).toEqual({ ...succeeds, stdout: `${manifest.version}\n` });
  });

  test('opens nothing but its subpaths', async () => {
    await installed.write('inside.mjs', `await import('couchtide/dist/index.js');`);
    expect((await installed.run('node', 'inside.mjs')).stderr).toContain('ERR_PACKAGE_PATH_NOT_EXPORTED');
  });
});

describe('the installed command', () => {
  test('tells its version', async () => {
    expect(await installed.run('node_modules/.bin/couchtide', '--version')).toEqual({
      ...succeeds,
      stdout: `${manifest.version}\n`,
    });
  });

  test('explains itself', async () => {
    const outcome = await installed.run('node_modules/.bin/couchtide', '--help');
    expect(outcome).toMatchObject(succeeds);
    expect(outcome.stdout).toMatch(/^Usage: couchtide /);
  });
});
