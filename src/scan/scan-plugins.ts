import { defineData } from '../registry/data/data-key.ts';
import type { ScanPlugin } from './plugin.ts';

/**
 * The scan plugins that plugins of a program contribute, by name. Of several of one name the first counts, by the order of
 * contributions.
 *
 * @example
 * ```ts
 * const registry = createRegistry();
 * registry.contribute(scanPlugins, constant({ conflicts: conflicts() }));
 * ```
 */
export const scanPlugins = /* @__PURE__ */ defineData<string, ScanPlugin>('couchtide/scan-plugins', {
  same: Object.is,
});
