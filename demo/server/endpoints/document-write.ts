import { formatRev } from '../../../src/revs/rev.ts';
import { jsonAnswer } from '../answers.ts';
import { checkDocumentId } from '../document-id.ts';
import { storeEdits } from '../edit.ts';
import { type DatabaseExchange, readJson } from '../exchange.ts';
import { type IncomingDocument, NO_PATH, pathOf, readRev, readRevText } from '../incoming.ts';
import { isObject, type JsonValue, quoteJson } from '../json.ts';
import { parseJson, parseJsonBytes } from '../json-parse.ts';
import { type Answer, Refusal, type Request } from '../model.ts';
import { readRelated } from '../multipart.ts';
import { badRequest, conflict } from '../refusals.ts';
import { storeRevisions } from '../replicate.ts';
import { encodePart } from '../url.ts';
import { openRevision, openWinner } from './open-document.ts';
import { receiveDocument, requireRevision, writingOf } from './receive.ts';

/** `PUT /{db}/{doc}`, as JSON or with its attachments as `multipart/related`. */
export async function putDocument(exchange: DatabaseExchange, id: string): Promise<Answer> {
  checkDocumentId(id);
  const { request } = exchange;
  const type = request.headers.get('content-type') ?? '';
  const isMultipart = type.startsWith('multipart/related;');
  const { value, parts } = isMultipart
    ? await readParts(request, type)
    : { value: parseJsonBytes(await request.body()), parts: [] };
  const received = receiveDocument(exchange, value, parts);
  const document = { ...received, id, path: pathFrom(request, received) };
  if (request.query.get('new_edits') !== 'false') return writeEdit(exchange, document);
  requireRevision(document);
  const [refused] = storeRevisions(writingOf(exchange), [document]);
  if (refused?.refusal !== undefined) throw refused.refusal;
  return written(exchange, id, formatRev(document.path.start, document.path.ids[0] ?? ''), document.deleted);
}

/** `DELETE /{db}/{doc}`. */
export function deleteDocument(exchange: DatabaseExchange, id: string): Answer {
  openWinner(exchange, id);
  const tombstone: IncomingDocument = { id, path: NO_PATH, deleted: true, body: new Map(), attachments: [] };
  return writeEdit(exchange, { ...tombstone, path: pathFrom(exchange.request, tombstone) }, { location: false });
}

/** `POST /{db}`: a document with an id of its own, or one that the server makes. */
export async function createDocument(exchange: DatabaseExchange): Promise<Answer> {
  const received = receiveDocument(exchange, await readJson(exchange.request));
  const document = received.id === '' ? { ...received, id: exchange.state.newId() } : received;
  return writeEdit(exchange, document, { etag: false });
}

/** `COPY /{db}/{doc}`, to the id in the header `Destination`, with `?rev=` where that exists. */
export function copyDocument(exchange: DatabaseExchange, id: string): Answer {
  const { request } = exchange;
  const [target = '', query = ''] = (request.headers.get('destination') ?? '').split('?');
  if (target === '') throw badRequest('Destination header is mandatory for COPY.');
  const targetId = checkDocumentId(decodeURIComponent(target));
  const rev = request.query.get('rev');
  const source = openRevision(exchange, id, rev === undefined ? undefined : readRevText(rev));
  const content = source.document.content(source.rev);
  const body = parseJson(`{${content?.members ?? ''}}`);
  const targetRev = /^rev=(.*)$/.exec(query)?.[1];
  const copy: IncomingDocument = {
    id: targetId,
    path: targetRev === undefined ? NO_PATH : pathOf(readRev(targetRev)),
    deleted: false,
    body: isObject(body) ? body : new Map(),
    attachments: (content?.attachments ?? []).map((attachment) => ({
      kind: 'kept',
      name: attachment.name,
      attachment,
    })),
  };
  return writeEdit(exchange, copy);
}

/** `POST /{db}/{doc}`: a form, which only old browsers send; not served. */
export function refuseForm(): Answer {
  throw new Refusal(415, 'bad_content_type', 'Content-Type must be multipart/form-data');
}

/** Writes one edit; what refuses it is told as the answer. */
export function writeEdit(
  exchange: DatabaseExchange,
  document: IncomingDocument,
  shown: { readonly location?: boolean; readonly etag?: boolean } = {},
): Answer {
  const [result] = storeEdits(writingOf(exchange), [document]);
  if (result === undefined) throw conflict();
  if (result.refusal !== undefined) throw result.refusal;
  return written(exchange, result.id, result.rev, document.deleted, shown);
}

function written(
  { database, request }: DatabaseExchange,
  id: string,
  rev: string,
  deleted: boolean,
  { location = true, etag = true }: { readonly location?: boolean; readonly etag?: boolean } = {},
): Answer {
  const url = `http://${request.headers.get('host')}/${encodePart(database.name)}/${encodePart(id)}`;
  return jsonAnswer(`{"ok":true,"id":${quoteJson(id)},"rev":${quoteJson(rev)}}`, deleted ? 200 : 201, {
    ...(etag && { ETag: `"${rev}"` }),
    ...(location && { Location: url }),
  });
}

/**
 * The revision an edit says it is made upon: in the document, the query or `If-Match`.
 *
 * @throws Refusal 400 when the document and the query differ, 409 when `If-Match` differs from them
 */
export function pathFrom({ query, headers }: Request, { path }: IncomingDocument): IncomingDocument['path'] {
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

function isSame(a: IncomingDocument['path'], b: IncomingDocument['path']): boolean {
  return a.start === b.start && a.ids[0] === b.ids[0];
}

async function readParts(request: Request, type: string): Promise<{ value: JsonValue; parts: Uint8Array[] }> {
  const { json, parts } = readRelated(type, await request.body());
  return { value: parseJsonBytes(json), parts };
}
