import { md5Hex } from './digest.ts';
import { encodeTerm, type Term } from './erlang-term.ts';
import { JsonNumber, type JsonObject, type JsonValue } from './json.ts';
import type { StoredAttachment } from './model.ts';

/** What an edit is made of, as far as its revision id depends on it. */
export interface Edit {
  readonly deleted: boolean;
  /** The generation of the revision it follows; 0 for a new document. */
  readonly parentGeneration: number;
  /** The id of the revision it follows; absent for a new document. */
  readonly parentId: string | undefined;
  readonly body: JsonObject;
  readonly attachments: readonly StoredAttachment[];
}

/** The id that CouchDB gives an edit: the MD5 of what it is made of, so that the same edit has the same id everywhere. */
export function revisionId(edit: Edit): string {
  const { deleted, parentGeneration, parentId, body, attachments } = edit;
  const parent = parentId === undefined ? 0 : packRevId(parentId);
  const digests = attachments.map(({ name, contentType, digest }) => ({
    tuple: [name, contentType, fromBase64(digest.slice('md5-'.length))],
  }));
  return md5Hex(encodeTerm([{ atom: String(deleted) }, parentGeneration, parent, termOf(body), digests.reverse()]));
}

function termOf(value: JsonValue): Term {
  if (typeof value === 'string') return value;
  if (value instanceof JsonNumber) return value.isInteger ? BigInt(value.text) : { float: Number(value.text) };
  if (Array.isArray(value)) return value.map(termOf);
  if (value instanceof Map) {
    return { tuple: [Array.from(value, ([name, member]) => ({ tuple: [name, termOf(member)] }))] };
  }
  return { atom: String(value) };
}

/** 32 hex digits are stored as 16 bytes, any other id as its text. */
function packRevId(id: string): Term {
  if (!/^[0-9a-f]{32}$/.test(id)) return id;
  return Uint8Array.from({ length: 16 }, (_, i) => Number.parseInt(id.slice(2 * i, 2 * i + 2), 16));
}

function fromBase64(text: string): Uint8Array {
  return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
}
