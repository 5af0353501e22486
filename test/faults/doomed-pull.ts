import { watch } from 'node:fs';
import { type Process, type ProcessEnd, startProcess } from '../support/process.ts';
import type { Chance } from './chance.ts';
import type { MeteredProxy } from './metered-proxy.ts';

/** When a process is killed. */
export type Moment =
  /** Once the source has sent it so many bytes: also before anything is stored, and in the middle of a batch. */
  | { readonly when: 'received'; readonly bytes: number }
  /** Once it has told of so many batches: between two commits. */
  | { readonly when: 'stored'; readonly batches: number }
  /** Once the log of its store has been seen to change so often: in the middle of a commit, as likely as not. */
  | { readonly when: 'writing'; readonly changes: number };

/** No moment is later than this many batches, so that it is known how far the kills bring a pull. */
export const MOST_BATCHES = 2;

/** Batches that a killed pull may have read and not stored: four ahead, one on its way, and two whose rows alone are read. */
export const LOST_BATCHES = 8;

/** Changes of the log that are waited for at the most: about those of one commit. */
const MOST_CHANGES = 25;

/** A moment by chance: every other kill in the middle of writing, where most can be spoiled, the others of both other kinds. */
export function momentOf(kill: number, chance: Chance, batchBytes: number): Moment {
  switch (kill % 4) {
    case 2:
      return { when: 'received', bytes: chance.between(1, MOST_BATCHES * batchBytes) };
    case 0:
      return { when: 'stored', batches: chance.between(1, MOST_BATCHES) };
    default:
      return { when: 'writing', changes: chance.between(1, MOST_CHANGES) };
  }
}

/** What became of a pull in a process of its own. */
export interface PullEnd extends ProcessEnd {
  /** The last position that it told to be stored. */
  readonly checkpoint: unknown;
  /** Bytes that the source has sent it. */
  readonly received: number;
}

/** Pulls in a process of its own, to the end or to the moment at which it is killed. */
export async function runPull(
  proxy: MeteredProxy,
  database: string,
  directory: string,
  moment?: Moment,
): Promise<PullEnd> {
  const before = proxy.bytes;
  const child = startProcess(new URL('./pull-program.ts', import.meta.url), [`${proxy.url}/${database}`, directory]);
  const isLog = (file: string): boolean => file.endsWith('-wal');
  const stopWatching = killAt(moment, child.kill, proxy, { directory, isLog });
  try {
    const [end, checkpoint] = await Promise.all([child.ended, listen(child, moment)]);
    return { ...end, checkpoint, received: proxy.bytes - before };
  } finally {
    stopWatching();
    child.kill();
  }
}

/** Where a store writes: its directory, and which of the files in it are its log. */
export interface StorePlace {
  readonly directory: string;
  readonly isLog: (file: string) => boolean;
}

/** Kills a pull when it is to be killed for what can be seen from outside. Returns what ends the watch. */
export function killAt(
  moment: Moment | undefined,
  kill: () => void,
  proxy: MeteredProxy,
  { directory, isLog }: StorePlace,
): () => void {
  if (moment?.when === 'received') {
    const end = proxy.bytes + moment.bytes;
    proxy.onBytes = () => {
      if (proxy.bytes >= end) kill();
    };
    return () => {
      proxy.onBytes = undefined;
    };
  }
  if (moment?.when === 'writing') {
    let left = moment.changes;
    const watcher = watch(directory, (_event, file) => {
      if (file !== null && isLog(file)) left -= 1;
      if (left === 0) kill();
    });
    return () => watcher.close();
  }
  return () => {};
}

/** Hears what a pull tells, and kills it when it tells of its last batch. Gives the last position that it told. */
async function listen(child: Process, moment: Moment | undefined): Promise<unknown> {
  let left = moment?.when === 'stored' ? moment.batches : MOST_BATCHES;
  let checkpoint: unknown;
  for (let next = await child.lines.next(); next.done !== true; next = await child.lines.next()) {
    const event = JSON.parse(next.value) as { type: string; seq?: unknown };
    if (event.type === 'checkpoint') checkpoint = event.seq;
    if (event.type === 'batch') left -= 1;
    if (moment !== undefined && left <= 0) child.kill();
  }
  return checkpoint;
}
