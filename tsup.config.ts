import assert from 'node:assert/strict';
import { readFileSync, rmSync } from 'node:fs';
import { defineConfig, type Options } from 'tsup';

/** The public subpaths: each is built as an ES module and as CommonJS, with types for both. */
const library = {
  index: 'src/index.ts',
  fs: 'adapters/fs/index.ts',
  indexeddb: 'adapters/indexeddb/index.ts',
  worker: 'adapters/worker/index.ts',
};

/** The commands, built as ES modules only. */
const commands = {
  couchtide: 'adapters/cli/main.ts',
};

const shared: Options = {
  target: 'es2022',
  sourcemap: true,
  // One copy of every class per format, or `instanceof` fails between `couchtide` and `couchtide/fs`.
  splitting: true,
  // `node:sqlite` exists under this name only.
  removeNodeProtocol: false,
  // The command line loads parts of the package by name.
  external: [/^couchtide(\/|$)/],
  // What is marked `@internal`, such as constructors that only the package itself calls, is not in the users' types.
  dts: { entry: library, compilerOptions: { stripInternal: true } },
};

compareWithManifest();
// Both builds below write here, so neither may clean.
rmSync('dist', { recursive: true, force: true });

export default defineConfig([
  { ...shared, format: 'esm', entry: { ...library, ...commands } },
  // `treeshake` has Rollup write the CommonJS chunks; tsup's own way to split them would rewrite every `?.` and `??` too.
  { ...shared, format: 'cjs', treeshake: true, entry: library },
]);

/** Fails when package.json offers something that is not built, or something is built that it does not offer. */
function compareWithManifest(): void {
  const { exports, bin } = JSON.parse(readFileSync('package.json', 'utf8'));
  const subpaths = Object.keys(library).map((name) => [name === 'index' ? '.' : `./${name}`, conditions(name)]);
  const built = {
    exports: { ...Object.fromEntries(subpaths), './package.json': './package.json' },
    bin: Object.fromEntries(Object.keys(commands).map((name) => [name, `dist/${name}.js`])),
  };
  // Compared as text, since the order of conditions decides which one a resolver takes.
  assert.equal(text({ exports, bin }), text(built), 'What package.json offers differs from what tsup.config.ts builds');
}

function conditions(name: string): object {
  return {
    import: { types: `./dist/${name}.d.ts`, default: `./dist/${name}.js` },
    require: { types: `./dist/${name}.d.cts`, default: `./dist/${name}.cjs` },
  };
}

function text(value: unknown): string {
  return JSON.stringify(value, null, 2);
}
