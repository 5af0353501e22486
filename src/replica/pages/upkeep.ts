import type { Counter } from '../counter.ts';
import { useOf } from './job-use.ts';
import { type Job, readJobs } from './jobs.ts';
import { beginMerge, isMerge, mergeName, mergeStep } from './merge-job.ts';
import { dueMerges } from './merging.ts';
import { beginReclaim, isReclaimDue, RECLAIM, reclaimStep } from './reclaim-job.ts';
import type { Run } from './run.ts';
import { beginSequence, isSequenceDue, isSequencing, SEQUENCE, sequenceStep } from './sequence-job.ts';
import { giveUpAhead, isAhead, isSweep, sweepStep } from './sweep-job.ts';
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
  const state = await begin(workshop);
  const forChanges = Math.max(LEAST.changes, 2 * changes);
  await spend(workshop, state, {
    budget: Math.max(LEAST.bytes, 2 * bytes),
    pick: (jobs) => jobs.get(RECLAIM),
    step: (job, _, now) => reclaimStep(workshop, job, now),
  });
  for (const { name } of [...state.jobs.values()].filter(isMerge)) {
    await spend(workshop, state, {
      budget: forChanges,
      pick: (jobs) => jobs.get(name),
      step: (job, left) => mergeStep(workshop, job, left),
    });
  }
  await spend(workshop, state, {
    budget: forChanges,
    pick: (jobs) => [...jobs.values()].find(isSequencing),
    step: (job) => sequenceStep(workshop, job),
  });
  for (const job of [...state.jobs.values()].filter(isAhead)) await giveUpAhead(workshop, job);
  await spend(workshop, state, {
    budget: LEAST.records,
    pick: (jobs) => [...jobs.values()].find(isSweep),
    step: (job) => sweepStep(workshop, job),
  });
}

interface Spending {
  readonly budget: number;
  /** The job that the budget is for, if it is under way. */
  readonly pick: (jobs: ReadonlyMap<string, Job>) => Job | undefined;
  /** Does something within what is left, and says how much it has spent: 0 when it could do nothing. */
  readonly step: (job: Job, left: number, state: UpkeepState) => Promise<number>;
}

/** Goes on with a job until a budget is spent. */
async function spend(workshop: Workshop, begun: UpkeepState, { budget, pick, step }: Spending): Promise<void> {
  let state = begun;
  for (let left = budget; ; ) {
    const job = pick(state.jobs);
    const spent = job === undefined ? 0 : await step(job, left, state);
    left -= spent;
    if (spent === 0 || left <= 0) return;
    state = await stateOf(workshop);
  }
}

/** Begins whatever is due. Each beginning is a commit that the next one has to see. */
async function begin(workshop: Workshop): Promise<UpkeepState> {
  for (;;) {
    const state = await stateOf(workshop);
    if (!(await beginNext(workshop, state))) return state;
  }
}

/** False when nothing is due, or somebody else has written meanwhile. */
async function beginNext(workshop: Workshop, { counter, runs, jobs, busy }: UpkeepState): Promise<boolean> {
  const due = [...dueMerges(runs, busy)].find(([size]) => !jobs.has(mergeName(size)));
  if (due !== undefined) return beginMerge(workshop, mergeName(due[0]), due[1], counter);
  if (!jobs.has(RECLAIM) && isReclaimDue(counter)) return beginReclaim(workshop, counter);
  const isSequenced = [...jobs.values()].some(isSequencing);
  return !isSequenced && isSequenceDue(counter) && beginSequence(workshop, jobs.get(SEQUENCE), counter);
}

/** What there is and what is being done with it: the jobs are read last, so that none is missing as long as the counter is the same. */
async function stateOf({ kv, layout, runs }: Workshop): Promise<UpkeepState> {
  const { counter, runs: current } = await runs.snapshot();
  const jobs = await readJobs(kv, layout);
  const busy = new Set([...jobs.values()].flatMap((job) => useOf(job)?.inputs ?? []));
  return { counter, runs: current, jobs, busy };
}

interface UpkeepState {
  readonly counter: Counter;
  readonly runs: readonly Run[];
  readonly jobs: ReadonlyMap<string, Job>;
  /** Runs that are being merged or rewritten. */
  readonly busy: ReadonlySet<number>;
}
