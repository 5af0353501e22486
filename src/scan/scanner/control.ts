import { InputError } from '../../core/errors.ts';
import type { JobView } from '../../jobs/job-view.ts';
import type { Queue } from '../../jobs/queue.ts';
import { decodeJson } from '../../kv/json.ts';
import type { Kv } from '../../kv/kv.ts';
import { listPages } from '../../kv/list.ts';
import { sweep } from '../../kv/sweep.ts';
import { PLUGIN_JOB, type PluginData, partType, type RunRecord, runRecord, scanType } from '../jobs/run-record.ts';
import { scannerJobType } from '../jobs/scanner-job.ts';
import { checkSchedule } from '../schedule/schedule.ts';
import { asCheckpoint, type Checkpoint } from '../state/checkpoint.ts';
import { ScanLayout } from '../state/layout.ts';
import { changeSettings, readSettings, type ScannerChanges, type ScannerSettings } from './settings.ts';

/** How a plugin of a scanner stands. Times in milliseconds since 1970. */
export interface PluginStatus {
  /**
   * `waiting`: for its time. `scanning`: parts of its scan are worked on, or wait for a worker. `failed`: it has crashed, and is tried again at
   * `next`. `finished`: it runs no more, unless it is enabled anew or its schedule changes.
   */
  readonly state: 'waiting' | 'scanning' | 'failed' | 'finished';
  readonly enabledAt: number;
  /** When something happens next. */
  readonly next?: number;
  /** The scan that is under way, or the last one. */
  readonly scan?: string;
  readonly startedAt?: number;
  /** Its parts, and how many are still to be finished. */
  readonly parts?: number;
  readonly left?: number;
  /** Crashes in a row, and what the last one was. */
  readonly errors?: number;
  readonly error?: string;
}

/** How a scanner stands. */
export interface ScannerStatus {
  readonly id: string;
  /** Whether this process takes no part; or no process, where it was stopped everywhere. */
  readonly stopped: boolean;
  /** By name, those that are enabled. */
  readonly plugins: Readonly<Record<string, PluginStatus>>;
}

/** A scanner as its store has it: what can be told and changed without any of its plugins. */
export class ScannerControl {
  readonly id: string;
  readonly layout: ScanLayout;
  readonly #kv: Kv;
  readonly #queue: Queue;

  constructor(kv: Kv, queue: Queue, id: string) {
    if (!/^[\w-]{1,100}$/.test(id)) {
      throw new InputError('The id of a scanner must be of letters, digits, "_" and "-", 100 at the most');
    }
    this.id = id;
    this.layout = new ScanLayout(id);
    this.#kv = kv;
    this.#queue = queue;
  }

  settings(): Promise<ScannerSettings> {
    return readSettings(this.#kv, this.layout);
  }

  /** Has a plugin scan when its schedule says so. Nothing changes where it is enabled already. */
  async enable(plugin: string, now: number): Promise<void> {
    await this.define(plugin);
    const { enabled } = await changeSettings(this.#kv, this.layout, (settings) => ({
      ...settings,
      enabled: { [plugin]: now, ...settings.enabled },
    }));
    const data: PluginData = { id: this.id, plugin, enabledAt: enabled[plugin] ?? now };
    const job = await this.#queue.get(scanType(this.id, plugin), PLUGIN_JOB);
    if (job === undefined) await this.#queue.add(scanType(this.id, plugin), PLUGIN_JOB, { ...data });
  }

  /** Defines the types of a plugin's jobs. */
  async define(plugin: string): Promise<void> {
    await this.#queue.defineType(scanType(this.id, plugin), scannerJobType);
    await this.#queue.defineType(partType(this.id, plugin), scannerJobType);
  }

  /** Stops a plugin everywhere, and forgets how far it has come. What it has found stays. */
  async disable(plugin: string): Promise<void> {
    await changeSettings(this.#kv, this.layout, ({ enabled, ...settings }) => {
      const { [plugin]: _, ...others } = enabled;
      return { ...settings, enabled: others };
    });
    await this.#queue.remove(scanType(this.id, plugin), PLUGIN_JOB);
    await this.#forget(plugin);
  }

  /**
   * Changes what is given, for all workers at once.
   *
   * @throws InputError for a schedule that cannot be read
   */
  async change(changes: ScannerChanges): Promise<void> {
    if (changes.schedule !== undefined) checkSchedule(changes.schedule);
    const { enabled } = await changeSettings(this.#kv, this.layout, (settings) => ({ ...settings, ...changes }));
    if (changes.schedule === undefined) return;
    // Each finds out anew when it is due.
    for (const plugin of Object.keys(enabled)) await this.#lookAgain(plugin);
  }

  /** Has all workers stand still, or go on. */
  async stop(isStopped: boolean): Promise<void> {
    await changeSettings(this.#kv, this.layout, (settings) => ({ ...settings, isStopped }));
  }

  /** How far the plugins have come: of each what the last scan has kept, and how the one under way stands. */
  async checkpoints(): Promise<Record<string, { readonly checkpoint?: Checkpoint; readonly run?: RunRecord }>> {
    const found: Record<string, { checkpoint?: Checkpoint; run?: RunRecord }> = {};
    for await (const entries of listPages(this.#kv, { prefix: this.layout.checkpoints })) {
      for (const { key, value } of entries) {
        const checkpoint = asCheckpoint(decodeJson(value));
        if (checkpoint !== undefined) found[String(key.at(-1))] = { checkpoint };
      }
    }
    for await (const entries of listPages(this.#kv, { prefix: this.layout.runs })) {
      for (const entry of entries) {
        const run = runRecord(entry);
        const plugin = String(entry.key.at(-1));
        if (run !== undefined) found[plugin] = { ...found[plugin], run };
      }
    }
    return found;
  }

  /** Has every plugin start from scratch: those that are enabled begin again when they are due. The names of all of them. */
  async resetCheckpoints(): Promise<string[]> {
    const { enabled } = await this.settings();
    const plugins = [...new Set([...Object.keys(await this.checkpoints()), ...Object.keys(enabled)])].sort();
    for (const plugin of plugins) {
      await this.#forget(plugin);
      if (enabled[plugin] !== undefined) await this.#lookAgain(plugin);
    }
    return plugins;
  }

  async status(isHere = true): Promise<ScannerStatus> {
    const { enabled, isStopped } = await this.settings();
    const plugins: Record<string, PluginStatus> = {};
    for (const [plugin, enabledAt] of Object.entries(enabled)) {
      const [job, [entry]] = await Promise.all([
        this.#queue.get(scanType(this.id, plugin), PLUGIN_JOB),
        this.#kv.read([this.layout.run(plugin)]),
      ]);
      plugins[plugin] = statusOf(enabledAt, job, runRecord(entry));
    }
    return { id: this.id, stopped: isStopped || !isHere, plugins };
  }

  async #forget(plugin: string): Promise<void> {
    const { layout } = this;
    // Without this record, parts that are worked on are over.
    const gone = [layout.run(plugin), layout.checkpoint(plugin)];
    await this.#kv.update([], () => ({ delete: gone, result: undefined }));
    await sweep(this.#kv, layout.parts(plugin));
    await sweep(this.#kv, layout.marks(plugin));
    const type = partType(this.id, plugin);
    for (let after: string | undefined; ; ) {
      const jobs = await this.#queue.list(type, after === undefined ? {} : { after });
      for (const { id } of jobs) await this.#queue.remove(type, id);
      after = jobs.at(-1)?.id;
      if (after === undefined) return;
    }
  }

  async #lookAgain(plugin: string): Promise<void> {
    const type = scanType(this.id, plugin);
    const { enabled } = await this.settings();
    const data: PluginData = { id: this.id, plugin, enabledAt: enabled[plugin] ?? 0 };
    await this.#queue.add(type, PLUGIN_JOB, { ...data });
  }
}

function statusOf(enabledAt: number, job: JobView | undefined, run: RunRecord | undefined): PluginStatus {
  const errors = job?.info['errors'];
  const isWaiting = job?.state === 'pending' && job.runAt > 0;
  return {
    state: stateOf(job, run),
    enabledAt,
    ...(isWaiting ? { next: job.runAt } : {}),
    ...(run === undefined ? {} : { scan: run.scan, startedAt: run.startedAt, parts: run.parts, left: run.left }),
    ...(typeof errors === 'number' && errors > 0 ? { errors } : {}),
    ...(job?.error === undefined ? {} : { error: job.error }),
  };
}

function stateOf(job: JobView | undefined, run: RunRecord | undefined): PluginStatus['state'] {
  if (job?.state === 'finished') return 'finished';
  if (job?.error !== undefined) return 'failed';
  const isScanning = run?.phase === 'planning' || run?.phase === 'scanning' || run?.phase === 'resetting';
  return isScanning || job?.state === 'running' ? 'scanning' : 'waiting';
}
