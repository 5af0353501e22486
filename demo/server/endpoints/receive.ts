import type { DatabaseExchange } from '../exchange.ts';
import { type IncomingDocument, readDocument } from '../incoming.ts';
import { type JsonValue, writeMembers } from '../json.ts';
import { Refusal } from '../model.ts';
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
