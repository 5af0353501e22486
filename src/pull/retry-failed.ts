import type { Database } from '../couch/database.ts';
import type { FailedRevision, RevisionToWrite, Target, WriteBatch } from '../replica/target.ts';
import { formatRev } from '../revs/rev.ts';
import { fetchRevisions } from './fetch.ts';

/**
 * Tries what earlier pulls could not have, in batches that `store` is given. A revision that the source does not have any
 * more is looked for among the document's leaves as they are now: what came after it takes its place, and if nothing
 * leads back to it, it has been purged and is forgotten.
 */
export async function retryFailed(
  source: Database,
  target: Target,
  batchSize: number,
  signal: AbortSignal,
  store: (batch: Omit<WriteBatch, 'checkpoint'>) => Promise<void>,
): Promise<void> {
  let failed: FailedRevision[] = [];
  const all: FailedRevision[][] = [];
  // Read before anything is written, so that no failure is met twice.
  for await (const failure of target.failed()) {
    failed.push(failure);
    if (failed.length === batchSize) {
      all.push(failed);
      failed = [];
    }
  }
  for (const batch of [...all, failed]) if (batch.length > 0) await store(await retryBatch(source, batch, signal));
}

async function retryBatch(
  source: Database,
  batch: readonly FailedRevision[],
  signal: AbortSignal,
): Promise<Omit<WriteBatch, 'checkpoint'>> {
  const { revisions, failures } = await fetchRevisions(
    source,
    batch.map(({ id, rev }) => ({ id, revs: [rev] })),
    signal,
  );
  if (failures.length === 0) return { revisions };
  const now = await fetchRevisions(
    source,
    [...new Set(failures.map(({ id }) => id))].map((id) => ({ id })),
    signal,
  );
  const unclear = new Set(now.failures.filter(({ gone }) => !gone).map(({ id }) => id));
  // Given up: the source answers for the document, and no leaf of it leads back to the revision.
  const givenUp = failures.filter(
    ({ id, rev, gone }) =>
      gone && !unclear.has(id) && !now.revisions.some((leaf) => leaf.id === id && leadsTo(leaf, rev)),
  );
  const succeeded = failures.filter(({ id, rev }) =>
    now.revisions.some((leaf) => leaf.id === id && leadsTo(leaf, rev)),
  );
  return {
    revisions: [...revisions, ...now.revisions],
    failures: failures.filter((failure) => !givenUp.includes(failure) && !succeeded.includes(failure)),
    forget: givenUp,
  };
}

function leadsTo({ revisions: { start, ids } }: RevisionToWrite, rev: string): boolean {
  return ids.some((id, back) => formatRev(start - back, id) === rev);
}
