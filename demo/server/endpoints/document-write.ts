import { formatRev } from '../../../src/revs/rev.ts';
import { writtenAnswer } from '../answers.ts';
import { checkDocumentId } from '../document-id.ts';
import { type DatabaseExchange, readJson } from '../exchange.ts';
import { type IncomingDocument, NO_PATH, pathOf, readRev, readRevText } from '../incoming.ts';
import type { JsonValue } from '../json.ts';
import { parseJsonBytes } from '../json-parse.ts';
import { type Answer, type AnswerHeaders, Refusal, type Request } from '../model.ts';
import { readRelated } from '../multipart.ts';
import { badRequest } from '../refusals.ts';
import { storeRevisions } from '../replicate.ts';
import { addressOf, decodePart } from '../url.ts';
import { openRevision, openWinner } from './open-document.ts';
import { editOf, pathFrom, receiveDocument, requireRevision, storeEdit, writingOf } from './receive.ts';

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
  const isGiven = request.query.get('new_edits') === 'false';
  const rev = isGiven ? storeRevision(exchange, document) : storeEdit(exchange, document);
  return writtenAnswer(id, rev, document.deleted ? 200 : 201, whereItIs(exchange, id, rev));
}

/** `DELETE /{db}/{doc}`. */
export function deleteDocument(exchange: DatabaseExchange, id: string): Answer {
  openWinner(exchange, id);
  const tombstone = { ...editOf(id, NO_PATH, undefined), deleted: true };
  const rev = storeEdit(exchange, { ...tombstone, path: pathFrom(exchange.request, tombstone) });
  return writtenAnswer(id, rev, 200, { ETag: `"${rev}"` });
}

/** `POST /{db}`: a document with an id of its own, or one that the server makes. */
export async function createDocument(exchange: DatabaseExchange): Promise<Answer> {
  const received = receiveDocument(exchange, await readJson(exchange.request));
  const document = received.id === '' ? { ...received, id: exchange.state.newId() } : received;
  const rev = storeEdit(exchange, document);
  return writtenAnswer(document.id, rev, 201, {
    Location: addressOf(exchange.request, exchange.database.name, document.id),
  });
}

/** `COPY /{db}/{doc}`, to the id in the header `Destination`, with `?rev=` where that exists. */
export function copyDocument(exchange: DatabaseExchange, id: string): Answer {
  const { request } = exchange;
  const [target = '', query = ''] = (request.headers.get('destination') ?? '').split('?');
  if (target === '') throw badRequest('Destination header is mandatory for COPY.');
  const targetId = checkDocumentId(decodePart(target));
  const asked = request.query.get('rev');
  const source = openRevision(exchange, id, asked === undefined ? undefined : readRevText(asked));
  const [, targetRev] = /^rev=(.*)$/.exec(query) ?? [];
  const path = targetRev === undefined ? NO_PATH : pathOf(readRev(targetRev));
  const rev = storeEdit(exchange, editOf(targetId, path, source.document.content(source.rev)));
  return writtenAnswer(targetId, rev, 201, whereItIs(exchange, targetId, rev));
}

/** `POST /{db}/{doc}`: a form, which only old browsers send; not served. */
export function refuseForm(): Answer {
  throw new Refusal(415, 'bad_content_type', 'Content-Type must be multipart/form-data');
}

/** Stores a revision that is given; gives it back. */
function storeRevision(exchange: DatabaseExchange, document: IncomingDocument): string {
  requireRevision(document);
  const [refused] = storeRevisions(writingOf(exchange), [document]);
  if (refused?.refusal !== undefined) throw refused.refusal;
  return formatRev(document.path.start, document.path.ids[0] ?? '');
}

function whereItIs({ database, request }: DatabaseExchange, id: string, rev: string): AnswerHeaders {
  return { ETag: `"${rev}"`, Location: addressOf(request, database.name, id) };
}

async function readParts(request: Request, type: string): Promise<{ value: JsonValue; parts: Uint8Array[] }> {
  const { json, parts } = readRelated(type, await request.body());
  return { value: parseJsonBytes(json), parts };
}
