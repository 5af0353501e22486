import { encodeJson } from '../../kv/json.ts';
import type { Layout } from '../layout.ts';
import type { Mutation } from '../storage.ts';
import type { Run } from './run.ts';

/**
 * Records that nothing names any more:
 *
 * - `block`: blocks of a run, from one number up to, not including, another
 * - `body`: records of bodies, from one number up to, not including, another
 * - `stray`: whatever blocks there are from one of a run on, up to, not including, those of another run
 */
export type Garbage =
  | readonly ['block', run: number, from: number, to: number]
  | readonly ['body', from: number, to: number]
  | readonly ['stray', run: number, from: number, endRun: number];

/** What replaced runs leave behind. */
export function blocksOf(runs: readonly Pick<Run, 'number' | 'blocks'>[]): Garbage[] {
  return runs.map(({ number, blocks }) => ['block', number, 0, blocks]);
}

/** Blocks beyond the end of a run: somebody who has worked on it too has written them, and come too late. */
export function blocksBeyond({ number, blocks }: Pick<Run, 'number' | 'blocks'>): Garbage {
  return ['stray', number, blocks, number + 1];
}

/** Everything under some numbers that were taken and not used. */
export function everythingUnder(from: number, to: number): Garbage[] {
  return [
    ['body', from, to],
    ['stray', from, 0, to],
  ];
}

/**
 * The record of a job that deletes garbage. It belongs into the commit that makes it garbage.
 *
 * @param number tells it apart: no other garbage has it
 */
export function sweepOf(layout: Layout, number: number, ranges: readonly Garbage[]): Mutation {
  return [layout.job(`sweep-${number}`), encodeJson({ ranges })];
}
