/**
 * Documents and their attachments as MIME parts, with all the oddities of CouchDB's: names and ids stand unescaped in the
 * headers of their parts, and `_bulk_get` begins its boundaries with `--`.
 *
 * @module
 */

import { type Piece, Refusal, type StoredAttachment } from './model.ts';
import { badRequest } from './refusals.ts';

/** A revision to be sent, its JSON text already written. */
export interface MultipartDocument {
  readonly id: string;
  readonly rev: string;
  /** The document, `_attachments` saying `follows` for exactly {@link MultipartDocument.attachments}. */
  readonly json: string;
  /** The attachments that are sent, in the order of the JSON text. */
  readonly attachments: readonly StoredAttachment[];
}

/** A revision that is not known: the JSON text to send instead, such as `{"missing":"3-abc"}`. */
export interface MultipartError {
  readonly error: string;
}

/** What a document becomes in a body of its own. */
export interface RelatedBody {
  readonly contentType: string;
  readonly body: Uint8Array;
}

/** `GET /{db}/{doc}` where attachments were asked for: `multipart/related`, bare JSON when none is to be sent. */
export function relatedBody(document: MultipartDocument, boundary: string): RelatedBody {
  return {
    contentType: relatedContentType(document, boundary),
    body: joinPieces(relatedPieces(document, boundary)),
  };
}

/** `GET /{db}/{doc}?open_revs=…`: the pieces of a `multipart/mixed` body. The inner boundary serves all documents. */
export function* openRevsPieces(
  results: Iterable<MultipartDocument | MultipartError>,
  outer: string,
  inner: string,
): Generator<Piece> {
  yield `--${outer}`;
  for (const result of results) {
    if ('error' in result) {
      yield `\r\nContent-Type: application/json; error="true"\r\n\r\n${result.error}\r\n--${outer}`;
      continue;
    }
    yield `\r\nContent-Type: ${relatedContentType(result, inner)}\r\n\r\n`;
    yield* relatedPieces(result, inner);
    yield `\r\n--${outer}`;
  }
  yield '--';
}

/** The boundary of `_bulk_get`, inner and outer: made of any other by the two dashes in front. */
export function bulkGetBoundary(boundary: string): string {
  return `--${boundary}`;
}

/**
 * `POST /{db}/_bulk_get` where multipart was asked for: the pieces of the body, none at all when nothing was asked.
 *
 * @param entries the results of each entry of the request
 * @param newInner makes the inner boundary of an entry
 */
export async function* bulkGetPieces(
  entries:
    | Iterable<readonly (MultipartDocument | MultipartError)[]>
    | AsyncIterable<readonly (MultipartDocument | MultipartError)[]>,
  outer: string,
  newInner: () => string,
): AsyncGenerator<Piece> {
  let any = false;
  for await (const results of entries) {
    any = true;
    const inner = newInner();
    for (const result of results) yield* bulkGetPart(result, outer, inner);
  }
  if (any) yield `\r\n--${outer}--\r\n`;
}

/**
 * The parts of a `multipart/related` request: the JSON text, and the contents that follow it.
 *
 * @throws Refusal when the body is not what its content type says
 */
export function readRelated(contentType: string, body: Uint8Array): { json: Uint8Array; parts: Uint8Array[] } {
  const [, quoted, bare] = /;\s*boundary=(?:"([^"]*)"|([^;\s]*))/i.exec(contentType) ?? [];
  const boundary = quoted ?? bare;
  if (boundary === undefined) throw badRequest('Missing boundary in the content type');
  const [first, ...others] = splitParts(Buffer.from(body.buffer, body.byteOffset, body.length), boundary);
  if (first === undefined || !/^content-type:\s*application\/json\s*(;|$)/im.test(first.header)) {
    throw new Refusal(415, 'bad_content_type', 'Content-Type must be application/json');
  }
  return { json: first.content, parts: others.map(({ content }) => content) };
}

function* bulkGetPart(result: MultipartDocument | MultipartError, outer: string, inner: string): Generator<Piece> {
  if ('error' in result) {
    yield `\r\n--${outer}\r\nContent-Type: application/json; error="true"\r\n\r\n${result.error}`;
    return;
  }
  yield `\r\n--${outer}`;
  if (result.attachments.length === 0) yield '\r\nContent-Type: application/json\r\n\r\n';
  else {
    yield `\r\nX-Doc-Id: ${result.id}`;
    yield `\r\nX-Rev-Id: ${result.rev}`;
    yield `\r\nContent-Type: multipart/related; boundary=${inner}\r\n\r\n`;
  }
  yield* relatedPieces(result, inner);
}

function relatedContentType({ attachments }: MultipartDocument, boundary: string): string {
  return attachments.length === 0 ? 'application/json' : `multipart/related; boundary="${boundary}"`;
}

function* relatedPieces({ json, attachments }: MultipartDocument, boundary: string): Generator<Piece> {
  if (attachments.length === 0) {
    yield json;
    return;
  }
  yield `--${boundary}\r\nContent-Type: application/json\r\n\r\n${json}\r\n--${boundary}`;
  for (const { name, contentType, stored, encoding } of attachments) {
    yield `\r\nContent-Disposition: attachment; filename="${name}"`;
    yield `\r\nContent-Type: ${contentType}`;
    yield `\r\nContent-Length: ${stored.length}`;
    if (encoding !== undefined) yield `\r\nContent-Encoding: ${encoding}`;
    yield '\r\n\r\n';
    if (stored.length > 0) yield stored;
    yield `\r\n--${boundary}`;
  }
  yield '--';
}

function joinPieces(pieces: Iterable<Piece>): Uint8Array {
  return Buffer.concat(Array.from(pieces, (piece) => (typeof piece === 'string' ? Buffer.from(piece) : piece)));
}

interface Part {
  readonly header: string;
  readonly content: Uint8Array;
}

function* splitParts(body: Buffer, boundary: string): Generator<Part> {
  const delimiter = `\r\n--${boundary}`;
  let at = body.indexOf(delimiter.slice(2));
  if (at < 0) throw malformed();
  at += delimiter.length - 2;
  while (body.toString('latin1', at, at + 2) !== '--') {
    const content = body.indexOf('\r\n\r\n', at);
    const end = body.indexOf(delimiter, content);
    if (content < 0 || end < 0) throw malformed();
    // A part without content ends in the delimiter whose line break is that of the empty line.
    const from = Math.min(content + 4, end);
    yield { header: body.toString('utf8', at, content), content: body.subarray(from, end) };
    at = end + delimiter.length;
  }
}

function malformed(): Refusal {
  return badRequest('Malformed multipart body');
}
