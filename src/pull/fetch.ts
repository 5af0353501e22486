import { splitDocument } from '../core/document-text.ts';
import { isCouchError, isNetworkError, isProtocolError } from '../core/errors.ts';
import type { Database } from '../couch/database.ts';
import type { RevisionResult } from '../couch/revisions/revisions-row.ts';
import type { WantedRevisions } from '../couch/revisions/wanted-revisions.ts';
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

/** A revision that nobody has: a server that is sound says so. */
const NOWHERE: WantedRevisions = { id: 'couchtide-nowhere', revs: [`1-${'0'.repeat(32)}`] };

/** How long a source has to learn of a revision that its feed has named, as long as CouchDB's own replicator gives it. */
const PATIENCE = 2000;

/**
 * Fetches revisions with one request. Each wanted one is in the result: as a revision, or as a failure that says why not.
 *
 * A document on which the server breaks off, or in which it sends what is no JSON, would take its whole batch along: such
 * a batch is halved until the document stands alone, which costs some 2 · log2(n) requests for one among n. It is then called
 * the document's fault only if the server gives anything else, be it that it does not have a revision, for one request more.
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
  let isSound = false;
  const fetch = async (part: readonly WantedRevisions[]): Promise<void> => {
    const received: RevisionResult[] = [];
    try {
      for await (const results of source.revisions(part, { patience: PATIENCE, signal }).batches())
        received.push(...results);
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
      isSound ||= revisions.length > 0 || failures.length > 0 || (await answers(source, signal));
      if (!isSound) throw error;
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

/** Whether a server answers when it is asked for what it cannot break on. */
export async function answers(source: Database, signal: AbortSignal): Promise<boolean> {
  try {
    for await (const _ of source.revisions([NOWHERE], { signal }));
    return true;
  } catch (error) {
    if (signal.aborted || !mayBePoisoned(error)) throw error;
    return false;
  }
}

/** Whether an error may be about one document of those that were asked for, and not about the server or the user. */
export function mayBePoisoned(error: unknown): boolean {
  if (isProtocolError(error)) return true;
  if (isNetworkError(error)) return error.failure !== 'unreachable';
  return (
    isCouchError(error) &&
    (error.status === 400 ||
      error.status === 413 ||
      error.status === 414 ||
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
