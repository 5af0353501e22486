import { isJsonObject } from '../../core/json-value.ts';
import { isCount } from '../count.ts';
import type { Counter } from '../counter.ts';
import { SegmentWriter } from '../segment-writer.ts';
import type { Mutation } from '../storage.ts';
import { findEntries } from './find.ts';
import { blocksBeyond, blocksOf, type Garbage, sweepOf } from './garbage.ts';
import { commitStep, damagedJob, type Job, newJob, unlessStepped } from './jobs.ts';
import { moveBodies, takeEntries } from './move-bodies.ts';
import { encodeRun, type Run } from './run.ts';
import { decodeDraft, draftKeys, type RunDraft } from './run-draft.ts';
import { resumeRun } from './run-writer.ts';
import type { Workshop } from './workshop.ts';

/**
 * Bodies that are still named are being moved out of old segments, so that those can be deleted as a whole: run by run,
 * until none names a segment below `cut`. A run is rewritten under another number, with its bodies in new segments.
 */
interface ReclaimJob {
  readonly cut: number;
  /** Bytes of bodies in the old segments when it began. */
  readonly bodyBytes: number;
  /** How many of them have been moved. */
  readonly moved: number;
  /** The run that is being rewritten. */
  readonly current?: Rewriting;
}

interface Rewriting {
  readonly input: number;
  readonly output: number;
  /** What has been written of the output. */
  readonly draft?: RunDraft;
}

/** The name of the job. */
export const RECLAIM = 'reclaim';

/** Below this many bytes it is not worth the work. */
const LEAST_DEAD = 1024 * 1024;
/** What a commit costs beside what it writes, in bytes. */
const COMMIT = 1024;

/** Whether more than half of all bodies are dead. */
export function isReclaimDue({ bodyBytes, deadBytes }: Pick<Counter, 'bodyBytes' | 'deadBytes'>): boolean {
  return deadBytes > LEAST_DEAD && 2 * deadBytes > bodyBytes;
}

/** Begins to reclaim the room of dead bodies, unless somebody has written since the counter was read. */
export function beginReclaim(workshop: Workshop, counter: Counter): Promise<boolean> {
  const state: ReclaimJob = { cut: counter.next, bodyBytes: counter.bodyBytes, moved: 0 };
  // The cut is a number that nothing is under, so that what is told apart by it has no namesake.
  return commitStep(workshop, newJob(workshop.layout, RECLAIM), {
    job: { ...state },
    seen: counter,
    next: counter.next + 1,
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
export async function reclaimStep(workshop: Workshop, job: Job, { counter, runs, busy }: ReclaimStep): Promise<number> {
  const state = decodeReclaim(job);
  const { current, cut } = state;
  if (current !== undefined) {
    const input = runs.find(({ number }) => number === current.input);
    return input === undefined ? 0 : rewriteStep(workshop, job, { state, current, input, runs, counter });
  }
  const old = runs.filter(({ floor }) => floor < cut);
  if (old.length === 0) return (await finish(workshop, job, state, counter)) ? COMMIT : 0;
  const next = old.filter(({ number }) => !busy.has(number)).sort((a, b) => b.heads - a.heads)[0];
  if (next === undefined) return 0;
  const begun: ReclaimJob = { ...state, current: { input: next.number, output: counter.next } };
  const step = { job: { ...begun }, seen: counter, next: counter.next + 1 };
  return (await commitStep(workshop, job, step)) ? COMMIT : 0;
}

/** No run names the old segments any more. */
function finish(workshop: Workshop, job: Job, state: ReclaimJob, seen: Counter): Promise<boolean> {
  const { cut, bodyBytes, moved } = state;
  // What was in old segments and was not moved is gone: all of it was dead in the end.
  const gone = bodyBytes - moved;
  return commitStep(workshop, job, {
    set: [sweepOf(workshop.layout, cut, [['body', seen.oldest, cut]])],
    job: undefined,
    seen,
    count: (counter) => ({
      oldest: cut,
      bodyBytes: Math.max(0, counter.bodyBytes - gone),
      deadBytes: Math.max(0, counter.deadBytes - gone),
    }),
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
  const { layout, blocks, partBytes } = workshop;
  const { state, current, input, runs, counter } = rewrite;
  const { output, draft } = current;
  const writer = await unlessStepped(workshop, job, () => resumeRun(blocks, output, draft));
  if (writer === undefined) return 0;
  const { entries, isOver } = await takeEntries(workshop, input, { after: writer.last, cut: state.cut });
  const newest = await findEntries(
    blocks,
    runs,
    entries.map(({ id }) => id),
  );
  // What has changed since is in another run, and goes on from there.
  const held = entries.filter(({ seq }, index) => newest[index]?.seq === seq);
  const segments = new SegmentWriter(layout, partBytes, counter.next);
  const bytes = await moveBodies(workshop, held, { cut: state.cut, writer, segments });
  const { current: _, ...rest } = { ...state, moved: state.moved + bytes };
  const step = { seen: counter, next: segments.next };
  const replaced = draftKeys(blocks, output, draft);
  const last = entries.at(-1);
  if (!isOver && last !== undefined) {
    writer.passOver(last.id);
    const going: Rewriting = { input: input.number, output, draft: writer.pause() };
    const records = [...segments.take(), ...writer.take()];
    const next: ReclaimJob = { ...rest, current: going };
    return (await commitStep(workshop, job, { ...step, records, delete: replaced, job: { ...next } }))
      ? COMMIT + bytes
      : 0;
  }
  const added = writer.finish();
  const root: Mutation[] = added === undefined ? [] : [[layout.run(output), encodeRun(added)]];
  const garbage: Garbage[] = [...blocksOf([input]), blocksBeyond({ number: output, blocks: added?.blocks ?? 0 })];
  const isDone = await commitStep(workshop, job, {
    ...step,
    records: [...segments.take(), ...writer.take()],
    set: [...root, sweepOf(layout, output, garbage)],
    delete: [layout.run(input.number), ...replaced],
    job: { ...rest },
    count: () => ({}),
    runs: { added, removed: [input] },
  });
  return isDone ? COMMIT + bytes : 0;
}

/** The runs that a job is rewriting, and what it makes of them. */
export function decodeReclaim({ value }: Job): ReclaimJob {
  const { cut, bodyBytes, moved, current } = value;
  if (!isCount(cut) || !isCount(bodyBytes) || !isCount(moved)) throw damagedJob();
  const state = { cut, bodyBytes, moved };
  if (current === undefined) return state;
  if (!isJsonObject(current)) throw damagedJob();
  const { input, output, draft } = current;
  if (!isCount(input) || !isCount(output)) throw damagedJob();
  if (draft === undefined) return { ...state, current: { input, output } };
  if (!isJsonObject(draft)) throw damagedJob();
  return { ...state, current: { input, output, draft: decodeDraft(draft) } };
}
