import { InputError } from '../core/errors.ts';
import type { Plugin, PluginModule, PluginModules } from './registry.ts';

/** A plugin with what its module is called, for messages. */
interface Found {
  readonly name: string;
  readonly module: PluginModule | (() => Promise<PluginModule>);
}

/**
 * The plugins of modules, in the order of the list.
 *
 * @throws InputError naming the module that has no plugin, or cannot be loaded
 */
export function pluginsOf(modules: PluginModules): Plugin[] | Promise<Plugin[]> {
  const found: Found[] = Array.isArray(modules)
    ? modules.map((module: PluginModule, i) => ({ name: `Module ${i + 1} of the list`, module }))
    : Object.entries(modules).map(([name, module]) => ({ name: `Module ${JSON.stringify(name)}`, module }));
  const loaded = found.map(load);
  return loaded.some((one) => one instanceof Promise) ? Promise.all(loaded) : (loaded as Plugin[]);
}

/**
 * The plugin that a module exports: as default export, as export `plugin`, or the module itself.
 *
 * @param name what the module is called in the error
 * @throws InputError when it exports none
 */
export function pluginOf(module: unknown, name: string): Plugin {
  // A CommonJS module that was written as an ES module arrives as the default export of one.
  const candidates = [module, member(module, 'default'), member(module, 'plugin')];
  candidates.push(member(candidates[1], 'default'), member(candidates[1], 'plugin'));
  const plugin = candidates.find(isPlugin);
  if (plugin !== undefined) return plugin;
  throw new InputError(`${name} has no plugin: export one as default or as "plugin", with a name and a setup function`);
}

/** Whether a value can be used as a plugin. */
export function isPlugin(value: unknown): value is Plugin {
  const name = member(value, 'name');
  if (typeof value !== 'object' || typeof name !== 'string' || name === '') return false;
  return [member(value, 'setup'), member(value, 'notify')].every(
    (hook) => hook === undefined || typeof hook === 'function',
  );
}

function load({ name, module }: Found): Plugin | Promise<Plugin> {
  if (typeof module !== 'function') return pluginOf(module, name);
  return module().then(
    (loaded) => pluginOf(loaded, name),
    (cause: unknown) => {
      const said = cause instanceof Error ? cause.message : String(cause);
      throw new InputError(`${name} cannot be loaded: ${said}`, { cause });
    },
  );
}

function member(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null && name in value ? Reflect.get(value, name) : undefined;
}
