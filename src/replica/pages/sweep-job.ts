import type { Key, Kv } from '../../kv/kv.ts';
import { isCount } from '../count.ts';
import type { Layout } from '../layout.ts';
import { everythingUnder, type Garbage, sweepOf } from './garbage.ts';
import { commitStep, damagedJob, type Job } from './jobs.ts';
import { stepRecords, type Workshop } from './workshop.ts';

/** Blocks that are looked for together: they come with all that is in them. */
const STRAYS = 16;

/** Whether a job is one that deletes garbage. */
export function isSweep({ name }: Job): boolean {
  return name.startsWith('sweep-');
}

/**
 * Deletes some records more.
 *
 * @returns how many; 0 when somebody else has done it meanwhile
 */
export async function sweepStep(workshop: Workshop, job: Job): Promise<number> {
  const { kv, layout } = workshop;
  const keys: Key[] = [];
  const rest: Garbage[] = [];
  for (const range of rangesOf(job)) {
    const most = stepRecords(kv) - keys.length;
    const [more, left] = most === 0 ? [[], range] : await keysIn(kv, layout, range, most);
    keys.push(...more);
    if (left !== undefined) rest.push(left);
  }
  const isDone = await commitStep(workshop, job, {
    delete: keys,
    job: rest.length === 0 ? undefined : { ranges: rest },
  });
  return isDone ? Math.max(1, keys.length) : 0;
}

/** So many keys of garbage, and what is left of it. */
async function keysIn(
  kv: Kv,
  layout: Layout,
  range: Garbage,
  most: number,
): Promise<readonly [keys: readonly Key[], rest: Garbage | undefined]> {
  if (range[0] === 'stray') {
    const [, run, from, endRun] = range;
    const strays = { prefix: layout.blocks, from: layout.block(run, from), to: [...layout.blocks, endRun] };
    const { entries, next } = await kv.page(strays, { limit: Math.min(STRAYS, most) });
    const [nextRun, nextBlock] = next?.slice(layout.blocks.length) ?? [];
    const rest = next && (['stray', Number(nextRun), Number(nextBlock), endRun] as const);
    return [entries.map(({ key }) => key), rest];
  }
  const [from, to] = range[0] === 'block' ? [range[2], range[3]] : [range[1], range[2]];
  const end = Math.min(to, from + most);
  const keys = Array.from({ length: end - from }, (_, at) =>
    range[0] === 'block' ? layout.block(range[1], from + at) : layout.body(from + at),
  );
  if (end === to) return [keys, undefined];
  return [keys, range[0] === 'block' ? ['block', range[1], end, to] : ['body', end, to]];
}

/**
 * What a job deletes.
 *
 * @throws StoreError (`corrupt`) when the record of the job is none
 */
export function rangesOf({ value }: Job): Garbage[] {
  const { ranges } = value;
  if (!Array.isArray(ranges)) throw damagedJob();
  return ranges.map((range: unknown) => {
    const [kind, a, b, c]: unknown[] = Array.isArray(range) ? range : [];
    if (kind === 'body' && isCount(a) && isCount(b) && a <= b) return [kind, a, b];
    if (kind === 'block' && isCount(a) && isCount(b) && isCount(c) && b <= c) return [kind, a, b, c];
    if (kind === 'stray' && isCount(a) && isCount(b) && isCount(c)) return [kind, a, b, c];
    throw damagedJob();
  });
}

/** Whether a job tells of what is written ahead. */
export function isAhead({ name }: Job): boolean {
  return name.startsWith('ahead-');
}

/**
 * Makes garbage of what was written ahead. Whoever is still at it loses his turn by that, as by every commit of another.
 */
export async function giveUpAhead(workshop: Workshop, job: Job): Promise<void> {
  const [from, to] = decodeAhead(job);
  const set = [sweepOf(workshop.layout, from, everythingUnder(from, to))];
  await commitStep(workshop, job, { set, job: undefined, count: () => ({}) });
}

/**
 * The numbers that a batch is written ahead under.
 *
 * @throws StoreError (`corrupt`) when the record of the job is none
 */
export function decodeAhead({ value: { from, to } }: Job): readonly [from: number, to: number] {
  if (!isCount(from) || !isCount(to) || from > to) throw damagedJob();
  return [from, to];
}
