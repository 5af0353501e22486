import { Feed } from '../core/feed.ts';
import type { Key } from '../kv/kv.ts';
import { list } from '../kv/list.ts';
import { Hints } from './hints.ts';
import { decodeRecord, type JobState } from './job-record.ts';
import type { JobStore } from './job-store.ts';
import { hasEnded, type JobView, viewOf } from './job-view.ts';
import { keyOf, nameIn, rangeOf } from './layout.ts';
import { decodeWorker, type WorkerRecord } from './worker-record.ts';

/** What has become of the jobs of a type. */
export type JobsEvent =
  | { readonly type: 'job'; readonly job: JobView }
  /** Its record is there no more. */
  | { readonly type: 'removed'; readonly id: string };

/** Milliseconds between two looks at the least; after a look that took long, so many times as long, up to a bound. */
const PAUSE = 50;
const PAUSE_SHARE = 9;
const LONGEST_PAUSE = 5000;
/** Workers give no signal when they write of themselves. */
const WORKERS_PAUSE = 5000;

/**
 * Follows one job: as it is, then after every change, until it has ended or is gone, which is told as `undefined`. What happens
 * between two looks may be skipped, but never what it has come to.
 */
export function followJob(store: JobStore, type: string, id: string): Feed<JobView | undefined> {
  return new Feed(async function* (signal) {
    let told = '';
    for await (const looked of looks(store, keyOf.activitySignal(type), signal)) {
      const record = await store.find(type, id);
      looked();
      const view = record === undefined ? undefined : viewOf(type, id, record);
      const text = JSON.stringify(view ?? null);
      if (text !== told) yield [view];
      told = text;
      if (view === undefined || hasEnded(view.state)) return;
    }
  });
}

/** Waits until a job is in one of some states; gives it, or undefined when it is not there any more. */
export async function waitFor(
  store: JobStore,
  type: string,
  id: string,
  states: readonly JobState[],
  signal: AbortSignal | undefined,
): Promise<JobView | undefined> {
  const wanted = new Set(states);
  for await (const looked of looks(store, keyOf.activitySignal(type), signal ?? new AbortController().signal)) {
    const record = await store.find(type, id);
    looked();
    if (record === undefined) return undefined;
    if (wanted.has(record.state)) return viewOf(type, id, record);
  }
  return undefined;
}

/**
 * Follows all jobs of a type: each as it is, then each that changes. A look reads the records of all of them, so the pauses between
 * looks are nine times as long as these take; what is remembered is a version per job.
 */
export function followJobs(store: JobStore, type: string): Feed<JobsEvent> {
  return new Feed(async function* (signal) {
    let told = new Map<string, string>();
    for await (const looked of looks(store, keyOf.activitySignal(type), signal)) {
      const now = new Map<string, string>();
      let events: JobsEvent[] = [];
      for await (const entry of list(store.kv, rangeOf.jobs(type))) {
        const id = nameIn(entry.key);
        now.set(id, entry.version);
        if (told.get(id) === entry.version) continue;
        events.push({ type: 'job', job: viewOf(type, id, decodeRecord(entry)) });
        if (events.length < LARGEST_BATCH) continue;
        yield events;
        events = [];
      }
      looked();
      for (const id of told.keys()) if (!now.has(id)) events.push({ type: 'removed', id });
      if (events.length > 0) yield events;
      told = now;
    }
  });
}

const LARGEST_BATCH = 500;

/** Follows the workers of a type: all that have told of themselves, whenever that changes. */
export function followWorkers(store: JobStore, type: string): Feed<readonly WorkerRecord[]> {
  return new Feed(async function* (signal) {
    let told = '';
    for await (const looked of looks(store, keyOf.activitySignal(type), signal, WORKERS_PAUSE)) {
      const workers: WorkerRecord[] = [];
      for await (const entry of list(store.kv, rangeOf.workers(type))) {
        const worker = decodeWorker(entry);
        if (worker !== undefined) workers.push(worker);
      }
      looked();
      const text = JSON.stringify(workers);
      if (text !== told) yield [workers];
      told = text;
    }
  });
}

/**
 * Says when to look: at once, and then whenever something may have changed, but not too often. Whoever looks calls what it is given when
 * it has: the time that is needed for what was found does not count.
 *
 * @param longest milliseconds between two looks at the most, where that is less than usual
 */
async function* looks(
  store: JobStore,
  key: Key,
  signal: AbortSignal,
  longest?: number,
): AsyncGenerator<() => void, void, undefined> {
  const { platform } = store;
  // It watches before the first look, so that what ends during that one is told.
  const hints = new Hints(store, key, signal);
  try {
    for (;;) {
      hints.look();
      const begun = platform.elapsed();
      let took = 0;
      yield () => {
        took = platform.elapsed() - begun;
      };
      await platform.sleep(Math.min(LONGEST_PAUSE, Math.max(PAUSE, PAUSE_SHARE * took)), signal);
      await hints.wait(longest);
    }
  } finally {
    hints.close();
  }
}
