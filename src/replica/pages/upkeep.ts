import type { Counter } from '../counter.ts';
import { type Job, readJobs } from './jobs.ts';
import { beginMerge, inputsOf, isMerge, mergeName, mergeStep } from './merge-job.ts';
import { dueMerges } from './merging.ts';
import { beginReclaim, isReclaimDue, RECLAIM, reclaimStep, rewritten } from './reclaim-job.ts';
import type { Run } from './run.ts';
import { beginSequence, isRunning, isSequenceDue, SEQUENCE, sequenceStep } from './sequence-job.ts';
import { isSweep, sweepStep } from './sweep-job.ts';
import type { Workshop } from './workshop.ts';

/** Less is not worth the reading and writing. A batch leaves far fewer records behind than are deleted with the next. */
const LEAST = { changes: 500, bytes: 256 * 1024, records: 500 };

/** What has been written since the last upkeep. */
export interface Written {
  /** Changes of documents. */
  readonly changes: number;
  /** Bytes of their bodies. */
  readonly bytes: number;
}

/**
 * Keeps the records of a replica in order: merges runs, moves bodies together, joins the order of changes, and deletes what nothing
 * names any more. All of it in steps, each one commit, that begin where the last one ended, whoever has done that: a crash
 * costs a step.
 *
 * It is paid for by writing: as every document is merged once or twice for each eightfold growth of the replica, so many merges can be
 * under way at once, and each is brought forward by twice as many documents as were written; as many bytes of bodies are moved as twice those
 * that were written. So it never falls behind, and never runs where nothing is written.
 */
export async function keepUp(workshop: Workshop, { changes, bytes }: Written): Promise<void> {
  await begin(workshop);
  await spend(Math.max(LEAST.bytes, 2 * bytes), async () => {
    const state = await stateOf(workshop);
    const job = state?.jobs.get(RECLAIM);
    return state === undefined || job === undefined ? 0 : reclaimStep(workshop, job, state);
  });
  const { jobs = new Map<string, Job>() } = (await stateOf(workshop)) ?? {};
  for (const { name } of [...jobs.values()].filter(isMerge)) {
    await spend(Math.max(LEAST.changes, 2 * changes), async (left) => {
      const job = (await readJobs(workshop.kv, workshop.layout)).get(name);
      return job === undefined ? 0 : mergeStep(workshop, job, left);
    });
  }
  const sequence = jobs.get(SEQUENCE);
  if (isRunning(sequence)) await sequenceStep(workshop, sequence);
  await spend(LEAST.records, async () => {
    const sweep = [...(await readJobs(workshop.kv, workshop.layout)).values()].find(isSweep);
    return sweep === undefined ? 0 : sweepStep(workshop, sweep);
  });
}

/**
 * Goes on until a budget is spent.
 *
 * @param step does something within what is left, and says how much it has spent: 0 when there is nothing to do
 */
async function spend(budget: number, step: (left: number) => Promise<number>): Promise<void> {
  for (let left = budget; left > 0; ) {
    const spent = await step(left);
    if (spent === 0) return;
    left -= spent;
  }
}

/** Begins whatever is due. Each beginning is a commit that the next one has to see. */
async function begin(workshop: Workshop): Promise<void> {
  for (;;) {
    const state = await stateOf(workshop);
    if (state === undefined) return;
    const { counter, runs, jobs, busy } = state;
    const due = [...dueMerges(runs, busy)].find(([size]) => !jobs.has(mergeName(size)));
    if (due === undefined) {
      if (!jobs.has(RECLAIM) && isReclaimDue(counter)) await beginReclaim(workshop);
      const sequence = jobs.get(SEQUENCE);
      if (!isRunning(sequence) && isSequenceDue(counter)) await beginSequence(workshop, sequence);
      return;
    }
    const [size, inputs] = due;
    if (!(await beginMerge(workshop, mergeName(size), inputs, counter.token))) return;
  }
}

/** What there is and what is being done with it: the jobs are read last, so that none is missing as long as the counter is the same. */
async function stateOf({ kv, layout, runs }: Workshop): Promise<UpkeepState | undefined> {
  const { counter, runs: current } = await runs.snapshot();
  if (counter === undefined) return undefined;
  const jobs = await readJobs(kv, layout);
  const busy = new Set([...jobs.values()].flatMap(({ value }) => [...inputsOf(value), ...rewritten(value)]));
  return { counter, runs: current, jobs, busy };
}

interface UpkeepState {
  readonly counter: Counter;
  readonly runs: readonly Run[];
  readonly jobs: ReadonlyMap<string, Job>;
  /** Runs that are being merged or rewritten. */
  readonly busy: ReadonlySet<number>;
}
