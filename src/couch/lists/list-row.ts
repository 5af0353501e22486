import { ProtocolError } from '../../core/errors.ts';
import { memberText } from '../../core/json-text.ts';
import { excerpt, isJsonObject, type JsonObject, parseObject } from '../../core/json-value.ts';

/** One document of a list. */
export interface AllDocsRow {
  readonly id: string;
  /** The winner. */
  readonly rev: string;
  /** The winning revision, with `includeDocs`, unless it was deleted while the server made the list. */
  readonly doc?: JsonObject;
  /** The same as the JSON text that came, numbers beyond 2^53 intact. */
  readonly docText?: string;
}

/**
 * Reads one row of a list of documents.
 *
 * @throws ProtocolError where it is none, or tells an error of the server's
 */
export function parseListRow(text: string): AllDocsRow {
  const { id, value, doc } = parseObject(text, 'A row of the list of documents');
  const rev = isJsonObject(value) ? value['rev'] : undefined;
  if (typeof id !== 'string' || typeof rev !== 'string') {
    throw new ProtocolError(`A row of the list of documents is not CouchDB's: ${excerpt(text)}`, true);
  }
  const docText = isJsonObject(doc) ? memberText(text, 0, 'doc') : undefined;
  return isJsonObject(doc) && docText !== undefined ? { id, rev, doc, docText } : { id, rev };
}
