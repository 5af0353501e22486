import { ContentionError } from '../core/errors.ts';
import { decodeJson } from '../kv/json.ts';
import type { Key } from '../kv/kv.ts';
import type { ReadyEntry } from './index-records.ts';
import { Job } from './job.ts';
import type { JobRecord } from './job-record.ts';
import type { JobStore } from './job-store.ts';
import { nameIn, rangeOf } from './layout.ts';
import { accept, promote } from './transitions.ts';

/** Which jobs are taken. */
export interface Choice {
  /** Only those that are due at this time, in milliseconds since 1970. */
  readonly until: number;
  /** Only those without a time of their own. */
  readonly noSchedule: boolean;
  /** None of a greater priority. */
  readonly maxPriority: number;
}

/** A job that waits among those that are due, as it is found. */
interface Candidate {
  readonly key: Key;
  readonly id: string;
  readonly priority: number;
  readonly readyAt: number;
}

/** Waiting so long makes up for one step of priority, in milliseconds. */
const AGEING = 60_000;
/** Among so many of the first, one is chosen by chance; twice as many each time another worker was faster. */
const FIRST = 16;
const MOST = 1024;
/** So many jobs whose time has come are moved to those that are due at one look. */
const PROMOTED = 50;
/** Lost races before it is called contention. */
const MOST_RACES = 40;

/**
 * Accepts one job that is due, if there is one: by priority, then by how long it has waited, and by chance among the first of
 * these, so that many workers seldom want the same one. One commit; two to five reads; one commit more for every 50 jobs whose
 * time has come.
 *
 * @throws ContentionError when other workers were faster again and again
 */
export async function acceptOne(
  store: JobStore,
  type: string,
  workerId: string,
  choice: Choice,
  signal: AbortSignal,
): Promise<Job | undefined> {
  const { platform } = store;
  const promoteMore = (): Promise<number> =>
    choice.noSchedule ? Promise.resolve(0) : promoteDue(store, type, choice.until, signal);
  let promoted = await promoteMore();
  let window = FIRST;
  for (let races = 0; races < MOST_RACES; ) {
    signal.throwIfAborted();
    const first = await firstOf(store, type, choice, window);
    const chosen = first[Math.floor(platform.random() * first.length)];
    if (chosen === undefined) {
      if (promoted === 0) return undefined;
      // Those that were moved are not wanted here; some after them may be.
      promoted = await promoteMore();
      continue;
    }
    const job = await claim(store, type, chosen, workerId, signal);
    if (job !== undefined) return job;
    races += 1;
    window = Math.min(MOST, window * 2);
  }
  throw new ContentionError(`Other workers took every job of type ${JSON.stringify(type)} that was tried: try again`);
}

/** When the first job is due that is not due at this time. */
export async function nextTime(store: JobStore, type: string, after: number): Promise<number | undefined> {
  const range = rangeOf.scheduled(type);
  const { entries } = await store.kv.page({ ...range, from: [...range.prefix, Math.floor(after) + 1] }, { limit: 1 });
  const time = entries[0]?.key.at(-2);
  return typeof time === 'number' ? time : undefined;
}

/** Moves jobs whose time has come among those that are due, as many as one commit takes. Returns how many. */
async function promoteDue(store: JobStore, type: string, until: number, signal: AbortSignal): Promise<number> {
  const range = rangeOf.scheduled(type);
  // What is due at the very time counts too.
  const due = { ...range, to: [...range.prefix, Math.floor(until) + 1] };
  const { entries } = await store.kv.page(due, { limit: Math.min(PROMOTED, store.changesPerCommit) });
  if (entries.length === 0) return 0;
  const keys = new Map(entries.map(({ key }) => [nameIn(key), key]));
  await store.changeAll(
    type,
    [...keys.keys()],
    (record, id) => {
      const key = keys.get(id) ?? [];
      if (record?.state === 'pending' && record.readyAt === null && record.runAt === key.at(-2)) {
        return { record: promote(record) };
      }
      // Another was faster, or the key leads to no job, as only damage leaves it.
      return { record, delete: [key] };
    },
    { signal },
  );
  return entries.length;
}

/** Takes a job that was found, unless another was faster. */
async function claim(
  store: JobStore,
  type: string,
  { key, id }: Candidate,
  workerId: string,
  signal: AbortSignal,
): Promise<Job | undefined> {
  const lock = store.platform.uuid();
  const taken = await store.change(
    type,
    id,
    (record, [entry]) => {
      // The answer of the first try was lost.
      if (record?.lock === lock) return { record, isDone: true };
      if (record !== undefined && isFoundBy(record, key)) return { record: accept(record, { lock, workerId }) };
      // Who was faster has taken the key out, too; else it leads to no job, as only damage leaves it.
      return { record, delete: entry === undefined ? [] : [key] };
    },
    { guards: [key], signal },
  );
  return taken?.lock === lock ? new Job(store, type, id, { ...taken, lock }) : undefined;
}

function isFoundBy({ state, priority, readyAt }: JobRecord, key: Key): boolean {
  return state === 'pending' && key.at(-3) === priority && key.at(-2) === readyAt;
}

function candidateOf(key: Key): Candidate {
  return { key, id: nameIn(key), priority: Number(key.at(-3)), readyAt: Number(key.at(-2)) };
}

/** The jobs among which one is chosen, all of the priority whose turn it is. */
async function firstOf(store: JobStore, type: string, choice: Choice, most: number): Promise<Candidate[]> {
  let best: Candidate[] = [];
  for await (const candidates of heads(store, type, choice, most)) {
    const [head] = candidates;
    const [champion] = best;
    if (head !== undefined && (champion === undefined || turnOf(head) < turnOf(champion))) best = candidates;
  }
  return best;
}

/** The smaller comes first: who has waited longer, or is of a smaller priority. */
function turnOf({ readyAt, priority }: Candidate): number {
  return readyAt + priority * AGEING;
}

/** The first jobs of each priority that has any. */
async function* heads(
  store: JobStore,
  type: string,
  { until, noSchedule, maxPriority }: Choice,
  most: number,
): AsyncGenerator<Candidate[], void, undefined> {
  const { prefix } = rangeOf.ready(type);
  const end = [...prefix, maxPriority + 1];
  let priority = 0;
  while (priority <= maxPriority) {
    const found: Candidate[] = [];
    let from: Key | undefined = [...prefix, priority];
    while (from !== undefined && found.length < most) {
      const page = await store.kv.page({ prefix, from, to: end }, { limit: most });
      from = page.next;
      for (const { key, value } of page.entries) {
        const candidate = candidateOf(key);
        if (found.length === 0) priority = candidate.priority;
        if (candidate.priority !== priority) {
          from = undefined;
          break;
        }
        const { runAt } = decodeJson(value) as ReadyEntry;
        if (runAt <= until && (!noSchedule || runAt === 0)) found.push(candidate);
      }
    }
    if (found.length === 0) return;
    yield found;
    priority += 1;
  }
}
