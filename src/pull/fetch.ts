import { splitDocument } from '../core/document-text.ts';
import { isCouchError, isNetworkError, isProtocolError } from '../core/errors.ts';
import type { Database } from '../couch/database.ts';
import type { RevisionResult } from '../couch/revisions-row.ts';
import type { WantedRevisions } from '../couch/wanted-revisions.ts';
import type { FailedRevision, RevisionToWrite } from '../replica/target.ts';
import type { RequestSize } from './request-size.ts';

/** A revision that could not be had, and why. */
export interface Failure extends Omit<FailedRevision, 'attempts'> {
  /** Whether the source answered that it does not have it. */
  readonly gone: boolean;
}

/** What a source gave of the wanted revisions. */
export interface Fetched {
  readonly revisions: readonly RevisionToWrite[];
  readonly failures: readonly Failure[];
}

/**
 * So many documents in a row that cannot be had one by one are no longer their own fault but the server's, if none at all
 * could be had.
 */
const MOST_POISONED = 5;

/**
 * Fetches revisions with one request. Each wanted one is in the result: as a revision, or as a failure that says why not.
 *
 * A document on which the server breaks off, or in which it sends what is no JSON, would take its whole batch along: such
 * a batch is halved until the document stands alone, which costs some 2 · log2(n) requests for one among n.
 *
 * @param size learns how large documents are, and what was too much
 * @throws CouchError, NetworkError, ProtocolError when the server gives nothing at all
 */
export async function fetchRevisions(
  source: Database,
  wanted: readonly WantedRevisions[],
  size: RequestSize,
  signal: AbortSignal,
): Promise<Fetched> {
  const revisions: RevisionToWrite[] = [];
  const failures: Failure[] = [];
  let alone = 0;
  const fetch = async (part: readonly WantedRevisions[]): Promise<void> => {
    const received: RevisionResult[] = [];
    try {
      for await (const results of source.revisions(part, { signal }).batches()) received.push(...results);
    } catch (error) {
      const [only, ...others] = part;
      if (signal.aborted || only === undefined || !mayBePoisoned(error)) throw error;
      size.fail(part.length);
      if (others.length > 0) {
        const half = Math.ceil(part.length / 2);
        await fetch(part.slice(0, half));
        await fetch(part.slice(half));
        return;
      }
      alone += 1;
      if (alone >= MOST_POISONED && revisions.length === 0) throw error;
      for (const rev of only.revs ?? [''])
        failures.push({ id: only.id, rev, reason: `The source breaks off at it: ${messageOf(error)}`, gone: false });
      return;
    }
    let length = 0;
    let count = 0;
    for (const result of received) {
      if ('text' in result) {
        revisions.push(toWrite(result));
        length += result.text.length;
        count += 1;
      } else
        failures.push({ id: result.id, rev: result.rev ?? '', reason: reasonOf(result), gone: 'missing' in result });
    }
    size.learn(count, length);
  };
  if (wanted.length > 0) await fetch(wanted);
  return { revisions, failures };
}

/** Whether an error may be about one document of those that were asked for, and not about the server or the user. */
function mayBePoisoned(error: unknown): boolean {
  if (isProtocolError(error)) return true;
  if (isNetworkError(error)) return error.failure !== 'unreachable';
  return (
    isCouchError(error) &&
    (error.status === 400 ||
      error.status === 413 ||
      error.status === 500 ||
      error.status === 502 ||
      error.status === 504)
  );
}

function toWrite({ id, rev, revisions, deleted, text }: Extract<RevisionResult, { text: string }>): RevisionToWrite {
  return { id, rev, revisions, deleted, ...splitDocument(text) };
}

function reasonOf(result: Exclude<RevisionResult, { text: string }>): string {
  if ('missing' in result) return 'The source does not have this revision any more';
  return `The source could not give it: ${result.error.error}, ${result.error.reason}`;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
