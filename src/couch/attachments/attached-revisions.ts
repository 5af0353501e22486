/**
 * Revisions together with the content of their attachments, many in one answer.
 *
 * CouchDB offers two forms of that answer. As JSON, content comes in base64 and unpacked, so that it weighs a third more, lies whole in
 * memory, and cannot be held against its digest where the server keeps it compressed. As multipart it comes as it is kept, in
 * pieces, and can. So this is the only form that is asked for; what does not come in it is to be downloaded piece by piece.
 *
 * @see https://docs.couchdb.org/en/stable/api/database/bulk-api.html#db-bulk-get
 *
 * @module
 */

import { type AttachmentStub, parseAttachmentStubs, withoutContents } from '../../core/attachment-stub.ts';
import { isCouchError, ProtocolError } from '../../core/errors.ts';
import { memberText, objectMembers } from '../../core/json-text.ts';
import { parseObject } from '../../core/json-value.ts';
import { decodeText } from '../../core/text.ts';
import type { Answer } from '../request/answer.ts';
import type { Endpoint } from '../request/endpoint.ts';
import { send } from '../request/request.ts';
import { withRetry } from '../request/retry.ts';
import { HEAD_LIMIT, isUnsupported, LACKING_FOR } from '../revisions/revisions.ts';
import { parseRevisionsRow, type RevisionResult } from '../revisions/revisions-row.ts';
import { boundaryOf, parseMediaType } from './media-type.ts';
import { type Part, readMultipart } from './multipart.ts';
import { verified } from './verified.ts';

/** A revision whose attachments are wanted. */
export interface WantedAttachments {
  readonly id: string;
  readonly rev: string;
  /** Ancestors of it whose attachments are here already: what came with them or before comes as stubs. */
  readonly since?: readonly string[] | undefined;
}

/** A revision, and those of its attachments that came with it. */
export interface AttachedRevision {
  /** The revision, its text with stubs that tell how the server keeps their content. */
  readonly result: RevisionResult;
  /** Content by content, to be read before the next revision is asked for. */
  readonly contents: AsyncIterable<AttachedContent>;
}

/** The content of one attachment, as it comes. */
export interface AttachedContent {
  readonly stub: AttachmentStub;
  /** Bytes that come: the server's own, which are the compressed ones where the stub has an `encoding`. */
  readonly length: number;
  /**
   * The bytes, to be read before the next content is asked for, and not at all where they are not wanted.
   *
   * @throws ProtocolError after the last byte, when they are not what the stub says
   */
  bytes(): AsyncGenerator<Uint8Array, void, undefined>;
}

/** How long a document may be, in UTF-16 units. */
const LONGEST_DOCUMENT = 128 * 1024 * 1024;

/**
 * Asks for some revisions with their attachments by one request, `POST /{db}/_bulk_get` in multipart form, and gives them in the order asked.
 * Nothing is kept in memory but the piece at hand and the text of one document.
 *
 * Only the beginning of the answer is tried again. Whoever meets an error later has what he has read, and asks for the rest, or
 * downloads it one by one: names and ids that break the form of such an answer raise a ProtocolError every time. A
 * server that has no such answers gives nothing at all, and is not asked for an hour.
 *
 * @throws CouchError, NetworkError, ProtocolError
 */
export async function* attachedRevisions(
  endpoint: Endpoint,
  wanted: readonly WantedAttachments[],
  signal?: AbortSignal,
): AsyncGenerator<AttachedRevision, void, undefined> {
  const answer = wanted.length === 0 ? undefined : await ask(endpoint, wanted, signal);
  const boundary = boundaryOf(answer?.response.headers.get('content-type'));
  if (answer === undefined || boundary === undefined) {
    answer?.close();
    return;
  }
  let position = 0;
  for await (const part of readMultipart(answer.bytes(), boundary)) {
    const asked = wanted[position];
    if (asked === undefined) throw misplaced('more documents than were asked for');
    position += 1;
    yield await readRevision(part, asked);
  }
  if (position < wanted.length) throw misplaced(`${position} of the ${wanted.length} revisions that were asked for`);
}

/** The answer, whatever its form; undefined when the server refuses to give any. */
async function ask(
  endpoint: Endpoint,
  wanted: readonly WantedAttachments[],
  signal: AbortSignal | undefined,
): Promise<Answer | undefined> {
  const { connection, lacking, platform, url } = endpoint;
  const now = platform.elapsed();
  if (now < Math.max(lacking.bulkGetUntil, lacking.multipartUntil)) return undefined;
  const docs = wanted.map(({ id, rev, since }) => ({ id, rev, atts_since: since?.length ? since : undefined }));
  try {
    const answer = await withRetry(endpoint, signal, () =>
      send(connection, {
        method: 'POST',
        url: `${url}/_bulk_get`,
        query: { revs: 'true' },
        // CouchDB prefers JSON to anything else, so nothing else may be named.
        accept: 'multipart/mixed',
        json: { docs },
        limits: { head: HEAD_LIMIT },
        signal,
      }),
    );
    if (boundaryOf(answer.response.headers.get('content-type')) === undefined) {
      lacking.multipartUntil = platform.elapsed() + LACKING_FOR;
    }
    return answer;
  } catch (error) {
    if (!isUnsupported(error) && !(isCouchError(error) && error.status === 406)) throw error;
    lacking.multipartUntil = platform.elapsed() + LACKING_FOR;
    return undefined;
  }
}

/**
 * Reads a part of the answer. Its headers decide nothing: a name or an id with a line break can forge them all, and even whole
 * documents. They cannot forge their place, nor the bytes before a boundary that nobody knows in advance.
 */
async function readRevision(part: Part, { id, rev }: WantedAttachments): Promise<AttachedRevision> {
  // CouchDB up to 3.1 calls a document without content multipart too.
  const isPlain = boundaryOf(part.headers.get('content-type')) === undefined || (await part.peek()) === OPEN_BRACE;
  const parts = isPlain ? undefined : part.parts();
  const first = isPlain ? part : (await parts?.next())?.value;
  if (first === undefined) throw misplaced('attachments without their document');
  const text = await readDocument(first);
  const isError = parseMediaType(first.headers.get('content-type') ?? '').parameters.get('error') === 'true';
  const result = resultOf(id, isError ? `{"error":${text}}` : `{"ok":${stubbed(text)}}`);
  if (result.rev !== undefined && result.rev !== rev) {
    throw misplaced(`revision ${result.rev} in the place of ${rev}`);
  }
  const stubs = 'text' in result ? parseAttachmentStubs(memberText(text, 0, '_attachments') ?? '{}') : [];
  const following = stubs.filter(({ follows }) => follows);
  return { result, contents: contentsOf(parts, following, id) };
}

async function* contentsOf(
  parts: AsyncGenerator<Part, void, undefined> | undefined,
  stubs: readonly AttachmentStub[],
  id: string,
): AsyncGenerator<AttachedContent, void, undefined> {
  for (const stub of stubs) {
    const part = (await parts?.next())?.value;
    if (part === undefined) throw misplaced(`fewer attachments of ${JSON.stringify(id)} than its document says`);
    const length = stub.encodedLength ?? stub.length;
    const what = `The attachment ${JSON.stringify(stub.name)} of ${JSON.stringify(id)}`;
    yield { stub, length, bytes: () => verified(part.bytes(), { what, length, digest: stub.digest }) };
  }
  if (stubs.length > 0 && !(await parts?.next())?.done) {
    throw misplaced(`more attachments of ${JSON.stringify(id)} than its document says`);
  }
}

async function readDocument(part: Part): Promise<string> {
  const pieces: string[] = [];
  let length = 0;
  for await (const piece of decodeText(part.bytes())) {
    length += piece.length;
    if (length > LONGEST_DOCUMENT) throw misplaced(`a document of more than ${LONGEST_DOCUMENT} characters`);
    pieces.push(piece);
  }
  const text = pieces.join('').trim();
  parseObject(text, 'A document of a multipart answer');
  return text;
}

/** The document as it would have come without the content of its attachments. */
function stubbed(text: string): string {
  let stubbed = '';
  let copied = 0;
  for (const { name, start, end } of objectMembers(text, 0)) {
    if (name !== '_attachments') continue;
    stubbed += text.slice(copied, start) + withoutContents(text.slice(start, end));
    copied = end;
  }
  return stubbed + text.slice(copied);
}

function resultOf(id: string, result: string): RevisionResult {
  const [only] = parseRevisionsRow(`{"id":${JSON.stringify(id)},"docs":[${result}]}`).results;
  if (only === undefined) throw misplaced('no result where one was asked for');
  return only;
}

function misplaced(what: string): ProtocolError {
  return new ProtocolError(`The multipart answer to _bulk_get holds ${what}`, true);
}

const OPEN_BRACE = 0x7b;
