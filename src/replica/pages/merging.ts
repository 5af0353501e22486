import type { Run } from './run.ts';

/** So many runs of one size are merged into one. */
const FAN_IN = 8;
/** And no more than so many at once. */
const MOST_INPUTS = 16;
/** Runs with fewer documents are all of one size. */
const SMALLEST = 64;

/** The size of a run, as an exponent: every next one is eight times as large. */
export function sizeOf({ heads }: Pick<Run, 'heads'>): number {
  return heads < SMALLEST ? 0 : 1 + Math.floor(Math.log(heads / SMALLEST) / Math.log(FAN_IN));
}

/**
 * Which runs are to be merged next, by their sizes: of each size at most some seven stay as they are, so that a document is
 * looked for in few runs, and written anew only once or twice for every eightfold growth of a replica.
 *
 * @param busy runs that something is being done with already
 */
export function dueMerges(runs: readonly Run[], busy: ReadonlySet<number>): Map<number, readonly Run[]> {
  const bySize = new Map<number, Run[]>();
  for (const run of runs) {
    if (!busy.has(run.number)) bySize.set(sizeOf(run), [...(bySize.get(sizeOf(run)) ?? []), run]);
  }
  const due = [...bySize].filter(([, alike]) => alike.length >= FAN_IN);
  return new Map(due.map(([size, alike]) => [size, alike.slice(0, MOST_INPUTS)]));
}
