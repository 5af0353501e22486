import { isJsonObject } from '../../core/json-value.ts';
import { isCount } from '../count.ts';
import type { Counter } from '../counter.ts';
import { blocksBeyond, blocksOf, sweepOf } from './garbage.ts';
import { commitStep, damagedJob, type Job, newJob, unlessStepped } from './jobs.ts';
import { mergedEntries } from './merged-entries.ts';
import { encodeRun, type Run } from './run.ts';
import { decodeDraft, draftKeys, type RunDraft } from './run-draft.ts';
import { type RunWriter, resumeRun } from './run-writer.ts';
import { stepBytes, type Workshop } from './workshop.ts';

/** Runs that are being merged into one. */
export interface MergeJob {
  readonly inputs: readonly number[];
  readonly output: number;
  /** What has been written of the output. */
  readonly draft?: RunDraft;
}

/** The name of the job that merges runs of a size. */
export function mergeName(size: number): string {
  return `merge-${size}`;
}

/** Whether a job is one that merges. */
export function isMerge({ name }: Job): boolean {
  return name.startsWith('merge-');
}

/** Begins to merge some runs, unless somebody has written since they were listed. */
export function beginMerge(
  workshop: Workshop,
  name: string,
  inputs: readonly Run[],
  counter: Counter,
): Promise<boolean> {
  const merge: MergeJob = { inputs: inputs.map(({ number }) => number), output: counter.next };
  return commitStep(workshop, newJob(workshop.layout, name), {
    job: { ...merge },
    seen: counter,
    next: counter.next + 1,
  });
}

/**
 * Merges so many documents more, the newest entry of each. With the last, the new run takes the place of the others in one
 * commit. Whoever comes in between, or after a crash, goes on from the last step.
 *
 * @returns how many documents were merged; 0 when somebody else has worked on it meanwhile
 */
export async function mergeStep(workshop: Workshop, job: Job, budget: number): Promise<number> {
  const { kv, blocks, runs } = workshop;
  const merge = decodeMerge(job);
  const inputs = (await runs.current()).filter(({ number }) => merge.inputs.includes(number));
  // Somebody else has finished it in between.
  if (inputs.length < merge.inputs.length) return 0;
  const writer = await unlessStepped(workshop, job, () => resumeRun(blocks, merge.output, merge.draft));
  if (writer === undefined) return 0;
  const floor = Math.min(...inputs.map((input) => input.floor));
  let left = budget;
  for await (const entries of mergedEntries(blocks, inputs, { begin: writer.last, isAfter: true })) {
    for (const entry of entries) {
      if (left === 0 || writer.bytes >= stepBytes(kv)) {
        return (await goOn(workshop, job, merge, writer)) ? budget - left : 0;
      }
      writer.add(entry, floor);
      left -= 1;
    }
  }
  return (await finish(workshop, job, { merge, inputs, writer })) ? Math.max(1, budget - left) : 0;
}

function goOn(workshop: Workshop, job: Job, { inputs, output, draft }: MergeJob, writer: RunWriter): Promise<boolean> {
  const next: MergeJob = { inputs, output, draft: writer.pause() };
  const replaced = draftKeys(workshop.blocks, output, draft);
  return commitStep(workshop, job, { records: writer.take(), delete: replaced, job: { ...next } });
}

/** The new run takes the place of the others. */
function finish(
  workshop: Workshop,
  job: Job,
  { merge, inputs, writer }: { readonly merge: MergeJob; readonly inputs: readonly Run[]; readonly writer: RunWriter },
): Promise<boolean> {
  const { layout, blocks } = workshop;
  const { output, draft } = merge;
  const added = writer.finish();
  const end = { number: output, blocks: added?.blocks ?? 0 };
  return commitStep(workshop, job, {
    records: writer.take(),
    set: [
      ...(added === undefined ? [] : [[layout.run(output), encodeRun(added)] as const]),
      sweepOf(layout, output, [...blocksOf(inputs), blocksBeyond(end)]),
    ],
    delete: [...inputs.map(({ number }) => layout.run(number)), ...draftKeys(blocks, output, draft)],
    job: undefined,
    count: () => ({}),
    runs: { added, removed: inputs },
  });
}

/** @throws StoreError (`corrupt`) when the record of the job is none of a merge */
export function decodeMerge({ value: { inputs, output, draft } }: Job): MergeJob {
  if (!Array.isArray(inputs) || !inputs.every(isCount) || !isCount(output)) throw damagedJob();
  if (draft === undefined) return { inputs, output };
  if (!isJsonObject(draft)) throw damagedJob();
  return { inputs, output, draft: decodeDraft(draft) };
}
