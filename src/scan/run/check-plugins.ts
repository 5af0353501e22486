import { InputError } from '../../core/errors.ts';
import { isJsonObject, type JsonObject } from '../../core/json-value.ts';
import type { ScanPlugin } from '../plugin.ts';
import { legalAnswers } from './answers.ts';

const NEEDED = ['start', 'resume', 'db'];

/** The callbacks that a scan knows, besides those that it needs. */
function optionalCallbacks(): string[] {
  return [...Object.keys(legalAnswers).filter((name) => !NEEDED.includes(name)), 'merge', 'since', 'isStale'];
}

/**
 * Looks at plugins before they are used.
 *
 * @throws InputError that names the plugin and what is wrong with it
 */
export function checkPlugins(plugins: readonly ScanPlugin[]): void {
  if (plugins.length === 0)
    throw new InputError('A scan needs a plugin, such as find(), ddocFeatures() or conflicts()');
  const names = new Set<string>();
  for (const plugin of plugins) {
    checkPlugin(plugin);
    if (names.has(plugin.name)) throw new InputError(`Two scan plugins are called ${JSON.stringify(plugin.name)}`);
    names.add(plugin.name);
  }
}

function checkPlugin(plugin: unknown): void {
  if (typeof plugin !== 'object' || plugin === null) throw new InputError('A scan plugin must be an object');
  const given = plugin as JsonObject;
  const name = given['name'];
  if (typeof name !== 'string' || !/^[\w-]{1,100}$/.test(name)) {
    throw new InputError('A scan plugin needs a name of letters, digits, "_" and "-", 100 at the most');
  }
  const called = JSON.stringify(name);
  for (const callback of NEEDED) {
    if (typeof given[callback] !== 'function') throw new InputError(`The scan plugin ${called} lacks its ${callback}`);
  }
  for (const callback of optionalCallbacks()) {
    if (given[callback] === undefined || typeof given[callback] === 'function') continue;
    throw new InputError(`The ${callback} of the scan plugin ${called} must be a function`);
  }
  const { version, configuration } = given;
  if (version !== undefined && !Number.isSafeInteger(version)) {
    throw new InputError(`The version of the scan plugin ${called} must be a whole number`);
  }
  if (configuration !== undefined && !isJsonObject(configuration)) {
    throw new InputError(`The configuration of the scan plugin ${called} must be a JSON object`);
  }
  // A callback that is spelled wrong would never be called. A class may have methods of its own.
  if (Object.getPrototypeOf(plugin) !== Object.prototype) return;
  const known = [...NEEDED, ...optionalCallbacks()];
  const unknown = Object.keys(given).find((member) => typeof given[member] === 'function' && !known.includes(member));
  if (unknown === undefined) return;
  throw new InputError(
    `The scan plugin ${called} has a ${JSON.stringify(unknown)}, which is nothing that a scan knows: there are ${known.join(', ')}`,
  );
}
