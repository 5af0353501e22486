/**
 * One attachment as an answer of its own: conditional, compressed or in ranges, as the client asks for it.
 *
 * @see https://docs.couchdb.org/en/stable/api/document/attachments.html
 *
 * @module
 */

import { isMatched, notModified } from './answers.ts';
import { identityBytes } from './attachments.ts';
import { type Answer, type AnswerHeaders, type Piece, Refusal, type Request, type StoredAttachment } from './model.ts';

/** The first and the last byte of a range. */
interface ByteRange {
  readonly from: number;
  readonly to: number;
}

/** From so many ranges on CouchDB sends the whole content instead. */
const TOO_MANY_RANGES = 10;

/**
 * The answer to `GET /{db}/{doc}/{attachment}`, and to `HEAD` of it.
 *
 * @param newBoundary makes the delimiter of a body of several ranges
 * @throws Refusal 416 for a range that begins behind the end
 */
export function attachmentAnswer(request: Request, attachment: StoredAttachment, newBoundary: () => string): Answer {
  const { contentType, encoding, length, stored } = attachment;
  const etag = `"${attachment.digest.replace(/^md5-/, '')}"`;
  if (isMatched(etag, request.headers.get('if-none-match'))) return notModified(etag);
  const headers: AnswerHeaders = {
    'Accept-Ranges': encoding === undefined ? 'bytes' : 'none',
    'Cache-Control': 'must-revalidate',
    'Content-Security-Policy': 'sandbox',
    'Content-Type': contentType,
    ETag: etag,
  };
  if (encoding === undefined) return plainAnswer(request, attachment, headers, newBoundary);
  if (acceptsGzip(request.headers.get('accept-encoding'))) {
    return { status: 200, headers: { ...headers, 'Content-Encoding': encoding }, body: stored };
  }
  const body = identityBytes(attachment);
  // What came compressed in a standalone PUT: its size is not known before it is unpacked.
  return { status: 200, headers, body: length === stored.length ? [body] : body };
}

function plainAnswer(
  request: Request,
  { contentType, stored }: StoredAttachment,
  headers: AnswerHeaders,
  newBoundary: () => string,
): Answer {
  const ranges = readRanges(request.headers.get('range'), stored.length);
  const [first, second] = ranges;
  if (first === undefined || ranges.length >= TOO_MANY_RANGES) return { status: 200, headers, body: stored };
  if (second !== undefined) {
    const boundary = newBoundary();
    return {
      status: 206,
      headers: { 'Content-Type': `multipart/byteranges; boundary="${boundary}"` },
      body: byteRanges(ranges, contentType, stored, boundary),
    };
  }
  return {
    status: 206,
    headers: { ...headers, 'Content-Range': contentRange(first, stored.length) },
    body: stored.subarray(first.from, first.to + 1),
  };
}

function* byteRanges(
  ranges: readonly ByteRange[],
  contentType: string,
  stored: Uint8Array,
  boundary: string,
): Generator<Piece> {
  yield `--${boundary}`;
  for (const range of ranges) {
    yield `\r\nContent-Type: ${contentType}\r\nContent-Range: ${contentRange(range, stored.length)}\r\n\r\n`;
    yield stored.subarray(range.from, range.to + 1);
    yield `\r\n--${boundary}`;
  }
  yield '--';
}

function contentRange({ from, to }: ByteRange, length: number): string {
  return `bytes ${from}-${to}/${length}`;
}

/** The ranges of a `Range` header; none when it is absent or malformed, or asks for everything: then all is sent. */
function readRanges(header: string | undefined, length: number): ByteRange[] {
  const specs = header?.startsWith('bytes=') ? header.slice('bytes='.length).split(',') : [];
  const ranges: ByteRange[] = [];
  for (const spec of specs.map((text) => text.trim()).filter((text) => text !== '')) {
    const [, first, last] = /^(\d*)-(\d*)$/.exec(spec) ?? [];
    if (first === undefined || last === undefined || first + last === '') return [];
    if (first === '0' && last === '') return [];
    const from = first === '' ? Math.max(0, length - Number(last)) : Number(first);
    const to = first === '' || last === '' ? length - 1 : Math.min(Number(last), length - 1);
    if (to < from) throw rangeRefusal();
    ranges.push({ from, to });
  }
  return ranges;
}

function rangeRefusal(): Refusal {
  return new Refusal(416, 'requested_range_not_satisfiable', 'Requested range not satisfiable');
}

function acceptsGzip(header = ''): boolean {
  return header.split(',').some((coding) => {
    const [name, ...parameters] = coding.split(';').map((text) => text.trim().toLowerCase());
    return (name === 'gzip' || name === '*') && !parameters.some((text) => /^q=0(\.0*)?$/.test(text));
  });
}
