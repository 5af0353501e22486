import { isJsonObject, type JsonObject } from '../../core/json-value.ts';
import { packedBytes, packedText } from '../../kv/packed-text.ts';
import type { Counter } from '../counter.ts';
import { decodeHead, encodeHead } from '../head.ts';
import { SegmentWriter } from '../segment-writer.ts';
import type { Head, Mutation, StoredRevision } from '../storage.ts';
import { fitsOneCommit } from './commit-size.ts';
import { findEntries } from './find.ts';
import { commitCounted, type Job, writeAhead } from './jobs.ts';
import { draftOf } from './merge-job.ts';
import { mergedEntries } from './merged-entries.ts';
import type { PageEntry } from './page.ts';
import { encodeRun, type Run } from './run.ts';
import { type RunDraft, RunWriter } from './run-writer.ts';
import { sweepOf } from './sweep-job.ts';
import { stepBytes, type Workshop } from './workshop.ts';

/**
 * Bodies that are still named are being moved out of old segments, so that those can be deleted as a whole: run by run,
 * until none names a segment below `cut`. A run is rewritten under another number, with its bodies in new segments.
 */
export interface ReclaimJob {
  readonly cut: number;
  /** Bytes of bodies in the old segments, and how many of them were dead, when it began. */
  readonly bodyBytes: number;
  readonly deadBytes: number;
  /** Bytes of bodies that were moved. */
  readonly moved: number;
  /** The run that is being rewritten. */
  readonly current?: Rewriting;
}

interface Rewriting {
  readonly input: number;
  readonly output: number;
  /** Numbers for segments that nobody else uses, where the next step is too much for one commit. */
  readonly numbers?: readonly [next: number, end: number];
  readonly draft?: RunDraft;
  /** The last id that was looked at. */
  readonly after?: string;
}

/** The name of the job. */
export const RECLAIM = 'reclaim';

/** Below this many bytes it is not worth the work. */
const LEAST_DEAD = 1024 * 1024;
/** What a commit costs beside what it writes, in bytes. */
const COMMIT = 1024;
/** Documents of one step at the most. */
const DOCUMENTS = 500;

/** Whether more than half of all bodies are dead. */
export function isReclaimDue({
  bodyBytes,
  deadBytes,
}: {
  readonly bodyBytes: number;
  readonly deadBytes: number;
}): boolean {
  return deadBytes > LEAST_DEAD && 2 * deadBytes > bodyBytes;
}

/** The run that is being rewritten, if any. */
export function rewritten(job: JsonObject): number[] {
  const { current } = job;
  return isJsonObject(current) ? [Number(current['input'])] : [];
}

export function beginReclaim(workshop: Workshop): Promise<boolean> {
  const job = { name: RECLAIM, key: workshop.layout.job(RECLAIM), version: undefined, value: {} };
  return commitCounted(workshop, job, ({ next, bodyBytes, deadBytes }) => {
    if (!isReclaimDue({ bodyBytes, deadBytes })) return undefined;
    return { job: { cut: next, bodyBytes, deadBytes, moved: 0 }, counter: {} };
  });
}

/** What a step goes by. */
export interface ReclaimStep {
  readonly counter: Counter;
  readonly runs: readonly Run[];
  /** Runs that are being merged: what they become is for later. */
  readonly busy: ReadonlySet<number>;
}

/**
 * Moves the bodies of some documents more, or begins with the next run, or ends.
 *
 * @returns how many bytes were written, about; 0 when there is nothing to do, or somebody else has done it meanwhile
 */
export async function reclaimStep(workshop: Workshop, job: Job, step: ReclaimStep): Promise<number> {
  const { counter, runs, busy } = step;
  const state = reclaimOf(job.value);
  const { current } = state;
  if (current !== undefined) {
    const input = runs.find(({ number }) => number === current.input);
    return input === undefined ? 0 : rewriteStep(workshop, job, { state, current, input, runs, counter });
  }
  const old = runs.filter(({ floor }) => floor < state.cut);
  const next = old.filter(({ number }) => !busy.has(number)).sort((a, b) => b.heads - a.heads)[0];
  if (next !== undefined) return (await beginRewriting(workshop, job, state, next, counter.token)) ? COMMIT : 0;
  if (old.length === 0) await finish(workshop, job, state, counter.token);
  return 0;
}

function beginRewriting(workshop: Workshop, job: Job, state: ReclaimJob, run: Run, token: string): Promise<boolean> {
  return commitCounted(workshop, job, (counter) => {
    if (counter.token !== token) return undefined;
    const current: Rewriting = { input: run.number, output: counter.next };
    return { job: { ...state, current }, counter: { next: counter.next + 1 } };
  });
}

/** No run names the old segments any more. */
async function finish(workshop: Workshop, job: Job, state: ReclaimJob, token: string): Promise<void> {
  const { layout } = workshop;
  const { cut, bodyBytes, deadBytes, moved } = state;
  await commitCounted(workshop, job, (counter) => {
    if (counter.token !== token) return undefined;
    return {
      set: [sweepOf(layout, cut, { segments: [counter.oldest, cut] })],
      job: undefined,
      counter: {
        oldest: cut,
        bodyBytes: counter.bodyBytes - bodyBytes + moved,
        deadBytes: Math.max(0, counter.deadBytes - deadBytes),
      },
    };
  });
}

interface Rewrite {
  readonly state: ReclaimJob;
  readonly current: Rewriting;
  readonly input: Run;
  readonly runs: readonly Run[];
  readonly counter: Counter;
}

async function rewriteStep(workshop: Workshop, job: Job, rewrite: Rewrite): Promise<number> {
  const { kv, layout, blocks, partBytes } = workshop;
  const { state, current, input, runs, counter } = rewrite;
  const { draft, output, after, numbers: [free, end] = [counter.next, Number.POSITIVE_INFINITY] } = current;
  const { entries, isOver } = await takeEntries(workshop, input, after, state.cut);
  const newest = await findEntries(
    blocks,
    runs,
    entries.map(({ id }) => id),
  );
  // What has changed since is in another run, and goes on from there.
  const held = entries.filter(({ seq }, index) => newest[index]?.seq === seq);
  const writer = new RunWriter(blocks, output, draft);
  const segments = new SegmentWriter(layout, partBytes, free);
  const bytes = await moveBodies(workshop, held, { cut: state.cut, writer, segments });
  const run = isOver ? writer.finish() : undefined;
  const records = [...segments.take(), ...writer.take()];
  const isTooMuch = !fitsOneCommit(records, kv.limits);
  if (isTooMuch && (current.numbers === undefined || segments.next > end)) {
    return (await takeNumbers(workshop, job, { ...state, current }, segments.next - free)) ? COMMIT : 0;
  }
  const set = isTooMuch ? await writeAhead(kv, job, records) : records;
  if (set === undefined) return 0;
  const moved = state.moved + bytes;
  const isDone = await commitCounted(workshop, job, (now) => {
    if (current.numbers === undefined && now.token !== counter.token) return undefined;
    const next = current.numbers === undefined ? segments.next : now.next;
    const { current: _, ...rest } = { ...state, moved };
    if (!isOver) {
      const last = packedText(entries.at(-1)?.id ?? new Uint8Array());
      const going: Rewriting = { input: input.number, output, after: last, draft: writer.draft() };
      return { set, job: { ...rest, current: going }, counter: { next } };
    }
    const root: Mutation[] = run === undefined ? [] : [[layout.run(output), encodeRun(run)]];
    return {
      set: [...set, ...root, sweepOf(layout, output, { runs: [input] })],
      delete: [layout.run(input.number)],
      job: rest,
      counter: { next },
    };
  });
  return isDone ? COMMIT + bytes : 0;
}

/** Entries to be rewritten in one step: so many, and so many bytes of bodies to be moved, but one at least. */
async function takeEntries(
  { kv, blocks }: Workshop,
  input: Run,
  after: string | undefined,
  cut: number,
): Promise<{ readonly entries: readonly HeldEntry[]; readonly isOver: boolean }> {
  const range = after === undefined ? {} : { begin: packedBytes(after), isAfter: true };
  const entries: HeldEntry[] = [];
  let bytes = 0;
  for await (const read of mergedEntries(blocks, [input], range)) {
    for (const entry of read) {
      const { tree, stored } = decodeHead(entry.head);
      const old = stored.filter(({ place: [segment = 0] }) => segment < cut);
      bytes += old.reduce((sum, { place: [, , length = 0] }) => sum + length, entry.head.length);
      if (entries.length > 0 && (entries.length === DOCUMENTS || bytes > stepBytes(kv)))
        return { entries, isOver: false };
      entries.push({ ...entry, tree, stored, old });
    }
  }
  return { entries, isOver: true };
}

interface HeldEntry extends PageEntry, Pick<Head, 'tree' | 'stored'> {
  /** Revisions whose bodies are in old segments. */
  readonly old: readonly StoredRevision[];
}

/** Writes entries with their bodies in new segments. The bytes of those that were moved. */
async function moveBodies(
  { bodies }: Workshop,
  entries: readonly HeldEntry[],
  { cut, writer, segments }: { readonly cut: number; readonly writer: RunWriter; readonly segments: SegmentWriter },
): Promise<number> {
  const found = await bodies.readBytes(entries.flatMap(({ old }) => old.map(({ place }) => place)));
  let at = 0;
  let moved = 0;
  for (const { id, seq, tree, stored } of entries) {
    let floor = Number.POSITIVE_INFINITY;
    const places = stored.map((revision) => {
      const [segment = 0] = revision.place;
      const body = segment < cut ? found[at++] : undefined;
      // A body that is damaged cannot be moved, and is no more damaged when its segment is gone.
      if (body === undefined) {
        if (segment >= cut) floor = Math.min(floor, segment);
        return revision;
      }
      moved += body.length;
      const place = segments.add(body);
      floor = Math.min(floor, place[0] ?? floor);
      return { ...revision, place };
    });
    writer.add({ id, seq, head: encodeHead({ tree, stored: places }) }, floor);
  }
  return moved;
}

/** Takes numbers for a step that is too much for one commit. The step then begins anew. */
function takeNumbers(
  workshop: Workshop,
  job: Job,
  state: ReclaimJob & { readonly current: Rewriting },
  count: number,
): Promise<boolean> {
  return commitCounted(workshop, job, ({ next }) => {
    const current: Rewriting = { ...state.current, numbers: [next, next + count] };
    return { job: { ...state, current }, counter: { next: next + count } };
  });
}

function reclaimOf(value: JsonObject): ReclaimJob {
  const { cut, bodyBytes, deadBytes, moved, current } = value;
  const state = { cut: Number(cut), bodyBytes: Number(bodyBytes), deadBytes: Number(deadBytes), moved: Number(moved) };
  if (!isJsonObject(current)) return state;
  const { input, output, numbers, draft, after } = current;
  const [next, end]: unknown[] = Array.isArray(numbers) ? numbers : [];
  return {
    ...state,
    current: {
      input: Number(input),
      output: Number(output),
      ...(end === undefined ? {} : { numbers: [Number(next), Number(end)] as const }),
      ...(typeof after === 'string' && isJsonObject(draft) ? { after, draft: draftOf(draft) } : {}),
    },
  };
}
