import { isJsonObject, type JsonObject } from '../../core/json-value.ts';
import { packedBytes } from '../../kv/packed-text.ts';
import { commitCounted, commitStep, type Job, writeAhead } from './jobs.ts';
import { mergedEntries } from './merged-entries.ts';
import { encodeRun, type Run } from './run.ts';
import { type RunDraft, RunWriter } from './run-writer.ts';
import { sweepOf } from './sweep-job.ts';
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

/** The runs that a job merges. */
export function inputsOf({ inputs }: JsonObject): number[] {
  return Array.isArray(inputs) ? inputs.map(Number) : [];
}

/** Begins to merge some runs, unless somebody has written since they were listed. */
export function beginMerge(workshop: Workshop, name: string, inputs: readonly Run[], token: string): Promise<boolean> {
  const job = { name, key: workshop.layout.job(name), version: undefined, value: {} };
  return commitCounted(workshop, job, (counter) => {
    if (counter.token !== token) return undefined;
    const value: MergeJob = { inputs: inputs.map(({ number }) => number), output: counter.next };
    return { job: { ...value }, counter: { next: counter.next + 1 } };
  });
}

/**
 * Merges so many documents more, the newest entry of each. With the last, the new run takes the place of the others in one
 * commit. Whoever comes in between, or after a crash, goes on from the last step.
 *
 * @returns how many documents were merged; 0 when somebody else has worked on it meanwhile
 */
export async function mergeStep(workshop: Workshop, job: Job, budget: number): Promise<number> {
  const { kv, layout, blocks, runs } = workshop;
  const { output, draft } = mergeOf(job);
  const numbers = new Set(inputsOf(job.value));
  const inputs = (await runs.current()).filter(({ number }) => numbers.has(number));
  // Somebody else has finished it in between.
  if (inputs.length < numbers.size) return 0;
  const writer = new RunWriter(blocks, output, draft);
  const range = draft === undefined ? {} : { begin: packedBytes(draft.last), isAfter: true };
  const floor = Math.min(...inputs.map((input) => input.floor));
  let left = budget;
  let isOver = true;
  merging: for await (const entries of mergedEntries(blocks, inputs, range)) {
    for (const entry of entries) {
      if (left === 0 || writer.bytes >= stepBytes(kv)) {
        isOver = false;
        break merging;
      }
      writer.add(entry, floor);
      left -= 1;
    }
  }
  const run = isOver ? writer.finish() : undefined;
  const set = await writeAhead(kv, job, writer.take());
  if (set === undefined) return 0;
  if (!isOver) {
    const next = { inputs: [...numbers], output, draft: writer.draft() };
    return (await commitStep(kv, job, { set, job: next })) ? budget - left : 0;
  }
  const isDone = await commitCounted(workshop, job, () => ({
    set: [
      ...set,
      ...(run === undefined ? [] : [[layout.run(output), encodeRun(run)] as const]),
      sweepOf(layout, output, { runs: inputs }),
    ],
    delete: inputs.map(({ number }) => layout.run(number)),
    job: undefined,
    counter: {},
  }));
  return isDone ? Math.max(1, budget - left) : 0;
}

function mergeOf({ value }: Job): Pick<MergeJob, 'output' | 'draft'> {
  const { output, draft } = value;
  return isJsonObject(draft) ? { output: Number(output), draft: draftOf(draft) } : { output: Number(output) };
}

/** A draft as {@link RunWriter.draft} made it. */
export function draftOf({ heads, blocks, floor, last, open }: JsonObject): RunDraft {
  return {
    heads: Number(heads),
    blocks: Number(blocks),
    floor: floor === null ? null : Number(floor),
    last: String(last),
    open: Array.isArray(open) ? open.map(String) : [],
  };
}
