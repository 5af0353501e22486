import type { Entry } from '../../kv/kv.ts';
import { isCount } from '../count.ts';
import type { Counter } from '../counter.ts';
import type { Mutation } from '../storage.ts';
import { findEntries } from './find.ts';
import { type Garbage, sweepOf } from './garbage.ts';
import { commitStep, damagedJob, type Job, newJob, unlessStepped } from './jobs.ts';
import type { Run } from './run.ts';
import { decodeSequence, isFullRecord, type SequencedId, seqOf, sequencedIn, writeSequence } from './sequence.ts';
import { stepBytes, type Workshop } from './workshop.ts';

/** The name of the job. */
export const SEQUENCE = 'sequence';

/** Small records, as single changes make them, that are left before they are joined. */
const MOST_SMALL = 64;
/** Records of one step, and how many bytes of changes, one record at least. */
const RECORDS = 64;
const BYTES = 64 * 1024;

/** What is done to the order of changes. It stays on record when it is over, for where the next one is to begin. */
interface SequenceJob {
  /** Everything up to this change is in full records. */
  readonly joined: number;
  /** After which change to go on; undefined when it is over. */
  readonly after?: number;
  /** Whether changes that hold no longer are left out. */
  readonly drops?: boolean;
}

/** Whether there are many small records, or many changes that no longer hold. */
export function isSequenceDue(counter: Counter): boolean {
  return counter.sequenceRecords > MOST_SMALL || isStale(counter);
}

function isStale({ docCount, docDelCount, sequenced }: Counter): boolean {
  return sequenced > 2 * (docCount + docDelCount) + 1000;
}

/** Whether a job puts the order of changes in order, and is under way. */
export function isSequencing(job: Job): boolean {
  return job.name === SEQUENCE && decodeSequenceJob(job).after !== undefined;
}

/**
 * Begins to put the order of changes in order.
 *
 * @param last the job as it was left when it was over the last time
 */
export function beginSequence(workshop: Workshop, last: Job | undefined, seen: Counter): Promise<boolean> {
  const job = last ?? newJob(workshop.layout, SEQUENCE);
  const joined = last === undefined ? 0 : decodeSequenceJob(last).joined;
  const drops = isStale(seen);
  const begun: SequenceJob = { joined, after: drops ? 0 : joined, drops };
  return commitStep(workshop, job, { job: { ...begun }, seen });
}

/** A record of the order, and what is in it. */
interface ReadRecord {
  readonly entry: Entry;
  readonly changes: readonly SequencedId[];
  /** Those that hold, as far as that was looked at. */
  readonly holding: readonly SequencedId[];
}

/**
 * Joins some small records more, and leaves out changes that no longer hold. Large ones of which all hold stay as they are.
 *
 * @returns how many changes were looked at; 0 when somebody else has worked on it meanwhile
 */
export async function sequenceStep(workshop: Workshop, job: Job): Promise<number> {
  const { layout, runs } = workshop;
  const { after, drops = false } = decodeSequenceJob(job);
  if (after === undefined) return 0;
  const { counter, runs: current } = await runs.snapshot();
  const read = await unlessStepped(workshop, job, () => readRecords(workshop, after, counter.seq));
  if (read === undefined) return 0;
  const { isOver } = read;
  const records = drops ? await findHolding(workshop, current, read.records) : read.records;
  const { kept, blocks, garbage, ...rewritten } = regroup(workshop, records, counter.next);
  const isRewritten = rewritten.delete.length > 0;
  // What is not full is joined with what comes after it, then or the next time.
  const through = kept.filter(isFullRecord).at(-1)?.[0];
  const joined = through === undefined ? after : seqOf(through, layout);
  const last = kept.at(-1)?.[0];
  const end = isRewritten || last === undefined ? joined : seqOf(last, layout);
  const next: SequenceJob = isOver ? { joined } : { joined, after: end, drops };
  const takesNumber = blocks.length + garbage.length > 0;
  const looked = records.reduce((sum, { changes }) => sum + changes.length, 0);
  const holding = records.reduce((sum, record) => sum + record.holding.length, 0);
  const isDone = await commitStep(workshop, job, {
    records: blocks,
    set: [...rewritten.set, ...(garbage.length > 0 ? [sweepOf(layout, counter.next, garbage)] : [])],
    delete: rewritten.delete,
    job: { ...next },
    ...(takesNumber ? { seen: counter, next: counter.next + 1 } : {}),
    count: (now) => ({
      sequenced: Math.max(0, now.sequenced - (looked - holding)),
      // Those that have come since are joined the next time.
      ...(isOver ? { sequenceRecords: Math.max(0, now.sequenceRecords - counter.sequenceRecords) } : {}),
    }),
  });
  return isDone ? Math.max(1, looked) : 0;
}

/** The records after a change, up to that of another. What comes later is not known of yet. */
async function readRecords(
  workshop: Workshop,
  after: number,
  until: number,
): Promise<{ readonly records: readonly ReadRecord[]; readonly isOver: boolean }> {
  const { kv, layout, blocks } = workshop;
  const range = { prefix: layout.sequence, from: layout.sequenced(after + 1), to: layout.sequenced(until + 1) };
  // Each may be deleted and another be written in its place.
  const limit = Math.min(RECORDS, Math.ceil(kv.limits.mutationsPerUpdate / 8));
  const { entries, next } = await kv.page(range, { limit });
  const records: ReadRecord[] = [];
  let bytes = 0;
  for (const entry of entries) {
    const found = decodeSequence(entry.value);
    bytes += Array.isArray(found) ? entry.value.length : found.bytes;
    if (records.length > 0 && bytes > Math.min(BYTES, stepBytes(kv))) return { records, isOver: false };
    const changes = await sequencedIn(blocks, entry.value);
    records.push({ entry, changes, holding: changes });
  }
  return { records, isOver: next === undefined };
}

async function findHolding(
  { blocks }: Workshop,
  runs: readonly Run[],
  records: readonly ReadRecord[],
): Promise<ReadRecord[]> {
  const encoder = new TextEncoder();
  const ids = records.flatMap(({ changes }) => changes.map(({ id }) => encoder.encode(id)));
  const found = await findEntries(blocks, runs, ids);
  let at = 0;
  return records.map((record) => ({
    ...record,
    holding: record.changes.filter(({ seq }) => found[at++]?.seq === seq),
  }));
}

interface Regrouped {
  /** The records as they are then. */
  readonly kept: readonly Mutation[];
  readonly set: readonly Mutation[];
  readonly blocks: readonly Mutation[];
  readonly delete: readonly Mutation[0][];
  readonly garbage: readonly Garbage[];
}

/**
 * Writes records anew of which not all holds, and small ones that stand side by side.
 *
 * @param number for blocks: nothing else may be under it
 */
function regroup(workshop: Workshop, records: readonly ReadRecord[], number: number): Regrouped {
  const kept: Mutation[] = [];
  const set: Mutation[] = [];
  const blocks: Mutation[] = [];
  const deleted: Mutation[0][] = [];
  const garbage: Garbage[] = [];
  let group: ReadRecord[] = [];
  const close = (): void => {
    if (group.length < 2 && group.every(isIntact)) {
      kept.push(...group.map(recordOf));
    } else {
      const holding = group.flatMap((record) => record.holding);
      const written = writeSequence(workshop, holding, { number, block: blocks.length });
      set.push(...written.records);
      kept.push(...written.records);
      blocks.push(...written.blocks);
      for (const { entry } of group) {
        deleted.push(entry.key);
        const place = decodeSequence(entry.value);
        if (Array.isArray(place)) continue;
        garbage.push(['block', place.run, place.block, place.block + workshop.blocks.countOf(place.bytes)]);
      }
    }
    group = [];
  };
  for (const record of records) {
    if (isIntact(record) && isFullRecord(recordOf(record))) {
      close();
      kept.push(recordOf(record));
    } else group.push(record);
  }
  close();
  return { kept, set, blocks, delete: deleted, garbage };
}

function isIntact({ changes, holding }: ReadRecord): boolean {
  return holding.length === changes.length;
}

function recordOf({ entry: { key, value } }: ReadRecord): Mutation {
  return [key, value];
}

/** @throws StoreError (`corrupt`) when the record of the job is none */
export function decodeSequenceJob({ value: { joined, after, drops } }: Job): SequenceJob {
  if (!isCount(joined) || !(after === undefined || isCount(after))) throw damagedJob();
  return after === undefined ? { joined } : { joined, after, drops: drops === true };
}
