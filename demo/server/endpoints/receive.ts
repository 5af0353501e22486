import type { RevisionPath } from '../../../src/revs/path.ts';
import type { StoredRevision } from '../document.ts';
import { storeEdits } from '../edit.ts';
import type { DatabaseExchange } from '../exchange.ts';
import { type IncomingDocument, NO_PATH, pathOf, readDocument, readRev } from '../incoming.ts';
import { isObject, type JsonValue, writeMembers } from '../json.ts';
import { parseJson } from '../json-parse.ts';
import { Refusal, type Request } from '../model.ts';
import { byteLength } from '../order.ts';
import { badRequest } from '../refusals.ts';
import { validation } from '../validation.ts';
import type { Writing } from '../write.ts';

/**
 * Takes a document from a request.
 *
 * @throws Refusal 400 for one that is none, 413 for one that is too large
 */
export function receiveDocument(
  { state }: DatabaseExchange,
  value: JsonValue,
  parts?: readonly Uint8Array[],
): IncomingDocument {
  const document = readDocument(value, parts);
  if (byteLength(writeMembers(document.body)) + 2 > state.config.maxDocumentSize) {
    throw new Refusal(413, 'document_too_large', document.id);
  }
  return document;
}

/**
 * @throws Refusal 400 unless a document says which revision it is
 */
export function requireRevision({ path }: IncomingDocument): void {
  if (path.ids.length > 0) return;
  throw badRequest('When `new_edits: false`, the document needs `_rev` or `_revisions` specified');
}

/** What a write to the database by the sender of the request needs. */
export function writingOf({ database, request, state }: DatabaseExchange): Writing {
  const { access, config } = state;
  return {
    database,
    validate: validation(database, request.identity, () => access.requireDatabaseAdmin(request, database.security)),
    maxAttachmentSize: config.maxAttachmentSize,
    compress: state.compress,
  };
}

/**
 * Writes one edit; gives its revision.
 *
 * @throws Refusal whatever refuses it
 */
export function storeEdit(exchange: DatabaseExchange, document: IncomingDocument): string {
  const [result] = storeEdits(writingOf(exchange), [document]);
  if (result === undefined) throw new Error('A write without a result');
  if (result.refusal !== undefined) throw result.refusal;
  return result.rev;
}

/** An edit that leaves a document as it is, on top of the revision of a path; without content, an empty document. */
export function editOf(id: string, path: RevisionPath, content: StoredRevision | undefined): IncomingDocument {
  const body = parseJson(`{${content?.members ?? ''}}`);
  const attachments = content?.attachments ?? [];
  return {
    id,
    path,
    deleted: false,
    body: isObject(body) ? body : new Map(),
    attachments: attachments.map((attachment) => ({ kind: 'kept', name: attachment.name, attachment })),
  };
}

/**
 * The revision an edit says it is made upon: in the document, the query or `If-Match`.
 *
 * @throws Refusal 400 when two of them differ
 */
export function pathFrom({ query, headers }: Request, { path }: IncomingDocument): RevisionPath {
  const inQuery = query.get('rev') === undefined ? NO_PATH : pathOf(readRev(query.get('rev')));
  if (path.ids.length > 0 && inQuery.ids.length > 0 && !isSame(path, inQuery)) {
    throw badRequest('Document rev from request body and query string have different values');
  }
  const named = path.ids.length > 0 ? path : inQuery;
  const match = headers.get('if-match');
  if (match === undefined) return named;
  const inHeader = pathOf(readRev(match.replace(/^"(.*)"$/, '$1')));
  if (named.ids.length > 0 && !isSame(named, inHeader)) {
    throw badRequest('Document rev and etag have different values');
  }
  return named.ids.length > 0 ? named : inHeader;
}

function isSame(a: RevisionPath, b: RevisionPath): boolean {
  return a.start === b.start && a.ids[0] === b.ids[0];
}
