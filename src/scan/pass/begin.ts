import type { Platform } from '../../core/platform.ts';
import type { ScanEvent } from '../events.ts';
import type { ScanPlugin } from '../plugin.ts';
import { PluginRun, type RunSettings } from '../run/plugin-run.ts';
import { type Checkpoint, fits } from '../state/checkpoint.ts';
import type { Ledger } from '../state/ledger.ts';
import { KeptRun } from './kept-run.ts';

/** How runs begin. */
export interface Beginning {
  readonly ledger: Ledger;
  /** Whether a scan that follows a finished one looks only at what has changed since. */
  readonly onlyChanges: boolean;
  readonly settings: RunSettings;
  readonly platform: Platform;
  /** What is to be told next. */
  readonly outbox: ScanEvent[];
}

/**
 * Begins the run of a plugin: goes on with a scan that was broken off, or starts one. One that was begun with another configuration
 * starts over. The run has ended already where the plugin says so.
 */
export async function beginRun(plugin: ScanPlugin, beginning: Beginning): Promise<KeptRun> {
  const { ledger, onlyChanges, settings, platform, outbox } = beginning;
  const found = await ledger.load(plugin.name);
  const kept = found !== undefined && fits(found, plugin) ? found : undefined;
  if (kept?.state === 'running') {
    const run = new PluginRun(plugin, kept.scan, settings);
    const going = new KeptRun(run, kept, ledger, platform);
    if (!(await run.begin('resume', kept.data))) outbox.push(...going.leave());
    return going;
  }
  const run = new PluginRun(plugin, newScanId(platform), settings);
  const startedAt = platform.now();
  const extent: Checkpoint['extent'] = onlyChanges && kept !== undefined ? 'changes' : 'full';
  const starting = new KeptRun(run, { extent, position: { db: '' }, startedAt }, ledger, platform);
  outbox.push(...((await run.begin('start', kept?.data)) ? await starting.commit() : starting.leave()));
  return starting;
}

/** In the original's form: seconds since 1970 and twelve random digits. */
export function newScanId({ now, uuid }: Pick<Platform, 'now' | 'uuid'>): string {
  return `${Math.floor(now() / 1000)}-${uuid().replaceAll('-', '').slice(0, 12)}`;
}
