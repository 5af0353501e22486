import { LeaseLostError } from '../../core/errors.ts';
import type { JsonObject } from '../../core/json-value.ts';
import { encodeJson } from '../../kv/json.ts';
import type { ScanEvent } from '../events.ts';
import { KeptRun } from '../pass/kept-run.ts';
import { PluginRun } from '../run/plugin-run.ts';
import { fingerprintOf } from '../state/checkpoint.ts';
import type { Commit } from '../state/commit.ts';
import { StoreLedger } from '../state/store-ledger.ts';
import type { ScanEnvironment, ScanWork } from './environment.ts';
import { failLater } from './fail-later.ts';
import { scanScope } from './part-pass.ts';
import { type PartData, PLUGIN_JOB, type RunRecord, runRecord, scanType } from './run-record.ts';

/** How soon a part is looked at again that cannot begin yet, in milliseconds. */
const SOON = 500;

/** And one whose plugin is configured otherwise on this worker, or that wants to wait without saying how long. */
const LATER = 30_000;

/** Scans a part of a plugin's scan, from where it stands. What comes of it becomes the `info` of its job. */
export async function scanPart(env: ScanEnvironment, work: ScanWork, data: PartData): Promise<JsonObject | undefined> {
  const { job, signal } = work;
  const { kv, layout, platform } = env;
  const [entry] = await kv.read([layout.run(data.plugin)]);
  const record = runRecord(entry);
  // Another scan has begun since.
  if (record?.scan !== data.scan || record.phase === 'finished') return { state: 'obsolete' };
  const plugin = env.plugin(data.plugin);
  if (record.phase !== 'scanning') return waitFor(work, platform.now() + SOON);
  if (plugin === undefined || (await fingerprintOf(plugin)) !== record.fingerprint) {
    return waitFor(work, platform.now() + LATER);
  }
  if (!(await env.source.isUp(signal))) return waitFor(work, platform.now() + env.lookEvery);
  const finishing = { part: false };
  const ledger = new StoreLedger(kv, layout, commitOf(env, work, data, finishing), (name) =>
    layout.part(name, data.part),
  );
  const kept = await ledger.load(plugin.name);
  const mine = kept?.scan === data.scan ? kept : undefined;
  if (mine?.state === 'finished') return wakeWhenLast(env, data);
  const write = (documents: number): Promise<void> => env.limit.take('write', documents, signal);
  const run = new PluginRun(plugin, data.scan, { maxFailures: env.maxFailures, isKnown: undefined, write, signal });
  const beginning = mine ?? { extent: record.extent, position: { db: '' }, startedAt: record.startedAt };
  const going = new KeptRun(run, beginning, ledger, platform);
  const began = platform.elapsed();
  const tell = (events: readonly ScanEvent[]): void => {
    for (const event of events) env.onEvent(event);
  };
  if (await run.begin('resume', mine?.data ?? data.data)) {
    const isThrough = await scanScope(env, going, data, signal, async (events, progress) => {
      tell(events);
      if (progress !== undefined) await job.update({ ...job.info, ...progress });
    });
    if (run.outcome === undefined && !isThrough) {
      tell(await going.commit());
      return waitFor(work, platform.now() + env.lookEvery);
    }
    if (run.outcome === undefined) {
      finishing.part = true;
      tell(await going.finishPart());
    }
  }
  tell(going.leave());
  return endPart(env, work, data, going, platform.elapsed() - began);
}

/** What becomes of the job of a part whose run has ended. */
async function endPart(
  env: ScanEnvironment,
  work: ScanWork,
  data: PartData,
  { run }: KeptRun,
  ran: number,
): Promise<JsonObject | undefined> {
  const { outcome, at } = run;
  const { platform } = env;
  if (outcome === 'finished') return { ...(await wakeWhenLast(env, data)), findings: run.findings };
  if (outcome === 'reset') {
    await changeRun(env, work, data, (record) => ({ ...record, phase: 'resetting' }));
    await wake(env, data);
    return { state: 'reset' };
  }
  if (outcome === 'failed') return failLater(env, work, run, ran);
  return waitFor(work, at ?? platform.now() + LATER);
}

/** Has the job run again at some time. */
export async function waitFor({ job }: ScanWork, at: number): Promise<JsonObject> {
  await job.resubmit(Math.ceil(at));
  return { ...job.info, until: Math.ceil(at) };
}

/** Commits on the condition that the job is held, and that the scan is still the one that it belongs to. */
function commitOf(
  { layout, platform }: ScanEnvironment,
  { job }: ScanWork,
  data: PartData,
  finishing: { readonly part: boolean },
): Commit {
  const runKey = layout.run(data.plugin);
  const partKey = JSON.stringify(layout.part(data.plugin, data.part));
  return (decide, guards = []) =>
    job.guard([runKey, ...guards], ([entry, ...seen]) => {
      const record = runRecord(entry);
      if (record?.scan !== data.scan || record.phase !== 'scanning') {
        throw new LeaseLostError(
          `The scan ${data.scan} of ${JSON.stringify(data.plugin)} was begun again: its parts are over`,
        );
      }
      const decision = decide(seen);
      const { set = [] } = decision;
      // The commit that finishes the part counts it.
      const isLast = finishing.part && set.some(([key]) => JSON.stringify(key) === partKey);
      if (!isLast) return decision;
      const counted = { ...record, left: record.left - 1, updatedAt: platform.now() };
      return { ...decision, set: [...set, [runKey, encodeJson(counted)] as const] };
    });
}

/** Changes the record of the run, on the condition that it is still the one that the part belongs to. */
async function changeRun(
  { layout }: ScanEnvironment,
  { job }: ScanWork,
  data: PartData,
  change: (record: RunRecord) => RunRecord,
): Promise<void> {
  const key = layout.run(data.plugin);
  await job.guard([key], ([entry]) => {
    const record = runRecord(entry);
    if (record?.scan !== data.scan) return { result: undefined };
    return { set: [[key, encodeJson(change(record))]], result: undefined };
  });
}

/** Has the plugin's own job go on where this was the last part. */
async function wakeWhenLast(env: ScanEnvironment, data: PartData): Promise<JsonObject> {
  const [entry] = await env.kv.read([env.layout.run(data.plugin)]);
  const record = runRecord(entry);
  if (record?.scan === data.scan && record.left === 0) await wake(env, data);
  return { state: 'finished' };
}

async function wake({ queue }: ScanEnvironment, { id, plugin }: PartData): Promise<void> {
  const type = scanType(id, plugin);
  const job = await queue.get(type, PLUGIN_JOB);
  // One that was cancelled or removed is not wanted any more.
  if (job !== undefined && (job.state === 'pending' || job.state === 'running'))
    await queue.add(type, PLUGIN_JOB, job.data);
}
