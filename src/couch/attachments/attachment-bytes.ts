import { NetworkError, ProtocolError } from '../../core/errors.ts';
import { encodeDocumentId, encodeSegment, isPathSegment } from '../request/address.ts';
import type { Answer } from '../request/answer.ts';
import type { Endpoint } from '../request/endpoint.ts';
import { send } from '../request/request.ts';
import { Tries } from '../request/retry.ts';

/** Where an attachment stands, and what is known of it. */
export interface LocatedAttachment {
  readonly id: string;
  /** Always named: an answer does not say of which revision it is, and without one it is of the winner. */
  readonly rev: string;
  readonly name: string;
  /** Bytes of the content as it was uploaded. */
  readonly length: number;
  readonly digest: string;
}

/** Which bytes of the content are read: from the first of them to the one before `end`. */
export interface Stretch {
  readonly start: number;
  readonly end: number;
  /** Whether a piece is only good until the next one is asked for. */
  readonly lent?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** A try that brings fewer bytes than this counts as one that failed, or a connection that always breaks would go on for ever. */
const PROGRESS = 64 * 1024;

/**
 * The most bytes that one request asks for. Browsers take what a server sends as fast as it comes, and keep in memory what the
 * page has not read yet: Firefox all of it. When the connection breaks, that is lost.
 */
const STRETCH = 8 * 1024 * 1024;

/** Whether an attachment has a url of its own: no client can send one with the dot segments in it. */
export function hasUrl({ id, name }: Pick<LocatedAttachment, 'id' | 'name'>): boolean {
  return isPathSegment(name) && isPathSegment(id.replace(/^(_design|_local)\//, ''));
}

/** How to call an attachment in a message. */
export function nameOf({ id, name }: Pick<LocatedAttachment, 'id' | 'name'>): string {
  return `The attachment ${JSON.stringify(name)} of ${JSON.stringify(id)}`;
}

/**
 * Reads some stretch of an attachment's content by `GET /{db}/{id}/{name}`, unpacked where the server keeps it packed. An answer that
 * breaks off is taken up where it ended, with a `Range` where the server serves those; where it sends everything again, what has
 * been given is passed over. Tries that bring something are without limit, those that bring nothing are not.
 *
 * @param learn told of each answer before its first byte
 * @throws CouchError, NetworkError, ProtocolError; an InputError for names that no url can carry
 */
export async function* readAttachment(
  endpoint: Endpoint,
  attachment: LocatedAttachment,
  { start, end, lent, signal }: Stretch,
  learn?: (response: Response) => void,
): AsyncGenerator<Uint8Array, void, undefined> {
  let offset = start;
  const tries = new Tries(endpoint, signal);
  while (offset < end) {
    const begun = offset;
    try {
      const stretch = { start: offset, end: Math.min(end, offset + STRETCH), signal };
      const answer = await ask(endpoint, attachment, stretch);
      learn?.(answer.response);
      // An answer without ranges is the whole: what has come already is passed over, and all that is wanted comes.
      const isPart = answer.response.status === 206;
      const last = isPart ? stretch.end : end;
      const length = last === attachment.length ? undefined : last - offset;
      for await (const piece of between(answer.bytes(lent), isPart ? 0 : offset, length)) {
        offset += piece.byteLength;
        yield piece;
      }
      if (offset < last) {
        throw new NetworkError(`${nameOf(attachment)} ended after ${offset} of ${attachment.length} bytes`, 'cut');
      }
    } catch (error) {
      if (offset - begun >= PROGRESS) tries.progress();
      await tries.wait(error);
    }
  }
}

async function ask(
  { connection, url }: Endpoint,
  attachment: LocatedAttachment,
  { start, end, signal }: Stretch,
): Promise<Answer> {
  const { id, rev, name, length } = attachment;
  const last = end === length ? '' : end - 1;
  const answer = await send(connection, {
    url: `${url}/${encodeDocumentId(id)}/${encodeSegment(name)}`,
    query: { rev },
    accept: '*/*',
    range: start === 0 && end === length ? undefined : `bytes=${start}-${last}`,
    reading: { lane: 'short', isResumable: true },
    signal,
  });
  try {
    check(answer.response, attachment, start);
    return answer;
  } catch (error) {
    answer.close();
    throw error;
  }
}

/** Whether the answer is of this content and begins where it should: CouchDB takes no notice of `If-Range`. */
function check({ status, headers }: Response, attachment: LocatedAttachment, start: number): void {
  const { length, digest } = attachment;
  // Other servers, and proxies that repack, have tags of other forms, which say nothing of the digest.
  const [, tag] = /^"([A-Za-z0-9+/]{22}==)"$/.exec(headers.get('etag') ?? '') ?? [];
  if (tag !== undefined && `md5-${tag}` !== digest) {
    throw new ProtocolError(`${nameOf(attachment)} is md5-${tag} at the source, not ${digest}`, false);
  }
  if (status !== 206) return;
  // A browser does not show this header of another origin; the digest of the whole has the last word.
  const range = headers.get('content-range');
  const [, first, total] = /^bytes (\d+)-\d+\/(\d+|\*)$/.exec(range ?? '') ?? [];
  if (range !== null && (first !== String(start) || (total !== '*' && total !== String(length)))) {
    throw new ProtocolError(`${nameOf(attachment)} came as ${JSON.stringify(range)}, asked from ${start} on`, true);
  }
}

/** So many bytes after the first ones, or all of them. */
async function* between(
  pieces: AsyncIterable<Uint8Array>,
  start: number,
  length = Number.POSITIVE_INFINITY,
): AsyncGenerator<Uint8Array, void, undefined> {
  let skip = start;
  let left = length;
  for await (const piece of pieces) {
    // Asked here, so that an answer that ends in time is read to its end and its connection used again.
    if (left === 0) return;
    const wanted = piece.subarray(skip, skip + left);
    skip = Math.max(0, skip - piece.byteLength);
    if (wanted.byteLength === 0) continue;
    left -= wanted.byteLength;
    yield wanted;
  }
}
