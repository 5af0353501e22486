import type { Fault, Place } from './faults.ts';
import type { Piece } from './model.ts';

/** The body was cut off: the connection is to end here. */
export class BodyCut extends Error {
  override readonly name = 'BodyCut';
}

/** Whether a fault changes how a body is sent. */
export function spoilsBody({ pause, cut, garbage, lengthBy }: Fault): boolean {
  return pause !== undefined || cut !== undefined || garbage !== undefined || lengthBy !== undefined;
}

/**
 * A body as a fault lets it through: with pauses, with garbage, or not to its end.
 *
 * @throws BodyCut where the fault cuts it
 */
export async function* spoil(
  body: Piece | AsyncIterable<Piece> | Iterable<Piece>,
  { pause, cut, garbage, lengthBy }: Fault,
  sleep: (ms: number) => Promise<void>,
): AsyncGenerator<Uint8Array> {
  let pieces: AsyncIterable<Uint8Array> = bytesOf(body);
  if (garbage !== undefined) pieces = insertAt(pieces, garbage, ENCODER.encode(garbage.text));
  if (cut !== undefined) pieces = endAt(pieces, cut);
  if (pause?.per === 'row') pieces = rows(pieces);
  else if (pause !== undefined && pause.per !== 'chunk') pieces = divided(pieces, pause.per);
  for await (const piece of pieces) {
    if (pause !== undefined) await sleep(pause.ms);
    yield piece;
  }
  if (cut !== undefined || lengthBy !== undefined) throw new BodyCut();
}

const ENCODER = new TextEncoder();
const LINE_BREAK = 0x0a;

async function* bytesOf(body: Piece | AsyncIterable<Piece> | Iterable<Piece>): AsyncGenerator<Uint8Array> {
  if (typeof body === 'string' || body instanceof Uint8Array) yield toBytes(body);
  else for await (const piece of body) yield toBytes(piece);
}

function toBytes(piece: Piece): Uint8Array {
  return typeof piece === 'string' ? ENCODER.encode(piece) : piece;
}

async function* insertAt(
  pieces: AsyncIterable<Uint8Array>,
  place: Place,
  inserted: Uint8Array,
): AsyncGenerator<Uint8Array> {
  const counter = new PlaceCounter(place);
  let isInserted = false;
  for await (const piece of pieces) {
    const at = isInserted ? undefined : counter.find(piece);
    if (at === undefined) {
      yield piece;
      continue;
    }
    isInserted = true;
    yield* [piece.subarray(0, at), inserted, piece.subarray(at)];
  }
}

async function* endAt(pieces: AsyncIterable<Uint8Array>, place: Place): AsyncGenerator<Uint8Array> {
  const counter = new PlaceCounter(place);
  for await (const piece of pieces) {
    const at = counter.find(piece);
    yield at === undefined ? piece : piece.subarray(0, at);
    if (at !== undefined) return;
  }
}

async function* rows(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let rest: Uint8Array = new Uint8Array();
  for await (const piece of pieces) {
    let start = 0;
    for (let end = piece.indexOf(LINE_BREAK); end !== -1; end = piece.indexOf(LINE_BREAK, start)) {
      yield joined(rest, piece.subarray(start, end + 1));
      rest = new Uint8Array();
      start = end + 1;
    }
    rest = joined(rest, piece.subarray(start));
  }
  if (rest.length > 0) yield rest;
}

async function* divided(pieces: AsyncIterable<Uint8Array>, size: number): AsyncGenerator<Uint8Array> {
  for await (const piece of pieces) {
    for (let start = 0; start < piece.length; start += size) yield piece.subarray(start, start + size);
  }
}

function joined(a: Uint8Array, b: Uint8Array): Uint8Array {
  if (a.length === 0) return b;
  const both = new Uint8Array(a.length + b.length);
  both.set(a);
  both.set(b, a.length);
  return both;
}

/** Finds a place in a body that comes piece by piece. */
class PlaceCounter {
  #left: number;
  readonly #counts: 'bytes' | 'rows';

  constructor({ bytes, rows }: Place) {
    this.#left = bytes ?? rows;
    this.#counts = bytes === undefined ? 'rows' : 'bytes';
  }

  /** Where in the next piece the place is; `undefined` when it comes later. */
  find(piece: Uint8Array): number | undefined {
    return this.#counts === 'bytes' ? this.#findByte(piece) : this.#findRow(piece);
  }

  #findByte(piece: Uint8Array): number | undefined {
    if (piece.length >= this.#left) return this.#left;
    this.#left -= piece.length;
    return undefined;
  }

  #findRow(piece: Uint8Array): number | undefined {
    let at = 0;
    while (this.#left > 0) {
      const lineBreak = piece.indexOf(LINE_BREAK, at);
      if (lineBreak === -1) return undefined;
      at = lineBreak + 1;
      this.#left -= 1;
    }
    return at;
  }
}
