import { splitDocument } from '../core/document-text.ts';
import type { Database } from '../couch/database.ts';
import type { WantedRevisions } from '../couch/revisions.ts';
import type { RevisionResult } from '../couch/revisions-row.ts';
import type { FailedRevision, RevisionToWrite } from '../replica/target.ts';

/** What a source gave of the wanted revisions. */
export interface Fetched {
  readonly revisions: readonly RevisionToWrite[];
  readonly failures: readonly Omit<FailedRevision, 'attempts'>[];
}

/** Fetches revisions. Each wanted one is in the result: as a revision, or as a failure that says why not. */
export async function fetchRevisions(
  source: Database,
  wanted: readonly WantedRevisions[],
  signal: AbortSignal,
): Promise<Fetched> {
  const revisions: RevisionToWrite[] = [];
  const failures: Omit<FailedRevision, 'attempts'>[] = [];
  if (wanted.length === 0) return { revisions, failures };
  for await (const results of source.revisions(wanted, { signal }).batches()) {
    for (const result of results) {
      if ('text' in result) revisions.push(toWrite(result));
      else failures.push({ id: result.id, rev: result.rev ?? '', reason: reasonOf(result) });
    }
  }
  return { revisions, failures };
}

function toWrite({ id, rev, revisions, deleted, text }: Extract<RevisionResult, { text: string }>): RevisionToWrite {
  return { id, rev, revisions, deleted, ...splitDocument(text) };
}

function reasonOf(result: Exclude<RevisionResult, { text: string }>): string {
  if ('missing' in result) return 'The source does not have this revision any more';
  return `The source could not give it: ${result.error.error}, ${result.error.reason}`;
}
