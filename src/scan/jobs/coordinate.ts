import type { JsonObject } from '../../core/json-value.ts';
import { decodeJson, encodeJson } from '../../kv/json.ts';
import { listPages } from '../../kv/list.ts';
import type { ScanEvent } from '../events.ts';
import { newScanId } from '../pass/begin.ts';
import { KeptRun } from '../pass/kept-run.ts';
import { namesIn } from '../pass/scan-pass.ts';
import type { ScanPlugin } from '../plugin.ts';
import { PluginRun } from '../run/plugin-run.ts';
import { nextRun } from '../schedule/schedule.ts';
import { asCheckpoint, type Checkpoint, fingerprintOf, fits } from '../state/checkpoint.ts';
import { StoreLedger } from '../state/store-ledger.ts';
import type { ScanEnvironment, ScanWork } from './environment.ts';
import { failLater } from './fail-later.ts';
import { waitFor } from './part.ts';
import { planParts } from './plan.ts';
import { type PartData, type PluginData, partType, type RunRecord, runRecord } from './run-record.ts';

/** How often it is looked whether all parts are finished, beside being told, in milliseconds. */
const LOOK = 60_000;

/**
 * Leads the scan of a plugin: begins it when it is due, splits it into jobs, and completes it when these are finished. It only takes
 * the next step each time and does not wait, so that it needs no worker of its own. What comes of it becomes the `info` of the job.
 */
export async function coordinate(
  env: ScanEnvironment,
  work: ScanWork,
  data: PluginData,
): Promise<JsonObject | undefined> {
  const { kv, layout, platform } = env;
  const plugin = env.plugin(data.plugin);
  if (plugin === undefined) return waitFor(work, platform.now() + LOOK);
  const [entry] = await kv.read([layout.run(data.plugin)]);
  const record = runRecord(entry);
  if (record?.phase === 'resetting') return begin(env, work, data, plugin, undefined);
  if (record?.phase === 'scanning') {
    if ((await fingerprintOf(plugin)) !== record.fingerprint) return begin(env, work, data, plugin, undefined);
    if (record.left > 0) return told(await waitFor(work, platform.now() + LOOK), record);
    return complete(env, work, data, plugin, record);
  }
  const at = await dueAt(env, data, record);
  if (at === undefined) return { state: 'finished', scan: record?.scan ?? null };
  if (at > platform.now()) return waitFor(work, at);
  return begin(env, work, data, plugin, record);
}

/** When the scan is due next; undefined for never. */
async function dueAt(
  env: ScanEnvironment,
  { enabledAt }: PluginData,
  record: RunRecord | undefined,
): Promise<number | undefined> {
  const { platform } = env;
  if (record?.at !== undefined) return record.at;
  // A plan that was broken off is made again.
  const lastStart = record === undefined || record.phase === 'planning' ? undefined : record.startedAt;
  // The last scan decides its jitter: drawn anew each time it is asked, the next one could slip again and again.
  const random = record === undefined ? 0 : Number.parseInt(record.scan.slice(-8), 16) / 2 ** 32;
  return nextRun(await env.schedule(), { now: platform.now(), lastStart, schedulerStart: enabledAt, random });
}

async function begin(
  env: ScanEnvironment,
  work: ScanWork,
  data: PluginData,
  plugin: ScanPlugin,
  before: RunRecord | undefined,
): Promise<JsonObject | undefined> {
  const { platform, queue } = env;
  const { job, signal } = work;
  if (!(await env.source.isUp(signal))) return waitFor(work, platform.now() + env.lookEvery);
  const began = platform.elapsed();
  const ledger = ledgerOf(env, work);
  const kept = await ledger.load(plugin.name);
  const previous = before?.phase === 'finished' && kept !== undefined && fits(kept, plugin) ? kept : undefined;
  const scan = newScanId(platform);
  const run = newRun(env, work, plugin, scan);
  const extent: Checkpoint['extent'] = previous === undefined ? 'full' : 'changes';
  const startedAt = platform.now();
  const record: RunRecord = {
    version: 1,
    scan,
    phase: 'planning',
    extent,
    fingerprint: await fingerprintOf(plugin),
    startedAt,
    updatedAt: startedAt,
    parts: 0,
    left: 0,
  };
  if (!(await run.begin('start', previous?.data))) {
    tell(env, run);
    return refused(env, work, data, run, { ...record, phase: 'idle' }, platform.elapsed() - began);
  }
  const starting = await run.checkpoint();
  tell(env, run);
  if (starting === undefined || run.outcome !== undefined) {
    return refused(env, work, data, run, { ...record, phase: 'idle' }, platform.elapsed() - began);
  }
  await write(env, work, data, record);
  const isFull = extent === 'full';
  const scopes = await planParts(env.source, run, { partSize: env.partSize, isFull, limit: env.limit, signal });
  const jobs = scopes.map((scope, part) => {
    const of: PartData = { id: data.id, plugin: plugin.name, scan, part, scope, data: starting };
    return { id: `${scan}.${part}`, data: { ...of } };
  });
  await forgetParts(env, work, data);
  await queue.addAll(partType(data.id, plugin.name), jobs);
  const planned: RunRecord = { ...record, phase: 'scanning', parts: scopes.length, left: scopes.length };
  await write(env, work, data, planned);
  await job.update({ ...job.info, errors: 0 });
  // A scan of nothing is complete.
  return told(await waitFor(work, platform.now() + (scopes.length === 0 ? 0 : LOOK)), planned);
}

/** All parts are finished: puts their data together, and ends the scan. */
async function complete(
  env: ScanEnvironment,
  work: ScanWork,
  data: PluginData,
  plugin: ScanPlugin,
  record: RunRecord,
): Promise<JsonObject | undefined> {
  const { layout, platform } = env;
  const began = platform.elapsed();
  const parts: Checkpoint[] = [];
  for await (const entries of listPages(env.kv, { prefix: layout.parts(plugin.name) })) {
    for (const { value } of entries) {
      const part = asCheckpoint(decodeJson(value));
      if (part?.scan === record.scan) parts.push(part);
    }
  }
  // What a part has kept is lost, as after damage: what it has found is not to be believed either.
  if (parts.length < record.parts) return begin(env, work, data, plugin, undefined);
  const merged = plugin.merge === undefined ? (parts[0]?.data ?? {}) : plugin.merge(parts.map((part) => part.data));
  const run = newRun(env, work, plugin, record.scan);
  const kept = new KeptRun(run, { ...record, position: { db: '' } }, ledgerOf(env, work), platform);
  if (await run.begin('resume', merged)) {
    for (const event of await kept.finish(() => namesIn({ source: env.source, signal: work.signal })))
      env.onEvent(event);
  }
  tell(env, run);
  if (run.outcome === 'reset') return begin(env, work, data, plugin, undefined);
  if (run.outcome === 'failed') return failLater(env, work, run, platform.elapsed() - began);
  if (run.outcome !== 'finished') return waitFor(work, run.at ?? platform.now() + LOOK);
  const again = run.at === undefined ? {} : { at: run.at };
  const finished: RunRecord = { ...record, phase: 'finished', ...again };
  await write(env, work, data, finished);
  await forgetParts(env, work, data);
  const at = await dueAt(env, data, finished);
  if (at !== undefined) return told(await waitFor(work, at), finished);
  return told({ state: 'finished' }, finished);
}

/** What becomes of the job when the plugin did not want to begin. */
async function refused(
  env: ScanEnvironment,
  work: ScanWork,
  data: PluginData,
  run: PluginRun,
  record: RunRecord,
  ran: number,
): Promise<JsonObject | undefined> {
  const { outcome, at } = run;
  if (outcome === 'failed') return failLater(env, work, run, ran);
  // A scan that was skipped counts as one that ran now.
  const told: RunRecord = at === undefined ? record : { ...record, at };
  await write(env, work, data, told);
  const next = outcome === 'reset' ? env.platform.now() + LOOK : await dueAt(env, data, told);
  return next === undefined ? { state: 'skipped' } : waitFor(work, next);
}

function newRun(env: ScanEnvironment, { signal }: ScanWork, plugin: ScanPlugin, scan: string): PluginRun {
  const { limit, maxFailures } = env;
  const write = (documents: number): Promise<void> => limit.take('write', documents, signal);
  return new PluginRun(plugin, scan, { maxFailures, isKnown: undefined, write, signal });
}

function ledgerOf({ kv, layout }: ScanEnvironment, { job }: ScanWork): StoreLedger {
  return new StoreLedger(kv, layout, (decide, guards = []) => job.guard(guards, decide));
}

async function write(
  env: ScanEnvironment,
  { job }: ScanWork,
  { plugin }: PluginData,
  record: RunRecord,
): Promise<void> {
  const set = [[env.layout.run(plugin), encodeJson({ ...record, updatedAt: env.platform.now() })]] as const;
  await job.guard([], () => ({ set, result: undefined }));
}

/** Deletes what parts have kept, on the condition that the job is held: what parts of a later scan keep is needed. */
async function forgetParts({ kv, layout }: ScanEnvironment, { job }: ScanWork, { plugin }: PluginData): Promise<void> {
  for await (const entries of listPages(kv, { prefix: layout.parts(plugin) })) {
    const keys = entries.map(({ key }) => key);
    await job.guard([], () => ({ delete: keys, result: undefined }));
  }
}

function tell(env: ScanEnvironment, run: PluginRun): void {
  const events: readonly ScanEvent[] = run.take().told;
  for (const event of events) env.onEvent(event);
}

/** The info of the job: how its scan stands. */
function told(info: JsonObject, { scan, parts, left, phase }: RunRecord): JsonObject {
  return { ...info, scan, phase, parts, left };
}
