/**
 * Attachments one by one.
 *
 * CouchDB compresses types of text when they are uploaded, and its digest is then that of the compressed bytes. A `GET` of such an attachment
 * gives the content unpacked, by the server or by `fetch`, which never shows the packed bytes: it can be held against the
 * length alone, with the checksum that gzip itself carries where the transport was packed. Content that is kept as it was
 * uploaded is held against the digest, and only such content is served from the middle on. What the server keeps
 * compressed can be had as it is only beside its document, in the multipart answers of `_bulk_get`.
 *
 * @see https://docs.couchdb.org/en/stable/api/document/attachments.html
 *
 * @module
 */

import { Attachment, type ByteRange, boundsOf } from '../../core/attachment.ts';
import { type AttachmentStub, parseAttachmentStub } from '../../core/attachment-stub.ts';
import { InputError } from '../../core/errors.ts';
import { isJsonObject } from '../../core/json-value.ts';
import { get } from '../documents.ts';
import type { Endpoint } from '../request/endpoint.ts';
import { hasUrl, type LocatedAttachment, nameOf, readAttachment } from './attachment-bytes.ts';
import { verified } from './verified.ts';

/** Which attachment, and how much of it. */
export interface AttachmentOptions {
  /** The revision of the document; the winner unless one is named. */
  readonly rev?: string;
  /** The whole content unless a part is named. Only the whole is held against the digest. */
  readonly range?: ByteRange;
  readonly signal?: AbortSignal;
}

/** An attachment to be downloaded. */
export interface WantedAttachment {
  readonly id: string;
  readonly rev: string;
  readonly stub: AttachmentStub;
}

/** What has come of an attachment before: the first bytes of its content, as it was uploaded. */
export interface KeptContent {
  /** How many bytes that is. */
  readonly offset: number;
  kept(): AsyncIterable<Uint8Array>;
}

/** How an attachment is downloaded. */
export interface DownloadOptions {
  readonly after?: KeptContent | undefined;
  /** Whether a piece is only good until the next one is asked for, so that a long content leaves no garbage behind. */
  readonly lent?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Looks an attachment up in its document, and makes a handle of it. Reading sends requests of its own. */
export async function attachment(
  endpoint: Endpoint,
  id: string,
  name: string,
  { rev, range = {}, signal }: AttachmentOptions,
): Promise<Attachment | undefined> {
  if (!hasUrl({ id, name })) throw new InputError(`${nameOf({ id, name })} has no url`);
  const options = { ...(rev === undefined ? {} : { rev }), ...(signal === undefined ? {} : { signal }) };
  const document = await get(endpoint, id, options, { att_encoding_info: 'true' });
  const attachments = document?.['_attachments'];
  if (document === undefined || !isJsonObject(attachments) || !Object.hasOwn(attachments, name)) return undefined;
  const stub = parseAttachmentStub(name, attachments[name]);
  const wanted = { id, rev: document._rev, stub };
  const { start, end } = boundsOf(range, stub.length);
  return new Attachment(
    { ...stub, rev: document._rev },
    (stop) =>
      start === 0 && end === stub.length
        ? downloadAttachment(endpoint, wanted, { signal: stop })
        : readAttachment(endpoint, located(wanted), { start, end, signal: stop }),
    signal,
  );
}

/**
 * Downloads the content of an attachment as it was uploaded, through broken connections, and verifies it with whatever came before.
 *
 * Content that the server keeps compressed is verified by its length, any other by its digest. The stub has to come from an
 * answer to `att_encoding_info=true`, or the server has to say what it does with ranges, as CouchDB does.
 *
 * @throws CouchError, of status 404 where the revision or the attachment is no more; NetworkError; InputError for names that
 *   no url can carry; ProtocolError when what has come is no good and has to be thrown away
 */
export async function* downloadAttachment(
  endpoint: Endpoint,
  wanted: WantedAttachment,
  { after, lent, signal }: DownloadOptions,
): AsyncGenerator<Uint8Array, void, undefined> {
  const { id, stub } = wanted;
  const { length, digest } = stub;
  let isUnpacked = stub.encoding !== undefined;
  const pieces = readAttachment(
    endpoint,
    located(wanted),
    { start: after?.offset ?? 0, end: length, lent, signal },
    ({ headers }) => {
      isUnpacked ||= headers.get('accept-ranges') === 'none' || headers.has('content-encoding');
    },
  );
  const what = nameOf({ id, name: stub.name });
  yield* verified(pieces, { what, length, digest, isUnpacked: () => isUnpacked, kept: after?.kept() });
}

function located({ id, rev, stub: { name, length, digest } }: WantedAttachment): LocatedAttachment {
  return { id, rev, name, length, digest };
}
