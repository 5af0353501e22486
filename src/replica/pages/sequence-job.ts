import type { Mutation } from '../storage.ts';
import { findEntries } from './find.ts';
import { commitCounted, type Job } from './jobs.ts';
import { decodeSequence, isFullRecord, type SequencedId, sequenceRecords } from './sequence.ts';
import type { Workshop } from './workshop.ts';

/** The name of the job. */
export const SEQUENCE = 'sequence';

/** Small records, as single changes make them, that are left before they are joined. */
const MOST_SMALL = 64;
/** Records of one step, and their bytes. */
const RECORDS = 64;
const BYTES = 64 * 1024;

/** What the counter tells of the order of local changes. */
interface SequenceCounts {
  readonly docCount: number;
  readonly docDelCount: number;
  readonly sequenced: number;
  readonly sequenceRecords: number;
}

/** Whether there are many small records, or many changes that no longer hold. */
export function isSequenceDue(counts: SequenceCounts): boolean {
  return counts.sequenceRecords > MOST_SMALL || isStale(counts);
}

function isStale({ docCount, docDelCount, sequenced }: SequenceCounts): boolean {
  return sequenced > 2 * (docCount + docDelCount) + 1000;
}

/** Whether the job is under way: it stays on record when it is over, for where the next one is to begin. */
export function isRunning(job: Job | undefined): job is Job {
  return job?.value['after'] !== undefined;
}

/** @param last the job as it was left when it was over the last time */
export function beginSequence(workshop: Workshop, last: Job | undefined): Promise<boolean> {
  const job = last ?? { name: SEQUENCE, key: workshop.layout.job(SEQUENCE), version: undefined, value: {} };
  const joined = Number(last?.value['joined'] ?? 0);
  return commitCounted(workshop, job, (counter) => {
    if (!isSequenceDue(counter)) return undefined;
    return { job: { joined, after: isStale(counter) ? 0 : joined }, counter: {} };
  });
}

/** Joins some small records more, and leaves out changes that no longer hold. */
export async function sequenceStep(workshop: Workshop, job: Job): Promise<void> {
  const { kv, layout, blocks, runs } = workshop;
  const after = Number(job.value['after']);
  const { counter, runs: current } = await runs.snapshot();
  if (counter === undefined) return;
  const range = { prefix: layout.sequence, from: layout.sequencedFrom(after + 1) };
  const { entries, next } = await kv.page(range, { limit: RECORDS });
  const records = entries.map(({ key, value }): Mutation => [key, value]);
  // A writer who has not committed yet may have written his records ahead.
  const committed = records.filter(([key]) => Number(key[layout.sequence.length]) <= counter.seq);
  const read = firstBytes(committed, BYTES);
  const changes = read.flatMap(([, value]) => decodeSequence(value));
  const encoder = new TextEncoder();
  const found = await findEntries(
    blocks,
    current,
    changes.map(({ id }) => encoder.encode(id)),
  );
  const holding = inOrder(changes.filter(({ seq }, index) => found[index]?.seq === seq));
  const written = sequenceRecords(layout, holding, 0);
  const isSmaller = written.length < read.length || holding.length < changes.length;
  const kept = isSmaller ? written : read;
  const isOver = read.length === committed.length && (next === undefined || committed.length < records.length);
  const lastFull = kept.filter(isFullRecord).at(-1);
  // What is not full is joined with what comes after it, the next time.
  const through = lastFull === undefined ? after : seqOf(lastFull, layout.sequence.length);
  const last = kept.at(-1);
  const end = isSmaller || last === undefined ? through : seqOf(last, layout.sequence.length);
  await commitCounted(workshop, job, (now) => ({
    set: isSmaller ? written : [],
    delete: isSmaller ? read.map(([key]) => key) : [],
    job: isOver ? { joined: through } : { joined: through, after: end },
    counter: {
      sequenced: Math.max(0, now.sequenced - (changes.length - holding.length)),
      sequenceRecords: Math.max(0, now.sequenceRecords - countSmall(read) + (isOver ? 0 : countSmall(kept))),
    },
  }));
}

/** Two records at least, where there are so many. */
function firstBytes(records: readonly Mutation[], most: number): readonly Mutation[] {
  let bytes = 0;
  const end = records.findIndex(([, value], index) => {
    bytes += value.length;
    return index > 1 && bytes > most;
  });
  return end < 0 ? records : records.slice(0, end);
}

/** In the order of changes, each once. */
function inOrder(changes: readonly SequencedId[]): SequencedId[] {
  return [...new Map(changes.map((change) => [change.seq, change])).values()].sort((a, b) => a.seq - b.seq);
}

function countSmall(records: readonly Mutation[]): number {
  return records.filter((record) => !isFullRecord(record)).length;
}

function seqOf([key]: Mutation, at: number): number {
  return Number(key[at]);
}
