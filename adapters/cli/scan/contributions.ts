import { InputError } from '../../../src/core/errors.ts';
import type { Registry } from '../../../src/registry/registry.ts';
import { findRules } from '../../../src/scan/find/rule.ts';
import { scanPlugins } from '../../../src/scan/scan-plugins.ts';

/** How long what plugins contribute may take to come, in milliseconds. */
const PATIENCE = 5000;

/**
 * Waits for what plugins contribute to scans, such as rules in a file, and has it followed from then on.
 *
 * @throws InputError where something does not come: a scan without it would find less, and nobody would know
 */
export async function followContributions(registry: Registry, signal: AbortSignal): Promise<void> {
  // Until the registry is disposed of.
  registry.data$(findRules).subscribe();
  registry.data$(scanPlugins).subscribe();
  const waiting = { signal: AbortSignal.any([signal, AbortSignal.timeout(PATIENCE)]) };
  await Promise.all([registry.ready(findRules, waiting), registry.ready(scanPlugins, waiting)]).catch(() => {
    signal.throwIfAborted();
  });
  const sources = registry
    .describe()
    .data.filter(({ id }) => id === findRules.id || id === scanPlugins.id)
    .flatMap((data) => data.sources);
  const missing = sources.find(({ entries }) => entries === undefined);
  if (missing === undefined) return;
  const why = missing.error ?? `nothing has come for ${PATIENCE / 1000} seconds`;
  throw new InputError(`What plugin ${JSON.stringify(missing.plugin)} brings for scans cannot be had: ${why}`);
}
