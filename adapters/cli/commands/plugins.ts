import type { RegistryDescription, SourceDescription } from '../../../src/registry/description.ts';
import type { Registry } from '../../../src/registry/registry.ts';
import { type Context, ExitCode, write, writeJson } from '../context.ts';
import { harmless, plural } from '../wording.ts';

/** The options of `couchtide plugins`. */
export interface PluginsCommandOptions {
  readonly json?: boolean;
}

/** Milliseconds that sources of data may take to deliver before they are shown as they are. */
const PATIENCE = 5000;

/** `couchtide plugins`: who provides what, in what order, and what is stale. */
export async function pluginsCommand(
  registry: Registry,
  { json = false }: PluginsCommandOptions,
  { stdout, signal }: Context,
): Promise<ExitCode> {
  await registry.settled({ signal: AbortSignal.any([signal, AbortSignal.timeout(PATIENCE)]) }).catch(() => {
    signal.throwIfAborted();
  });
  const description = registry.describe();
  await (json
    ? writeJson(stdout, { type: 'plugins', ...description })
    : write(stdout, `${linesOf(description).map(harmless).join('\n')}\n`));
  return ExitCode.done;
}

function linesOf({ plugins, services, data, parts }: RegistryDescription): string[] {
  if (plugins.length === 0)
    return ['No plugins; give some with --plugin, or list them under couchtide.plugins in package.json'];
  return [
    `${plural(plugins.length, 'plugin')}: ${plugins.join(', ')}`,
    ...services.flatMap(({ id, hooks }) => [
      `service ${id}`,
      ...hooks
        .filter((hook) => hook.plugins.length > 0)
        .map(({ name, mode, plugins }) => `  ${name} (${mode}): ${plugins.join(', ')}`),
    ]),
    ...data.flatMap(({ id, sources }) => [`data ${id}`, ...sources.map(sourceLine)]),
    ...parts.flatMap(({ id, parts }) => [`parts ${id}`, ...parts.map(({ name, plugin }) => `  ${name}: ${plugin}`)]),
  ];
}

function sourceLine({ source, plugin, entries, error }: SourceDescription): string {
  const from = source === plugin ? '' : ` from ${plugin}`;
  const count = entries === undefined ? 'nothing yet' : plural(entries, 'entry', 'entries');
  return `  ${source}${from}: ${count}${error === undefined ? '' : `, stale: ${error}`}`;
}
