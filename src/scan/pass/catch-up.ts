import type { ScanEvent } from '../events.ts';
import type { ScanPlugin } from '../plugin.ts';
import { PluginRun, type RunSettings } from '../run/plugin-run.ts';
import { configurationOf, fits, versionOf } from '../state/checkpoint.ts';
import type { Ledger } from '../state/ledger.ts';
import { newScanId } from './begin.ts';
import { KeptRun } from './kept-run.ts';
import { drain, type Pass } from './pass.ts';
import { databasesAhead, namesIn, scanPass } from './scan-pass.ts';

/**
 * Brings what a plugin has found up to a configuration that has changed since, where the plugin knows how to do that with less than a
 * full scan: takes out what it would not find any more, and finds what it could not. A scan of what has changed can then follow the last
 * one. Broken off, it begins again the next time.
 */
export async function* catchUp(
  pass: Omit<Pass, 'runs'>,
  plugin: ScanPlugin,
  ledger: Ledger,
  settings: RunSettings,
): AsyncGenerator<readonly ScanEvent[], void, undefined> {
  const before = await ledger.load(plugin.name);
  if (before?.state !== 'finished' || before.pluginVersion !== versionOf(plugin) || fits(before, plugin)) return;
  const lacking = plugin.since?.(before.configuration);
  if (lacking === undefined) return;
  await ledger.drop(plugin.name, (finding) => plugin.isStale?.(finding) ?? false);
  const { platform } = pass;
  if (lacking !== 'nothing') {
    const run = new PluginRun(lacking, newScanId(platform), settings);
    const beginning = { extent: 'full', position: { db: '' }, startedAt: platform.now() } as const;
    const kept = new KeptRun(run, beginning, ledger.adding(), platform);
    const passing: Pass = { ...pass, runs: [kept] };
    if (await run.begin('start', undefined)) {
      const isThrough = yield* scanPass(passing, databasesAhead(passing));
      if (isThrough && run.outcome === undefined) pass.outbox.push(...(await kept.finish(() => namesIn(pass))));
    }
    pass.outbox.push(...kept.leave());
    yield drain(passing);
    if (run.outcome !== 'finished') return;
  }
  const checkpoint = { ...before, configuration: configurationOf(plugin) };
  await ledger.commit(plugin.name, { checkpoint, scanned: [], marks: [], designDocsOf: [], passage: before.scan });
}
