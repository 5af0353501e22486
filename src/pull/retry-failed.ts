import type { Database } from '../couch/database.ts';
import type { WantedRevisions } from '../couch/wanted-revisions.ts';
import type { FailedRevision, RevisionToWrite, WriteBatch } from '../replica/target.ts';
import { formatRev } from '../revs/rev.ts';
import { type Failure, fetchRevisions } from './fetch.ts';
import type { PullTarget } from './pull-target.ts';
import type { RequestSize } from './request-size.ts';

/**
 * Tries what earlier pulls could not have, in batches that `store` is given. A revision that the source does not have any
 * more is looked for among the document's leaves as they are now: what came after it takes its place, and if nothing
 * leads back to it, it has been purged and is forgotten.
 *
 * @param attachments whether the pull fetches contents: attachments that have failed stay on record where it does not
 */
export async function retryFailed(
  source: Database,
  target: PullTarget,
  { size, attachments }: { readonly size: RequestSize; readonly attachments: boolean },
  signal: AbortSignal,
  store: (batch: Omit<WriteBatch, 'checkpoint'>) => Promise<void>,
): Promise<void> {
  const failed = (await target.failed()).filter(({ attachment }) => attachments || attachment === undefined);
  for (let start = 0; start < failed.length; ) {
    const batch = failed.slice(start, start + size.entries);
    await store(await retryBatch(source, batch, size, signal));
    start += batch.length;
  }
}

async function retryBatch(
  source: Database,
  batch: readonly FailedRevision[],
  size: RequestSize,
  signal: AbortSignal,
): Promise<Omit<WriteBatch, 'checkpoint'>> {
  const { revisions, failures } = await fetchRevisions(source, wantedOf(batch), size, signal);
  if (failures.length === 0) return { revisions };
  const now = await fetchRevisions(
    source,
    [...new Set(failures.map(({ id }) => id))].map((id) => ({ id })),
    size,
    signal,
  );
  const isReached = ({ id, rev }: Failure): boolean =>
    now.revisions.some((leaf) => leaf.id === id && leadsTo(leaf, rev));
  const unclear = new Set(now.failures.filter(({ gone }) => !gone).map(({ id }) => id));
  const left = failures.filter((failure) => !isReached(failure));
  // Given up: the source answers for the document, and no leaf of it leads back to the revision.
  const isGivenUp = ({ id, gone }: Failure): boolean => gone && !unclear.has(id);
  return {
    revisions: [...revisions, ...now.revisions],
    failures: left.filter((failure) => !isGivenUp(failure)),
    forget: left.filter(isGivenUp),
  };
}

/** The revisions of some failures, each once: of one, several attachments may have failed. */
function wantedOf(failed: readonly FailedRevision[]): WantedRevisions[] {
  const wanted = new Map<string, Set<string>>();
  for (const { id, rev } of failed) wanted.set(id, (wanted.get(id) ?? new Set()).add(rev));
  return [...wanted].map(([id, revs]) => ({ id, revs: [...revs] }));
}

function leadsTo({ revisions: { start, ids } }: RevisionToWrite, rev: string): boolean {
  return ids.some((id, back) => formatRev(start - back, id) === rev);
}
