import { StoreError } from '../../core/errors.ts';
import { isJsonObject } from '../../core/json-value.ts';
import { decodeJson, encodeJson } from '../../kv/json.ts';
import { isCount } from '../count.ts';

/** What a replica knows of a content, under its digest. */
export interface ContentRecord {
  /** How many attachments of stored revisions name it. */
  readonly references: number;
  /** The content, where it is here. */
  readonly stored?: StoredContent;
  /** Since when it is here and nobody names it, in milliseconds since 1970: among what is loose it stands under that time. */
  readonly looseSince?: number;
}

/** A content that is here, whole. */
export interface StoredContent {
  /** Tells its pieces from those of other transfers of the digest. */
  readonly transfer: string;
  /** Bytes in all, in the form in which they are kept. */
  readonly length: number;
  /** `gzip` for the bytes as CouchDB keeps what it has compressed; absent for the content as it was uploaded. */
  readonly encoding?: string;
  /** Bytes of every piece but the last. */
  readonly pieceBytes: number;
}

/** Whether contents are kept under such a digest: one of a server that is sound is short and has no blanks. */
export function isDigest(digest: string): boolean {
  return DIGEST.test(digest);
}

export function encodeContent(record: ContentRecord): Uint8Array {
  return encodeJson(record);
}

/**
 * @throws StoreError (`corrupt`) for what is none
 */
export function decodeContent(bytes: Uint8Array): ContentRecord {
  const value = decodeJson(bytes);
  const { references, stored, looseSince } = isJsonObject(value) ? value : {};
  if (isCount(references) && (stored === undefined || isStored(stored))) {
    return {
      references,
      ...(stored === undefined ? {} : { stored }),
      ...(typeof looseSince === 'number' ? { looseSince } : {}),
    };
  }
  throw new StoreError('The replica is damaged: the record of a content cannot be read', 'corrupt');
}

function isStored(value: unknown): value is StoredContent {
  if (!isJsonObject(value)) return false;
  const { transfer, length, encoding, pieceBytes } = value;
  return (
    typeof transfer === 'string' &&
    isCount(length) &&
    isCount(pieceBytes) &&
    pieceBytes > 0 &&
    (encoding === undefined || typeof encoding === 'string')
  );
}

const DIGEST = /^[\x21-\x7e]{1,100}$/;
