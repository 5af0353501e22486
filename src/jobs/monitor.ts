import { backoffDelay } from '../core/backoff.ts';
import { encodeJson } from '../kv/json.ts';
import type { Entry, KeyRange } from '../kv/kv.ts';
import { list } from '../kv/list.ts';
import type { JobStore } from './job-store.ts';
import type { JobType } from './job-type.ts';
import { keyOf, nameIn, rangeOf } from './layout.ts';
import { removeEnded } from './retention.ts';
import { Stillness } from './stillness.ts';
import { endRun } from './transitions.ts';

/** So many looks are taken within the time after which a run is given up. */
const LOOKS = 6;
/** After this share of it, the one who watches is taken for gone, and another does. */
const TAKE_OVER = 1 / 3;
/** The longest jitter, in milliseconds, and as a share of the timeout. */
const JITTER = 10_000;
const JITTER_SHARE = 0.5;
/** After so many times it, a worker is not shown any more. */
const SILENCE = 10;
/** How long a monitor rests that has failed. */
const REST = { base: 500, cap: 15_000 };
/** Old records are looked for so often, in milliseconds. */
const SWEEP = 60_000;

/**
 * Watches over the jobs of one type until its signal aborts: a run whose heartbeat has not moved for the timeout of its type and a
 * jitter, by the monitor's own steady clock, is ended and its job given to others; so is one that was asked to stop so long ago.
 * No clocks of different machines are compared. Also removes the records of ended jobs that have been kept for long enough.
 *
 * Of all monitors one watches, the one named in the store; the others only look whether it still is there, and one takes its
 * place. Several that watch do no harm. A job is back within two timeouts and jitters of the last heartbeat, even if its worker
 * and the monitor died together. Costs, six times per timeout: a read for everyone; a commit and a list of what runs for one.
 */
export async function monitor(store: JobStore, type: string, signal: AbortSignal): Promise<void> {
  const watch = new Monitor(store, type, store.platform.uuid());
  let failures = 0;
  while (!signal.aborted) {
    try {
      await watch.look(signal);
      failures = 0;
    } catch {
      // Whatever it was, jobs must not be left alone for it.
      failures += 1;
      await store.platform.sleep(backoffDelay(failures, REST, store.platform.random()), signal).catch(() => {});
    }
  }
  // Best effort: without it the next one waits a little.
  await watch.leave().catch(() => {});
}

class Monitor {
  readonly #store: JobStore;
  readonly #type: string;
  readonly #name: string;
  readonly #watcher = new Stillness();
  readonly #runs = new Stillness();
  readonly #cancelling = new Stillness();
  readonly #workers = new Stillness();
  #watches = false;
  #timeout: number | undefined;
  #swept = Number.NEGATIVE_INFINITY;
  /** For how long it could not look when it wanted to, in milliseconds. */
  #heldUp = 0;

  constructor(store: JobStore, type: string, name: string) {
    this.#store = store;
    this.#type = type;
    this.#name = name;
  }

  /** One look, and the pause after it. */
  async look(signal: AbortSignal): Promise<void> {
    const { platform } = this.#store;
    const type = await this.#store.type(this.#type);
    // Who has been promised more time until now must not lose it at once.
    if (type.timeout !== this.#timeout) this.#forget();
    this.#timeout = type.timeout;
    const patience = type.timeout + platform.random() * Math.min(JITTER, JITTER_SHARE * type.timeout);
    if (await this.#mayWatch(patience, signal)) await this.#watch(type, patience, signal);
    const pause = patience / LOOKS;
    const begun = platform.elapsed();
    await platform.sleep(pause, signal).catch(() => {});
    // When it was held up itself, maybe with the whole machine, so were the others.
    this.#heldUp += Math.max(0, platform.elapsed() - begun - pause);
  }

  /** The steady clock, but for the time in which this one was held up. */
  get #awake(): number {
    return this.#store.platform.elapsed() - this.#heldUp;
  }

  /** Lets another watch at once. */
  async leave(): Promise<void> {
    const key = keyOf.monitor(this.#type);
    await this.#store.kv.update([key], ([entry]) => ({
      delete: entry !== undefined && this.#isMine(entry) ? [key] : [],
      result: undefined,
    }));
  }

  /** Whether it is this one that watches, which then says so. */
  async #mayWatch(patience: number, signal: AbortSignal): Promise<boolean> {
    const { kv } = this.#store;
    const key = keyOf.monitor(this.#type);
    const [watcher] = await kv.read([key]);
    const isGone = this.#watcher.look(watcher === undefined ? [] : [watcher], this.#awake, patience * TAKE_OVER);
    const isFree = watcher === undefined || this.#isMine(watcher) || isGone.length > 0;
    const watches =
      isFree &&
      (await kv.update(
        [key],
        ([now]) => {
          const isTaken = now !== undefined && now.version !== watcher?.version;
          return { set: isTaken ? [] : [[key, encodeJson(this.#name)]], result: !isTaken };
        },
        { durability: 'relaxed', signal },
      ));
    // What was seen long ago says nothing of today.
    if (watches && !this.#watches) this.#forgetRuns();
    this.#watches = watches;
    return watches;
  }

  #isMine({ value }: Entry): boolean {
    return new TextDecoder().decode(value) === JSON.stringify(this.#name);
  }

  async #watch(type: JobType, patience: number, signal: AbortSignal): Promise<void> {
    const { platform } = this.#store;
    for (const run of await this.#still(this.#runs, rangeOf.runs, patience)) await this.#giveUp(run, type, signal);
    for (const request of await this.#still(this.#cancelling, rangeOf.cancelling, patience))
      await this.#stop(request, signal);
    // For people alone: nothing rests on the records of workers.
    for (const { key } of await this.#still(this.#workers, rangeOf.workers, SILENCE * patience))
      await this.#store.kv.update([], () => ({ delete: [key], result: undefined }), { durability: 'relaxed', signal });
    if (platform.elapsed() - this.#swept < SWEEP) return;
    this.#swept = platform.elapsed();
    await removeEnded(this.#store, this.#type, type.retention, signal);
  }

  /** What stands in a range and has not moved for too long. */
  async #still(stillness: Stillness, range: (type: string) => KeyRange, patience: number): Promise<Entry[]> {
    const entries: Entry[] = [];
    for await (const entry of list(this.#store.kv, range(this.#type))) entries.push(entry);
    return stillness.look(entries, this.#awake, patience);
  }

  /** Ends a run of which nobody has heard, unless somebody has just now. */
  async #giveUp({ key, version }: Entry, { maxAttempts }: JobType, signal: AbortSignal): Promise<void> {
    const now = this.#store.platform.now();
    await this.#store.change(
      this.#type,
      nameIn(key),
      (record, [run]) => {
        if (run?.version !== version) return { record };
        // A run without a job is left by damage alone.
        if (record?.state !== 'running') return { record, delete: [key] };
        return { record: endRun(record, { how: 'lose', isLast: record.attempt >= maxAttempts }, now) };
      },
      { guards: [key], signal },
    );
  }

  /** Ends a run that was asked to stop, and was given time to. */
  async #stop({ key, version }: Entry, signal: AbortSignal): Promise<void> {
    const now = this.#store.platform.now();
    await this.#store.change(
      this.#type,
      nameIn(key),
      (record, [request]) => {
        // That of another run is to be given time, too.
        if (request?.version !== version) return { record };
        if (record?.state !== 'running' || !record.cancelRequested) return { record, delete: [key] };
        return { record: endRun(record, { how: 'lose', isLast: true }, now) };
      },
      { guards: [key], signal },
    );
  }

  #forget(): void {
    this.#watcher.forget();
    this.#forgetRuns();
  }

  #forgetRuns(): void {
    this.#runs.forget();
    this.#cancelling.forget();
    this.#workers.forget();
  }
}
