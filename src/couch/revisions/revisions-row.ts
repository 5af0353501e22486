import { ProtocolError } from '../../core/errors.ts';
import { arrayElements, memberText } from '../../core/json-text.ts';
import { excerpt, excerptOf, isJsonObject, type JsonObject, parseObject } from '../../core/json-value.ts';
import type { RevisionPath } from '../../revs/path.ts';
import { formatRev, parseRev } from '../../revs/rev.ts';

/** One revision of a document, with its ancestry. */
export interface FetchedRevision {
  readonly id: string;
  readonly rev: string;
  readonly revisions: RevisionPath;
  readonly deleted: boolean;
  /** The document as the JSON text that came, with `_id`, `_rev`, `_revisions` and attachment stubs; numbers beyond 2^53 intact. */
  readonly text: string;
}

/** What became of a wanted revision; without `rev` where the server did not say which one it speaks of. */
export type RevisionResult =
  | FetchedRevision
  | { readonly id: string; readonly rev: string | undefined; readonly missing: true }
  | {
      readonly id: string;
      readonly rev: string | undefined;
      readonly error: { readonly error: string; readonly reason: string };
    };

/** What an answer of `_bulk_get` tells of one document. */
export interface RevisionsRow {
  readonly id: string;
  readonly results: readonly RevisionResult[];
}

/**
 * Reads one row of the answer to `_bulk_get`: `{"id","docs":[{"ok":{…}} | {"error":{…}} …]}`. What is wrong with one
 * revision is a result, what is wrong with the row an error.
 *
 * @throws ProtocolError when the row is not CouchDB's
 */
export function parseRevisionsRow(text: string): RevisionsRow {
  const row = parseObject(text, 'A row of the answer to _bulk_get');
  const id = row['id'];
  const docs = row['docs'];
  if (typeof id !== 'string' || !Array.isArray(docs)) {
    throw new ProtocolError(`A row of the answer to _bulk_get is not CouchDB's: ${excerpt(text)}`, true);
  }
  const usual = usualDocument(text, row);
  if (usual !== undefined) return { id, results: [parseDocument(id, usual.document, usual.text)] };
  const list = memberText(text, 0, 'docs') ?? '[]';
  const results = arrayElements(list, 0).map(({ start, end }, index) =>
    parseResult(id, docs[index], list.slice(start, end)),
  );
  return { id, results };
}

/**
 * The document of a row as CouchDB writes nearly all of them: `{"id":…,"docs":[{"ok":{…}}]}`, with nothing else in it. Its text is
 * found without looking through it.
 */
function usualDocument(text: string, row: JsonObject): { document: JsonObject; text: string } | undefined {
  const { id, docs } = row;
  if (!Array.isArray(docs) || docs.length !== 1 || Object.keys(row).length !== 2) return undefined;
  const result: unknown = docs[0];
  const document = isJsonObject(result) && Object.keys(result).length === 1 ? result['ok'] : undefined;
  const head = `{"id":${JSON.stringify(id)},"docs":[{"ok":`;
  if (!isJsonObject(document) || !text.startsWith(head) || !text.endsWith('}]}')) return undefined;
  // Members that stand twice are one to the parser.
  if (text.includes('"docs"', head.length) || text.includes('"ok"', head.length)) return undefined;
  return { document, text: text.slice(head.length, -'}]}'.length) };
}

function parseResult(id: string, result: unknown, text: string): RevisionResult {
  if (!isJsonObject(result)) return failed(id, undefined, 'not_json', `Not an object: ${excerpt(text)}`);
  const { ok, missing, error, reason } = result;
  if (isJsonObject(ok)) return parseDocument(id, ok, memberText(text, 0, 'ok') ?? '');
  if (typeof missing === 'string') return { id, rev: missing, missing: true };
  if (isJsonObject(error)) {
    const rev = typeof error['rev'] === 'string' && parseRev(error['rev']) !== undefined ? error['rev'] : undefined;
    if (error['error'] === 'not_found') return { id, rev, missing: true };
    return failed(id, rev, asText(error['error']), asText(error['reason']));
  }
  if (error !== undefined) return failed(id, undefined, asText(error), asText(reason));
  return { id, rev: undefined, missing: true };
}

function parseDocument(id: string, document: JsonObject, text: string): RevisionResult {
  const { _id, _rev, _revisions, _deleted } = document;
  if (typeof _rev !== 'string') return failed(id, undefined, 'no_revision', 'The document came without its revision');
  if (_id !== id) return failed(id, _rev, 'wrong_document', `The server sent ${excerptOf(_id)} in its place`);
  const revisions = parsePath(_revisions);
  if (revisions === undefined || formatRev(revisions.start, revisions.ids[0] ?? '') !== _rev) {
    return failed(id, _rev, 'bad_revisions', `Its _revisions do not lead to it: ${excerptOf(_revisions)}`);
  }
  return { id, rev: _rev, revisions, deleted: _deleted === true, text };
}

function parsePath(value: unknown): RevisionPath | undefined {
  if (!isJsonObject(value)) return undefined;
  const { start, ids } = value;
  if (typeof start !== 'number' || !Number.isSafeInteger(start) || start < 0) return undefined;
  if (!Array.isArray(ids) || ids.length === 0 || ids.length > start + 1) return undefined;
  return ids.every((part): part is string => typeof part === 'string') ? { start, ids } : undefined;
}

function failed(id: string, rev: string | undefined, error: string, reason: string): RevisionResult {
  return { id, rev, error: { error, reason } };
}

function asText(value: unknown): string {
  return typeof value === 'string' ? value : excerptOf(value);
}
