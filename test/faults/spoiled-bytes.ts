import type { Chance } from './chance.ts';

/** More pieces than these would only take time. */
const MOST_PIECES = 60;

/** A body up to some byte. */
export async function* endAt(pieces: AsyncIterable<Uint8Array>, at: number): AsyncGenerator<Uint8Array> {
  let left = at;
  for await (const piece of pieces) {
    if (piece.length > left) {
      yield piece.subarray(0, left);
      return;
    }
    left -= piece.length;
    yield piece;
  }
}

/** A body with something else in the middle of it, if it has so many bytes. */
export async function* insertAt(
  pieces: AsyncIterable<Uint8Array>,
  at: number,
  inserted: Uint8Array,
): AsyncGenerator<Uint8Array> {
  let left = at;
  for await (const piece of pieces) {
    if (left >= 0 && piece.length > left) yield* [piece.subarray(0, left), inserted, piece.subarray(left)];
    else yield piece;
    left -= piece.length;
  }
}

/** The same bytes in other pieces, some of them of one byte. */
export async function* cutIntoPieces(pieces: AsyncIterable<Uint8Array>, chance: Chance): AsyncGenerator<Uint8Array> {
  let count = 0;
  for await (const piece of pieces) {
    for (let start = 0; start < piece.length; count += 1) {
      const size = count < MOST_PIECES ? chance.oneOf([1, 1, 2, 3, 7, 50, 300, 2000]) : piece.length;
      yield piece.subarray(start, start + size);
      start += size;
    }
  }
}
