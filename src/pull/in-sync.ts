import type { Observable } from 'rxjs';
import type { Database } from '../couch/database.ts';
import { isSameSequence, type Sequence } from '../couch/feed/sequence.ts';
import type { OfferedRevisions } from '../replica/target.ts';
import { offeredBy } from './plan.ts';
import type { PullTarget } from './pull-target.ts';
import { type Reading, readSource } from './source/read-source.ts';
import type { PullEvent } from './status.ts';

/** What is waited for. */
export interface InSyncQuestion {
  readonly source: Database;
  readonly target: PullTarget;
  /** Up to where everything is stored at this moment. */
  readonly since: () => Sequence | undefined;
  readonly only: Reading['only'];
  /** Only up to this sequence, where the source still names it. */
  readonly until: Sequence | undefined;
  readonly batchSize: number;
  /** Completes with the pull. */
  readonly events$: Observable<PullEvent>;
  readonly signal: AbortSignal;
}

/**
 * Waits until a target has everything that its source has now, or has it on record as failed. Asks the source once for the
 * bare rows since the checkpoint, and the target again after each commit. What is still missing when the pull has caught up
 * may never come, as it is passed over or replaced by now: the source is then asked again, from where the pull is. Memory:
 * one batch of rows.
 *
 * Sequences cannot be compared: a source that gave one has it behind itself, so everything up to it is in what the source
 * has now. Waiting ends earlier where a row, or the checkpoint, says that very sequence.
 *
 * @returns false when the pull ended before
 */
export async function waitUntilInSync(question: InSyncQuestion): Promise<boolean> {
  for (;;) {
    let hasCaughtUp = false;
    const watching = question.events$.subscribe(({ type }) => {
      if (type === 'caught-up') hasCaughtUp = true;
    });
    try {
      const outcome = await ask(question, () => hasCaughtUp);
      if (outcome !== 'outdated') return outcome;
    } finally {
      watching.unsubscribe();
    }
  }
}

async function ask(question: InSyncQuestion, hasCaughtUp: () => boolean): Promise<boolean | 'outdated'> {
  const { source, target, since, only, until, batchSize, events$, signal } = question;
  const reading = {
    since: since(),
    documents: 'never',
    only,
    bounds: { rows: batchSize, length: Number.POSITIVE_INFINITY },
    sequences: until !== undefined,
  } as const;
  const isReached = (): boolean => isSameSequence(since(), until);
  if (isReached()) return true;
  for await (const { rows } of readSource(source, reading, signal)) {
    const last = rows.findIndex(({ seq }) => seq !== null && isSameSequence(seq, until));
    const offered = offeredBy(last < 0 ? rows : rows.slice(0, last + 1));
    // Subscribed before the target is asked, so that no commit in between is overlooked.
    for (;;) {
      const next = nextCommit(events$);
      if (isReached()) return true;
      if (await hasAll(target, offered)) break;
      if (hasCaughtUp()) return 'outdated';
      if (!(await next)) return hasAll(target, offered);
    }
    if (last >= 0) return true;
  }
  return true;
}

/** Waits for the next commit; false when the pull ends before. */
function nextCommit(events$: Observable<PullEvent>): Promise<boolean> {
  return new Promise((resolve) => {
    const watching = events$.subscribe({
      next({ type }) {
        if (type !== 'batch' && type !== 'caught-up') return;
        watching.unsubscribe();
        resolve(true);
      },
      complete: () => resolve(false),
    });
  });
}

async function hasAll(target: PullTarget, offered: readonly OfferedRevisions[]): Promise<boolean> {
  const missing = await target.diff(offered);
  if (missing.length === 0) return true;
  const lacking = new Set(missing.flatMap(({ id, missing: revs }) => revs.map((rev) => nameOf(id, rev))));
  for (const { id, rev } of await target.failed()) lacking.delete(nameOf(id, rev));
  return lacking.size === 0;
}

function nameOf(id: string, rev: string): string {
  return JSON.stringify([id, rev]);
}
