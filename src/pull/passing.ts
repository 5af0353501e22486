import { joinDocument, splitDocument } from '../core/document-text.ts';
import type { JsonObject } from '../core/json-value.ts';
import type { Doc } from '../couch/documents.ts';
import type { RevisionToWrite } from '../replica/target.ts';
import type { Failure } from './fetch.ts';

/** What is done with documents on their way from source to target. */
export interface Passing {
  readonly filter: ((doc: Doc) => boolean) | undefined;
  readonly transform: ((doc: Doc) => JsonObject) | undefined;
}

/** What of some revisions goes on. */
export interface Passed {
  readonly revisions: readonly RevisionToWrite[];
  /** Those on which a function of the caller's threw. */
  readonly failures: readonly Failure[];
}

/** Asks the caller's functions about every revision. One on which they throw has failed; it does not stop the others. */
export function pass(revisions: readonly RevisionToWrite[], { filter, transform }: Passing): Passed {
  if (filter === undefined && transform === undefined) return { revisions, failures: [] };
  const passed: RevisionToWrite[] = [];
  const failures: Failure[] = [];
  for (const revision of revisions) {
    const { id, rev, deleted, body, attachments } = revision;
    try {
      const doc = JSON.parse(joinDocument(body, { id, rev, deleted, attachments })) as Doc;
      if (filter !== undefined && !filter(doc)) continue;
      if (transform === undefined) passed.push(revision);
      else passed.push({ ...revision, body: splitDocument(JSON.stringify(transform(doc))).body });
    } catch (error) {
      const said = error instanceof Error ? error.message : String(error);
      failures.push({ id, rev, reason: `The filter or transform of the pull threw: ${said}`, gone: false });
    }
  }
  return { revisions: passed, failures };
}
