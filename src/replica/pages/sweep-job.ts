import { encodeJson } from '../../kv/json.ts';
import type { Key } from '../../kv/kv.ts';
import type { Layout } from '../layout.ts';
import type { Mutation } from '../storage.ts';
import { commitStep, type Job } from './jobs.ts';
import type { Run } from './run.ts';
import { stepRecords, type Workshop } from './workshop.ts';

/** What nothing names any more and is to be deleted. */
export interface Garbage {
  /** Runs that others have taken the place of. */
  readonly runs?: readonly Pick<Run, 'number' | 'blocks'>[];
  /** Segments from one number up to, not including, another. */
  readonly segments?: readonly [from: number, to: number];
}

/** The record of a job that deletes garbage. It belongs into the commit that makes it garbage. */
export function sweepOf(layout: Layout, number: number, { runs = [], segments }: Garbage): Mutation {
  const ranges = runs.map((run) => ['block', run.number, 0, run.blocks]);
  if (segments !== undefined) ranges.push(['body', 0, ...segments]);
  return [layout.job(`sweep-${number}`), encodeJson({ ranges })];
}

/** Whether a job is one that deletes garbage. */
export function isSweep({ name }: Job): boolean {
  return name.startsWith('sweep-');
}

/**
 * Deletes some records more.
 *
 * @returns how many; 0 when somebody else has done it meanwhile
 */
export async function sweepStep({ kv, layout }: Workshop, job: Job): Promise<number> {
  const { ranges } = job.value;
  const keys: Key[] = [];
  const rest: unknown[] = [];
  for (const range of Array.isArray(ranges) ? ranges : []) {
    const [kind, run, from, to]: unknown[] = Array.isArray(range) ? range : [];
    let number = Number(from);
    for (; number < Number(to) && keys.length < stepRecords(kv); number += 1) {
      keys.push(kind === 'block' ? layout.block(Number(run), number) : layout.body(number));
    }
    if (number < Number(to)) rest.push([kind, run, number, to]);
  }
  const isDone = await commitStep(kv, job, { delete: keys, job: rest.length === 0 ? undefined : { ranges: rest } });
  return isDone ? Math.max(1, keys.length) : 0;
}
