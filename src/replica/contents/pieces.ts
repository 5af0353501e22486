import { StoreError } from '../../core/errors.ts';
import type { Kv } from '../../kv/kv.ts';
import type { Layout } from '../layout.ts';
import type { StoredContent } from './record.ts';

/** Before the bytes of a piece stands their SHA-256, by which it is told whether they are what was written. */
const HASH_BYTES = 32;

/** Larger pieces take fewer commits, smaller ones less memory and less reading for a range. */
const LARGEST_PIECE = 256 * 1024;

/** How many bytes a piece of content has, but for the last one. */
export function pieceBytesOf(partBytes: number): number {
  return Math.min(LARGEST_PIECE, partBytes) - HASH_BYTES;
}

/**
 * A piece that is filled and sealed in the buffer in which it is stored, one piece after the other: a long content would leave
 * its own length in copies behind.
 */
export class PieceBuffer {
  readonly #sealed: Uint8Array<ArrayBuffer>;
  /** Where the bytes of a piece go. */
  readonly bytes: Uint8Array<ArrayBuffer>;

  /** @param length of the longest piece */
  constructor(length: number) {
    this.#sealed = new Uint8Array(HASH_BYTES + length);
    this.bytes = this.#sealed.subarray(HASH_BYTES);
  }

  /** So many bytes as a piece is stored; good until the next are filled in. */
  async seal(length: number): Promise<Uint8Array> {
    this.#sealed.set(await hashOf(this.bytes.subarray(0, length)));
    return this.#sealed.subarray(0, HASH_BYTES + length);
  }
}

/** The bytes of a stored piece; undefined where they are not those that were written. */
export async function openPiece(sealed: Uint8Array): Promise<Uint8Array | undefined> {
  const bytes = new Uint8Array(sealed.subarray(HASH_BYTES));
  const hash = await hashOf(bytes);
  return sealed.length >= HASH_BYTES && hash.every((byte, at) => byte === sealed[at]) ? bytes : undefined;
}

/**
 * The bytes of a content in the form in which it is kept, piece by piece, from the one on that holds the byte at `start`.
 * Memory: one piece.
 *
 * @throws StoreError (`corrupt`) when a piece is not there, or not what was written
 */
export async function* readPieces(
  kv: Kv,
  layout: Layout,
  digest: string,
  { transfer, length, pieceBytes }: Omit<StoredContent, 'encoding'>,
  start = 0,
): AsyncGenerator<Uint8Array, void, undefined> {
  let index = Math.floor(start / pieceBytes);
  for (let at = index * pieceBytes; at < length; index += 1) {
    const [entry] = await kv.read([layout.piece(digest, transfer, index)]);
    const bytes = entry === undefined ? undefined : await openPiece(entry.value);
    if (bytes?.length !== Math.min(pieceBytes, length - at)) {
      const damage = entry === undefined ? 'is not there' : 'is not what was written';
      throw new StoreError(`The replica is damaged: a piece of the content ${digest} ${damage}`, 'corrupt');
    }
    yield bytes;
    at += bytes.length;
  }
}

async function hashOf(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array> {
  return new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
}
