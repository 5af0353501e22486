import { readFile } from 'node:fs/promises';
import { InputError } from '../../../src/core/errors.ts';
import type { Registry } from '../../../src/registry/registry.ts';
import { checkRules, find } from '../../../src/scan/find/find.ts';
import type { FindOptions } from '../../../src/scan/find/find-options.ts';
import { type FindRules, findRules } from '../../../src/scan/find/rule.ts';
import { parseRules } from '../../../src/scan/find/rules/parse-rules.ts';
import { secretRules } from '../../../src/scan/find/rules/secret-rules.ts';
import type { FindRulesOf } from '../../../src/scan/find/tagged-rules.ts';
import type { ScanPlugin } from '../../../src/scan/plugin.ts';
import { conflicts } from '../../../src/scan/plugins/conflicts.ts';
import { ddocFeatures } from '../../../src/scan/plugins/ddoc-features.ts';
import { scanPlugins } from '../../../src/scan/scan-plugins.ts';
import type { Context } from '../context.ts';
import { harmless } from '../wording.ts';
import { followContributions } from './contributions.ts';

/** The options that say what a scan looks for. */
export interface PluginOptions {
  readonly find?: readonly string[];
  readonly findNative?: boolean;
  readonly rules?: readonly string[];
  readonly secrets?: boolean;
  readonly numbers?: boolean;
  readonly losers?: boolean;
  readonly attachments?: boolean;
  readonly context?: number;
  readonly ddocs?: boolean;
  readonly conflicts?: boolean;
}

/**
 * The plugins that the options ask for, and those that modules contribute.
 *
 * @throws InputError for a pattern, a rule file or a contribution that cannot be used, and where nothing is asked for
 */
export async function pluginsOf(options: PluginOptions, registry: Registry, context: Context): Promise<ScanPlugin[]> {
  await followContributions(registry, context.signal);
  const plugins: ScanPlugin[] = [];
  const patterns = await patternsOf(options, registry, context);
  if (patterns.length > 0) {
    const { findNative: native, numbers, losers, attachments, context: around } = options;
    const given = { native, numbers, losers, attachments, context: around };
    const settings = Object.fromEntries(
      Object.entries(given).filter(([, value]) => value !== undefined),
    ) as FindOptions;
    await checkRules(patterns, settings);
    plugins.push(find(patterns, settings));
  }
  if (options.ddocs) plugins.push(ddocFeatures());
  if (options.conflicts) plugins.push(conflicts());
  const taken = new Set(plugins.map(({ name }) => name));
  for (const [, [first]] of registry.view(scanPlugins).byKey()) {
    const plugin = first?.[1];
    if (plugin !== undefined && !taken.has(plugin.name)) plugins.push(plugin);
  }
  if (plugins.length > 0) return plugins;
  throw new InputError(
    'There is nothing to look for; give --find name=regex, --rules file, --secrets, --ddocs, --conflicts, or a --plugin that scans',
  );
}

async function patternsOf(
  { find: written = [], rules = [], secrets }: PluginOptions,
  registry: Registry,
  { stderr }: Context,
): Promise<readonly (FindRules | FindRulesOf)[]> {
  // Each a set of its own: two that have the same name are refused.
  const sets: (FindRules | FindRulesOf)[] = written.map(named);
  for (const file of rules) {
    const parsed = await parseRules(await readRules(file));
    for (const note of parsed.notes) stderr.write(`${harmless(`${file}: ${note}`)}\n`);
    sets.push(parsed.rules);
  }
  if (secrets) sets.push(secretRules);
  if (registry.view(findRules).keys().length > 0) sets.push({ registry });
  return sets;
}

function named(text: string): FindRules {
  const at = text.indexOf('=');
  if (at > 0 && at < text.length - 1) return { [text.slice(0, at)]: text.slice(at + 1) };
  throw new InputError(`Option --find must be name=regex, such as aws=AKIA[0-9A-Z]{16}, not ${JSON.stringify(text)}`);
}

async function readRules(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    const said = error instanceof Error ? error.message : String(error);
    throw new InputError(`The rule file cannot be read: ${said}`, { cause: error });
  }
}
