import { firstValueFrom, type Observable } from 'rxjs';
import type { Database } from '../couch/database.ts';
import type { Sequence } from '../couch/sequence.ts';
import type { OfferedRevisions } from '../replica/target.ts';
import { offeredBy } from './plan.ts';
import type { PullTarget } from './pull-target.ts';
import { type Reading, readSource } from './read-source.ts';

/** What is waited for. */
export interface InSyncQuestion {
  readonly source: Database;
  readonly target: PullTarget;
  /** Up to where everything is stored already. */
  readonly since: Sequence | undefined;
  readonly only: Reading['only'];
  readonly batchSize: number;
  /** Emits after everything that is stored, and completes with the pull. */
  readonly stored$: Observable<unknown>;
  readonly signal: AbortSignal;
}

/**
 * Waits until a target has everything that its source has now, or has it on record as failed. Asks the source once for the
 * bare rows since the checkpoint, and the target again after each commit. Memory: one batch of rows.
 *
 * @returns false when the pull ended before
 */
export async function waitUntilInSync(question: InSyncQuestion): Promise<boolean> {
  const { source, target, since, only, batchSize, stored$, signal } = question;
  const reading = {
    since,
    documents: 'never',
    only,
    bounds: { rows: batchSize, length: Number.POSITIVE_INFINITY },
  } as const;
  for await (const { rows } of readSource(source, reading, signal)) {
    const offered = offeredBy(rows);
    // Subscribed before the target is asked, so that no commit in between is overlooked.
    for (;;) {
      const next = firstValueFrom(stored$, { defaultValue: undefined });
      if (await hasAll(target, offered)) break;
      if ((await next) === undefined) return hasAll(target, offered);
    }
  }
  return true;
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
