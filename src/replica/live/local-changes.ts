import { childController } from '../../core/abort.ts';
import { InputError } from '../../core/errors.ts';
import { Feed } from '../../core/feed.ts';
import { leaves } from '../../revs/leaves.ts';
import type { Head } from '../storage.ts';
import { type Followed, readSeq } from './followed.ts';
import { Hints } from './hints.ts';

/** A document of a replica that has changed, as `_changes?style=all_docs` has it. */
export interface LocalChange {
  readonly type: 'row';
  /** Counts the changes of this replica. It is no sequence of the source. */
  readonly seq: number;
  readonly id: string;
  /** The leaf revisions, the winner first. */
  readonly changes: readonly { readonly rev: string }[];
  /** Whether the winner is a tombstone. */
  readonly deleted: boolean;
}

/** Everything has been told: `end`, or where a live feed goes on, `idle`. */
export interface LocalChangesTold {
  readonly type: 'end' | 'idle';
  /** Where a later reading begins. */
  readonly lastSeq: number;
}

/** What the changes feed of a replica tells. */
export type LocalChangesEvent = LocalChange | LocalChangesTold;

/** Which changes of a replica. */
export interface LocalChangesOptions {
  /** After which change: a `seq` or `lastSeq` of the same replica, `0` for all (the default), or `'now'`. */
  readonly since?: number | 'now';
  /** Goes on with what is written later, by whomever, until the reader leaves. Default false. */
  readonly live?: boolean;
  readonly signal?: AbortSignal;
}

/** The changes of the documents of a replica: see `Replica.changes`. */
export function localChanges(followed: Followed, options: LocalChangesOptions): Feed<LocalChangesEvent> {
  const { lifetime } = followed;
  const { since = 0, live = false, signal } = options;
  if (since !== 'now' && !(Number.isSafeInteger(since) && since >= 0)) {
    throw new InputError(`Option since is ${since}: give the seq of a change, 0 or 'now'`);
  }
  lifetime.check();
  const open = (left: AbortSignal) =>
    lifetime.through(live ? follow(followed, since, left) : readOnce(followed, since));
  return new Feed(open, { signal });
}

async function* readOnce(
  followed: Followed,
  since: number | 'now',
): AsyncGenerator<LocalChangesEvent[], void, undefined> {
  const lastSeq = yield* readSince(followed, since);
  yield [{ type: 'end', lastSeq }];
}

async function* follow(
  followed: Followed,
  since: number | 'now',
  signal: AbortSignal,
): AsyncGenerator<LocalChangesEvent[], void, undefined> {
  // Follows before it looks, so that nothing in between is overlooked.
  const end = childController(signal, followed.lifetime.signal);
  const hints = new Hints(followed, end.signal);
  try {
    for (let told: number | undefined; ; ) {
      await hints.next();
      const lastSeq: number = yield* readSince(followed, told ?? since);
      if (lastSeq !== told) yield [{ type: 'idle', lastSeq }];
      told = lastSeq;
    }
  } finally {
    hints.close();
    end.release();
  }
}

/** Tells what has changed up to now. Returns up to where: what is told later is later than that. */
async function* readSince(
  followed: Followed,
  since: number | 'now',
): AsyncGenerator<LocalChangesEvent[], number, undefined> {
  const { storage, layout } = followed;
  // Read first: what is written from here on may be told or not.
  const seq = await readSeq(followed);
  if (since === 'now' || since === seq) return seq;
  if (since > seq) {
    throw new InputError(
      `Option since is ${since}, but the last change of the replica ${JSON.stringify(layout.name)} is ${seq}: begin at 0`,
    );
  }
  let told = seq;
  for await (const heads of storage.changes(since)) {
    yield heads.map(rowOf);
    told = Math.max(told, heads.at(-1)?.seq ?? 0);
  }
  return told;
}

function rowOf({ id, seq, tree }: Head): LocalChange {
  const all = leaves(tree);
  return { type: 'row', seq, id, changes: all.map(({ rev }) => ({ rev })), deleted: all[0]?.deleted === true };
}
