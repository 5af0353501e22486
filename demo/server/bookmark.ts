import { deflateSync, inflateSync } from 'node:zlib';
import { decodeTerm, encodeTerm, type Term } from './erlang-term.ts';

/** Where a search goes on: behind the document of an id. A compressed Erlang term, as CouchDB gives it. */
export function formatBookmark(id: string): string {
  const key = (name: string): Term => ({ tuple: [{ atom: name }, id] });
  const term = encodeTerm([key('startkey_docid'), key('startkey')]).subarray(1);
  const head = Buffer.from([VERSION, COMPRESSED, 0, 0, 0, 0]);
  head.writeUInt32BE(term.length, 2);
  return Buffer.concat([head, deflateSync(term)]).toString('base64url');
}

/** The id in a bookmark; `undefined` when it is none. */
export function readBookmark(bookmark: string): string | undefined {
  const bytes = Buffer.from(bookmark, 'base64url');
  if (bytes[0] !== VERSION || bytes[1] !== COMPRESSED) return undefined;
  try {
    const term = decodeTerm(Buffer.concat([bytes.subarray(0, 1), inflateSync(bytes.subarray(6))]));
    const [first] = Array.isArray(term) ? term : [];
    const [, id] = isTuple(first) ? first.tuple : [];
    return id instanceof Uint8Array ? new TextDecoder().decode(id) : undefined;
  } catch {
    return undefined;
  }
}

const VERSION = 131;
const COMPRESSED = 80;

function isTuple(term: Term | undefined): term is { readonly tuple: readonly Term[] } {
  return typeof term === 'object' && 'tuple' in term;
}
