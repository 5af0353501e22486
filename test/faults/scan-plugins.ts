import { find } from '../../src/scan/find/find.ts';
import type { ScanPlugin } from '../../src/scan/plugin.ts';
import { conflicts } from '../../src/scan/plugins/conflicts.ts';
import { ddocFeatures } from '../../src/scan/plugins/ddoc-features.ts';

/** What is scanned with: the plugins that come along, which find something in each database of {@link fillForScan}. */
export function scanPlugins(): ScanPlugin[] {
  return [find({ key: 'AKIA[0-9A-Z]{16}', lookahead: /key(?= is AKIA)/ }), conflicts(), ddocFeatures()];
}
