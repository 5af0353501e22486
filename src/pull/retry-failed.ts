import type { Database } from '../couch/database.ts';
import type { WantedRevisions } from '../couch/revisions/wanted-revisions.ts';
import type { FailedRevision, RevisionToWrite, WriteBatch } from '../replica/target.ts';
import { formatRev } from '../revs/rev.ts';
import { type Failure, fetchRevisions } from './fetch.ts';
import type { PullTarget } from './pull-target.ts';
import type { RequestSize } from './request-size.ts';

/** How failures are tried again. */
export interface RetryTerms {
  /** Passes documents over that are deleted by now and were never here. */
  readonly skipTombstones: boolean;
  /** Whether the pull fetches contents: attachments that have failed stay on record where it does not. */
  readonly attachments: boolean;
  readonly size: RequestSize;
}

/**
 * Tries what earlier pulls could not have, in batches that `store` is given: first by the leaves that its documents have now,
 * as a revision that has been replaced meanwhile is no leaf any more, and must not become one here. What no leaf leads back
 * to is asked for by its name; if the source does not have that, either, it has been purged and is forgotten.
 */
export async function retryFailed(
  source: Database,
  target: PullTarget,
  { skipTombstones, attachments, size }: RetryTerms,
  signal: AbortSignal,
  store: (batch: Omit<WriteBatch, 'checkpoint'>) => Promise<void>,
): Promise<void> {
  const failed = (await target.failed()).filter(({ attachment }) => attachments || attachment === undefined);
  for (let start = 0; start < failed.length; ) {
    const batch = failed.slice(start, start + size.entries);
    const retried = await retryBatch(source, batch, size, signal);
    await store(skipTombstones ? await withoutTombstones(target, batch, retried) : retried);
    start += batch.length;
  }
}

async function retryBatch(
  source: Database,
  batch: readonly FailedRevision[],
  size: RequestSize,
  signal: AbortSignal,
): Promise<Retried> {
  const ids = [...new Set(batch.map(({ id }) => id))];
  const now = await fetchRevisions(
    source,
    ids.map((id) => ({ id })),
    size,
    signal,
  );
  const isReached = ({ id, rev }: FailedRevision): boolean =>
    now.revisions.some((leaf) => leaf.id === id && leadsTo(leaf, rev));
  const named = await fetchRevisions(source, wantedOf(batch.filter((failure) => !isReached(failure))), size, signal);
  const unclear = new Set(now.failures.filter(({ gone }) => !gone).map(({ id }) => id));
  // Given up: the source answers for the document, and has no leaf of it that leads back to the revision.
  const isGivenUp = ({ id, gone }: Failure): boolean => gone && !unclear.has(id);
  return {
    revisions: [...now.revisions, ...named.revisions],
    failures: named.failures.filter((failure) => !isGivenUp(failure)),
    forget: named.failures.filter(isGivenUp),
  };
}

/** What has become of failures. */
type Retried = Required<Pick<WriteBatch, 'revisions' | 'failures' | 'forget'>>;

/** The same without documents that are deleted and that a target never had; their failures are none any more. */
async function withoutTombstones(
  target: PullTarget,
  batch: readonly FailedRevision[],
  { revisions, failures, forget }: Retried,
): Promise<Retried> {
  const living = new Set(revisions.filter(({ deleted }) => !deleted).map(({ id }) => id));
  const deleted = revisions.filter(({ id }) => !living.has(id));
  const missing = await target.diff(deleted.map(({ id, rev }) => ({ id, revs: [rev] })));
  const passed = new Set(missing.filter(({ known }) => !known).map(({ id }) => id));
  return {
    revisions: revisions.filter(({ id }) => !passed.has(id)),
    failures: failures.filter(({ id }) => !passed.has(id)),
    forget: [...forget, ...batch.filter(({ id }) => passed.has(id))],
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
