import { ProtocolError } from './errors.ts';
import { objectMembers } from './json-text.ts';
import { excerptOf, isJsonObject, type JsonObject } from './json-value.ts';

/**
 * What a document tells of an attachment.
 *
 * @see https://docs.couchdb.org/en/stable/api/document/common.html#attachments
 */
export interface AttachmentStub {
  readonly name: string;
  /** The MIME type, as it was uploaded. */
  readonly contentType: string;
  /** Bytes of the content, as it was uploaded. */
  readonly length: number;
  /** `md5-…` of the bytes as the server keeps them: of the compressed ones where it has compressed them. */
  readonly digest: string;
  /** In which generation of the document the content came; some servers do not say. */
  readonly revpos?: number;
  /** How the server keeps the content, `gzip` for types of text. Told only where it was asked for, and in multipart answers. */
  readonly encoding?: string;
  /** Bytes of the content as the server keeps it. Comes with `encoding`. */
  readonly encodedLength?: number;
  /** Whether the content comes in a later part of the same multipart answer. */
  readonly follows: boolean;
}

/**
 * The attachments of a document in the order in which its text names them, which the parts of a multipart answer follow:
 * a parsed object would give names like `1` out of their turn.
 *
 * @param text the value of `_attachments` as JSON text
 * @throws ProtocolError when one is not described as CouchDB does it
 *
 * @example
 * ```ts
 * const text = '{"a.png":{"content_type":"image/png","revpos":1,"digest":"md5-x","length":9,"stub":true}}';
 * parseAttachmentStubs(text)[0]?.contentType; // 'image/png'
 * ```
 */
export function parseAttachmentStubs(text: string): AttachmentStub[] {
  return objectMembers(text, 0).map(({ name, start, end }) =>
    parseAttachmentStub(name, JSON.parse(text.slice(start, end))),
  );
}

/**
 * Reads what a document tells of one attachment.
 *
 * @throws ProtocolError when that is not CouchDB's
 */
export function parseAttachmentStub(name: string, value: unknown): AttachmentStub {
  if (isJsonObject(value)) {
    const { content_type, length, digest, revpos, follows } = value;
    if (typeof content_type === 'string' && typeof digest === 'string' && isSize(length)) {
      return {
        name,
        contentType: content_type,
        length,
        digest,
        follows: follows === true,
        ...(typeof revpos === 'number' ? { revpos } : {}),
        ...encodingOf(value),
      };
    }
  }
  throw new ProtocolError(
    `The attachment ${JSON.stringify(name)} is not described as CouchDB does it: ${excerptOf(value)}`,
    false,
  );
}

/**
 * The text of `_attachments` as it would be without the content: what follows in a multipart answer becomes a stub.
 *
 * @param text must be known to parse
 */
export function withoutContents(text: string): string {
  let stubs = '';
  let copied = 0;
  for (const attachment of objectMembers(text, 0)) {
    if (text[attachment.start] !== '{') continue;
    for (const { name, begin, start, end } of objectMembers(text, attachment.start)) {
      if (name !== 'follows') continue;
      stubs += `${text.slice(copied, begin)}"stub":${text.slice(start, end)}`;
      copied = end;
    }
  }
  return stubs + text.slice(copied);
}

function encodingOf({ encoding, encoded_length }: JsonObject): { encoding?: string; encodedLength?: number } {
  return typeof encoding === 'string' && isSize(encoded_length) ? { encoding, encodedLength: encoded_length } : {};
}

function isSize(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}
