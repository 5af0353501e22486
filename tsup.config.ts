import assert from 'node:assert/strict';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { resolve } from 'node:path';
import { type Plugin as RollupPlugin, rollup } from 'rollup';
import { defineConfig, type Options } from 'tsup';

/** The public subpaths: each is built as an ES module and as CommonJS, with types for both. */
const library = {
  index: 'src/index.ts',
  fs: 'adapters/fs/index.ts',
  indexeddb: 'adapters/indexeddb/index.ts',
  'deno-kv': 'adapters/deno-kv/index.ts',
  worker: 'adapters/worker/index.ts',
};

/** The commands, built as ES modules only. */
const commands = {
  couchtide: 'adapters/cli/main.ts',
};

/** What pages use by itself that only read a server. It is no subpath, but a file of its own, so that they are spared the rest. */
const groups = {
  couch: 'src/couch/couch.ts',
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
  { ...shared, format: 'esm', entry: { ...library, ...commands, ...groups }, plugins: [joinChunks()] },
  // `treeshake` has Rollup write the CommonJS chunks; tsup's own way to split them would rewrite every `?.` and `??` too.
  { ...shared, format: 'cjs', treeshake: true, entry: library },
]);

/**
 * Has Rollup join what esbuild has split. esbuild makes a file of every set of modules that the same files use, and as parts of the
 * library are loaded when they are first needed, that would be some forty, which bundlers keep apart and which compress badly.
 * Here all that `couchtide` begins with is two files, one of them for those who only want `couch`.
 */
function joinChunks(): NonNullable<Options['plugins']>[number] {
  return {
    name: 'join-chunks',
    async buildEnd({ writtenFiles }) {
      const input = Object.keys({ ...library, ...commands, ...groups }).map((name) => resolve(`dist/${name}.js`));
      const bundle = await rollup({ input, external: /^[^./]/, treeshake: false, plugins: [withSourceMaps()] });
      for (const { name } of writtenFiles) if (!input.includes(resolve(name.replace(/\.map$/, '')))) rmSync(name);
      await bundle.write({
        dir: 'dist',
        format: 'esm',
        // Without the hash that esbuild has given it.
        chunkFileNames: ({ name }) => `${name.replace(/-[A-Z\d]{8}$/, '')}-[hash].js`,
        sourcemap: true,
        manualChunks(id, { getModuleInfo }) {
          const importsOf = (path: string) => getModuleInfo(path)?.importedIds ?? [];
          if (reachable(resolve('dist/couch.js'), importsOf).has(id)) return 'couch';
          return reachable(resolve('dist/index.js'), importsOf).has(id) ? 'couchtide' : undefined;
        },
      });
      for (const name of Object.keys(groups)) for (const end of ['js', 'js.map']) rmSync(`dist/${name}.${end}`);
    },
  };
}

/** Has Rollup go on from the source maps of what it reads. */
function withSourceMaps(): RollupPlugin {
  return {
    name: 'source-maps',
    load(path) {
      if (!existsSync(`${path}.map`)) return null;
      return { code: readFileSync(path, 'utf8'), map: readFileSync(`${path}.map`, 'utf8') };
    },
  };
}

/** The modules that one cannot do without, itself left out. */
function reachable(entry: string, importsOf: (path: string) => readonly string[]): ReadonlySet<string> {
  const found = new Set<string>();
  const paths = [...importsOf(entry)];
  for (let path = paths.pop(); path !== undefined; path = paths.pop()) {
    if (found.has(path)) continue;
    found.add(path);
    paths.push(...importsOf(path));
  }
  return found;
}

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
