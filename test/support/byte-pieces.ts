import { Buffer } from 'node:buffer';

/** Bytes in pieces, cut at the given places. */
export async function* cutAt(bytes: Uint8Array, ...places: readonly number[]): AsyncGenerator<Uint8Array> {
  const ends = [...new Set([...places, bytes.byteLength])].sort((a, b) => a - b);
  let start = 0;
  for (const end of ends) {
    yield bytes.subarray(start, end);
    start = end;
  }
}

/** Bytes in pieces of one size. */
export async function* piecesOf(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let start = 0; start < bytes.byteLength; start += size) yield bytes.subarray(start, start + size);
}

/** All pieces joined. */
export async function collect(pieces: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const all: Uint8Array[] = [];
  // Copied, as whoever gives a piece may write to it again.
  for await (const piece of pieces) all.push(piece.slice());
  return Buffer.concat(all);
}
