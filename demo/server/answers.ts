import { quoteJson } from './json.ts';
import type { Answer, AnswerHeaders, Piece, Refusal } from './model.ts';
import { STACK_HASH } from './refusals.ts';

const JSON_HEADERS: AnswerHeaders = { 'Cache-Control': 'must-revalidate', 'Content-Type': 'application/json' };

/** A JSON text, which CouchDB ends with a line break. */
export function jsonAnswer(text: string, status = 200, headers: AnswerHeaders = {}): Answer {
  return { status, headers: { ...JSON_HEADERS, ...headers }, body: `${text}\n` };
}

/** A JSON text that comes in pieces. */
export function streamAnswer(body: AsyncIterable<Piece> | Iterable<Piece>, headers: AnswerHeaders = {}): Answer {
  return { status: 200, headers: { ...JSON_HEADERS, ...headers }, body };
}

/** The usual `{"ok":true}`. */
export function okAnswer(status = 200, headers: AnswerHeaders = {}): Answer {
  return jsonAnswer('{"ok":true}', status, headers);
}

/** A document was written. */
export function writtenAnswer(id: string, rev: string, status: number, headers: AnswerHeaders = {}): Answer {
  return jsonAnswer(`{"ok":true,"id":${quoteJson(id)},"rev":${quoteJson(rev)}}`, status, headers);
}

/** How a refusal is told. */
export function refusalAnswer({ status, error, reason, headers }: Refusal): Answer {
  const hash = headers[STACK_HASH];
  const ref = hash === undefined ? '' : `,"ref":${String(hash)}`;
  return jsonAnswer(`{"error":${quoteJson(error)},"reason":${quoteJson(reason)}${ref}}`, status, headers);
}

/** The client has it already. */
export function notModified(etag: string): Answer {
  return { status: 304, headers: { ETag: etag }, body: '' };
}

/** Whether `If-None-Match` names a tag. */
export function isMatched(etag: string, ifNoneMatch: string | undefined): boolean {
  if (ifNoneMatch === undefined) return false;
  const tags = ifNoneMatch.split(',').map((tag) => tag.trim());
  return tags.includes('*') || tags.includes(etag);
}
