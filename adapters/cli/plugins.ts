import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { InputError } from '../../src/core/errors.ts';
import { isJsonObject } from '../../src/core/json-value.ts';
import { pluginOf } from '../../src/registry/plugin-module.ts';
import type { Plugin, Registry } from '../../src/registry/registry.ts';

/** What packages export for programs that import them; `require` alone would look for what is to be required. */
const CONDITIONS: ReadonlySet<string> = new Set(['node', 'import', 'module-sync', 'default']);

/**
 * Adds the plugins of a folder to a registry: those that its package.json lists under `couchtide.plugins`, then those that are named. All
 * are added, or none.
 *
 * @param names modules: a path that begins with `./`, `../` or `/`, a file url, or a package as the folder finds it
 * @throws InputError naming the module that cannot be found, loaded or used
 */
export async function addPlugins(registry: Registry, names: readonly string[], folder: string): Promise<void> {
  const modules = new Set([...(await listedIn(folder)), ...names]);
  const loaded: (readonly [name: string, plugin: Plugin])[] = [];
  for (const name of modules) loaded.push([name, await load(name, folder)]);
  registry.batch(() => {
    for (const [name, plugin] of loaded) {
      try {
        registry.use(plugin);
      } catch (cause) {
        throw new InputError(`Plugin module ${JSON.stringify(name)} cannot be used: ${said(cause)}`, { cause });
      }
    }
  });
}

/** The modules that a package.json lists; none where there is no such file. */
async function listedIn(folder: string): Promise<readonly string[]> {
  const file = join(folder, 'package.json');
  let manifest: unknown;
  try {
    manifest = JSON.parse(await readFile(file, 'utf8'));
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return [];
    throw new InputError(`The plugins listed in ${JSON.stringify(file)} cannot be read: ${said(cause)}`, { cause });
  }
  const own = isJsonObject(manifest) ? manifest['couchtide'] : undefined;
  const plugins = isJsonObject(own) ? (own['plugins'] ?? []) : [];
  if (Array.isArray(plugins) && plugins.every((name) => typeof name === 'string')) return plugins;
  throw new InputError(
    `couchtide.plugins in ${JSON.stringify(file)} must be a list of modules, such as ["./rules.js"]`,
  );
}

async function load(name: string, folder: string): Promise<Plugin> {
  const url = name.startsWith('file:') ? name : pathToFileURL(find(name, folder)).href;
  let module: unknown;
  try {
    module = await import(url);
  } catch (cause) {
    throw new InputError(`Plugin module ${JSON.stringify(name)} cannot be loaded: ${said(cause)}`, { cause });
  }
  return pluginOf(module, `Plugin module ${JSON.stringify(name)}`);
}

function find(name: string, folder: string): string {
  const from: { resolve(name: string, options: object): string } = createRequire(join(resolve(folder), 'package.json'));
  try {
    return from.resolve(name, { conditions: CONDITIONS });
  } catch (cause) {
    const advice = /^\.{0,2}\//.test(name)
      ? 'check the path'
      : 'install the package, or write ./ before the path of a file';
    throw new InputError(`Plugin module ${JSON.stringify(name)} is not to be found; ${advice}`, { cause });
  }
}

function said(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
