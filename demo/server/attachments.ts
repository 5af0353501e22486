/**
 * Attachments on their way into a database: what a client wrote under `_attachments` becomes what is stored.
 *
 * Contents of a compressible type rest compressed, and their digest is that of the compressed bytes.
 *
 * @see https://docs.couchdb.org/en/stable/api/document/attachments.html
 *
 * @module
 */

import { gunzipSync, gzipSync } from 'node:zlib';
import { decodeBase64 } from './base64.ts';
import { md5Base64 } from './digest.ts';
import { isObject, JsonNumber, type JsonObject, type JsonValue } from './json.ts';
import { Refusal, type StoredAttachment } from './model.ts';
import { badRequest, crash } from './refusals.ts';

/** An attachment as a client names it, before anything of it is stored. */
export type AttachmentDraft =
  | { readonly kind: 'stub'; readonly name: string; readonly revpos: number | undefined }
  | { readonly kind: 'kept'; readonly name: string; readonly attachment: StoredAttachment }
  | FollowingDraft
  | ContentDraft;

/** The content stands in a later part of a multipart body. */
export interface FollowingDraft {
  readonly kind: 'follows';
  readonly name: string;
  readonly contentType: string;
  readonly revpos: number;
  readonly encoding: 'gzip' | undefined;
  /** The size before compression, as the client says. */
  readonly length: number | undefined;
  /** The size as sent, as the client says. */
  readonly encodedLength: number | undefined;
  /** `md5-…` of the bytes as sent. */
  readonly digest: string | undefined;
}

/** The content is here. */
export interface ContentDraft {
  readonly kind: 'content';
  readonly name: string;
  readonly contentType: string;
  readonly bytes: Uint8Array;
  readonly revpos: number;
  /** `gzip` when the client sent the bytes compressed. */
  readonly encoding?: 'gzip' | undefined;
  /** The size before compression of bytes that came compressed; unknown when absent. */
  readonly length?: number | undefined;
  readonly digest?: string | undefined;
}

/** What else decides how drafts are stored. */
export interface Storing {
  /** The document's id, for messages. */
  readonly id: string;
  /** The generation of the new revision; absent when the revision is given (`new_edits=false`): then the client's `revpos` counts. */
  readonly generation?: number | undefined;
  /**
   * The attachments of the nearest ancestor whose body is known. Empty for a document that does not exist yet; absent
   * when the document exists and none of the ancestors is known.
   */
  readonly parent: readonly StoredAttachment[] | undefined;
  /** `[couchdb] max_attachment_size`, in bytes. */
  readonly maxSize: number;
  /** Makes the gzip bytes that are stored of a compressible content; default: {@link gzip}. */
  readonly compress?: Compress | undefined;
}

/** Makes gzip bytes. */
export type Compress = (bytes: Uint8Array) => Uint8Array;

const DEFAULT_CONTENT_TYPE = 'application/octet-stream';

/** `[attachments] compressible_types` and `compression_level` as CouchDB ships them. */
const COMPRESSIBLE = /^\s*(?:text\/.*|application\/(?:javascript|json|xml)(?:\s*;.*)?)\s*$/i;
const COMPRESSION_LEVEL = 8;

/**
 * Reads the value of `_attachments`. Members that are no objects are an error of the client's.
 *
 * @throws Refusal for a name that begins with `_`, or data that is not base64
 */
export function readAttachments(value: JsonValue | undefined): AttachmentDraft[] {
  if (value === undefined) return [];
  if (!isObject(value)) throw badRequest('Bad special document member: _attachments', 'doc_validation');
  return Array.from(value, ([name, properties]) => {
    if (!isObject(properties)) throw crash('unknown_error', 'function_clause');
    return readAttachment(checkAttachmentName(name), properties);
  });
}

/**
 * The name, when an attachment may be called so.
 *
 * @throws Refusal when it begins with `_`
 */
export function checkAttachmentName(name: string): string {
  if (!name.startsWith('_')) return name;
  throw badRequest(`Attachment name '${name}' starts with prohibited character '_'`);
}

/**
 * Gives the drafts that follow in a multipart body their contents, in the order in which both are listed.
 *
 * @throws Refusal when a part is missing, or longer or shorter than its draft says
 */
export function takeFollowing(drafts: readonly AttachmentDraft[], parts: readonly Uint8Array[]): AttachmentDraft[] {
  const contents = parts.values();
  return drafts.map((draft) => {
    if (draft.kind !== 'follows') return draft;
    const { value: bytes } = contents.next();
    const { encodedLength, ...rest } = draft;
    const expected = encodedLength ?? bytes?.length ?? 0;
    if (bytes === undefined || bytes.length < expected) throw badLength('shorter');
    if (bytes.length > expected) throw badLength('longer');
    return { ...rest, kind: 'content', bytes };
  });
}

/**
 * What will be stored: contents compressed and digested, stubs replaced by what the parent has under the same name.
 *
 * @throws Refusal 412 for a stub the parent cannot fill, 413 for a content that is too large, 400 for one that does not
 * have the digest its writer says
 */
export function storeAttachments(drafts: readonly AttachmentDraft[], storing: Storing): StoredAttachment[] {
  return drafts.map((draft) => storeAttachment(draft, storing));
}

/**
 * Compresses as CouchDB does, by the zlib of the runtime. Not every zlib gives the same bytes for the same content, so
 * neither is the digest the same everywhere.
 */
export function gzip(bytes: Uint8Array): Uint8Array {
  return gzipSync(bytes, { level: COMPRESSION_LEVEL });
}

/** The content before compression. */
export function identityBytes({ stored, encoding }: StoredAttachment): Uint8Array {
  return encoding === undefined ? stored : gunzipSync(stored);
}

function readAttachment(name: string, properties: JsonObject): AttachmentDraft {
  const revpos = readSize(properties.get('revpos'));
  if (properties.get('stub') === true) return { kind: 'stub', name, revpos };
  const described = { name, contentType: readText(properties.get('content_type')) ?? DEFAULT_CONTENT_TYPE };
  if (properties.get('follows') !== true) {
    return { kind: 'content', ...described, bytes: readBase64(name, properties.get('data')), revpos: revpos ?? 0 };
  }
  const length = readSize(properties.get('length'));
  return {
    kind: 'follows',
    ...described,
    revpos: revpos ?? 0,
    encoding: properties.get('encoding') === 'gzip' ? 'gzip' : undefined,
    length,
    encodedLength: readSize(properties.get('encoded_length')) ?? length,
    digest: readText(properties.get('digest')),
  };
}

function readText(value: JsonValue | undefined): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

function readSize(value: JsonValue | undefined): number | undefined {
  return value instanceof JsonNumber && value.isInteger ? Number(value.text) : undefined;
}

/** Blanks between the digits are passed over, as Erlang does it. */
function readBase64(name: string, data: JsonValue | undefined): Uint8Array {
  const bytes = typeof data === 'string' ? decodeBase64(data.replaceAll(/[ \t\r\n]/g, '')) : undefined;
  if (bytes === undefined) throw badRequest(`Invalid attachment data for ${name}`);
  return bytes;
}

function storeAttachment(draft: AttachmentDraft, storing: Storing): StoredAttachment {
  switch (draft.kind) {
    case 'kept':
      return draft.attachment;
    case 'stub':
      return fillStub(draft, storing);
    case 'content':
      return storeContent(draft, storing);
    case 'follows':
      throw crash('unknown_error', 'function_clause');
  }
}

function fillStub(draft: AttachmentDraft & { kind: 'stub' }, { id, parent }: Storing): StoredAttachment {
  if (parent === undefined) throw new Refusal(412, 'missing_stub', `Previous revision missing for document ${id}`);
  const known = parent.find(({ name }) => name === draft.name);
  if (known !== undefined && (draft.revpos === undefined || draft.revpos === known.revpos)) return known;
  throw new Refusal(412, 'missing_stub', `Invalid attachment stub in ${id} for ${draft.name}`);
}

function storeContent(draft: ContentDraft, { generation, maxSize, compress = gzip }: Storing): StoredAttachment {
  const { name, contentType, bytes } = draft;
  if (bytes.length > maxSize) throw new Refusal(413, 'attachment_too_large', name);
  if (draft.digest?.startsWith('md5-') && draft.digest !== digestOf(bytes)) {
    throw badRequest('Possible message corruption.', 'content_md5_mismatch');
  }
  const revpos = generation ?? draft.revpos;
  if (draft.encoding === undefined && COMPRESSIBLE.test(contentType)) {
    return { name, contentType, revpos, ...keep(compress(bytes)), encoding: 'gzip', length: bytes.length };
  }
  const attachment = { name, contentType, revpos, ...keep(bytes) };
  if (draft.encoding === undefined) return { ...attachment, length: bytes.length };
  return { ...attachment, encoding: 'gzip', length: draft.length ?? bytes.length };
}

/** Copies the bytes, so that they do not keep the memory of a whole request alive. */
function keep(bytes: Uint8Array): Pick<StoredAttachment, 'digest' | 'stored'> {
  return { digest: digestOf(bytes), stored: new Uint8Array(bytes) };
}

function digestOf(bytes: Uint8Array): string {
  return `md5-${md5Base64(bytes)}`;
}

function badLength(compared: 'longer' | 'shorter'): Refusal {
  return badRequest(`attachment ${compared} than expected`);
}
