/**
 * Multipart answers as streams (RFC 2046, section 5.1), with the oddities of CouchDB's: what stands in the headers of a part is
 * not escaped, so that an attachment's name may forge any of them, and `_bulk_get` leaves an answer without parts empty.
 *
 * @module
 */

import { ProtocolError } from '../../core/errors.ts';
import { ByteReader, type Pieces } from './byte-reader.ts';
import { boundaryOf } from './media-type.ts';

/** One part of a multipart body. It can be read until the next part is asked for; what is left of it then is passed over. */
export interface Part {
  /** By their names in lower case, several of one name joined by commas. Hints: CouchDB does not escape what it puts there. */
  readonly headers: ReadonlyMap<string, string>;
  /** The first byte of the content, which stays to be read; undefined when there is none. */
  peek(): Promise<number | undefined>;
  /** The content, or what is left of it. */
  bytes(): AsyncGenerator<Uint8Array, void, undefined>;
  /**
   * The parts of a part that is a multipart body itself. Instead of {@link Part.bytes}.
   *
   * @throws ProtocolError when it is none, or lies too deep
   */
  parts(): AsyncGenerator<Part, void, undefined>;
}

/** Bytes of headers that a part may have: names of attachments and ids of documents stand there. */
const LONGEST_HEAD = 64 * 1024;

/** Bytes that may stand before the first part and after the last. */
const LONGEST_MARGIN = 64 * 1024;

/** How deep bodies lie in each other: documents in an answer, attachments in a document. */
const DEEPEST = 2;

/**
 * Reads a multipart body part by part. Where a part tells its length, its content is not searched for the boundary.
 *
 * @throws ProtocolError when the body ends too early, is not what its lengths and boundaries say, or exceeds the limits
 *
 * @example
 * ```ts
 * async function* body() {
 *   yield new TextEncoder().encode('--x\r\nContent-Type: text/plain\r\n\r\nhello\r\n--x--');
 * }
 * for await (const part of readMultipart(body(), 'x')) part.headers.get('content-type'); // 'text/plain'
 * ```
 */
export async function* readMultipart(
  bytes: AsyncIterable<Uint8Array>,
  boundary: string,
): AsyncGenerator<Part, void, undefined> {
  const reader = new ByteReader(bytes);
  try {
    yield* partsOf(reader, boundary, 1);
    // To its end, so that the connection can be used again.
    await readMargin(reader.counted(LONGEST_MARGIN));
  } finally {
    await reader.close();
  }
}

async function* partsOf(
  reader: ByteReader,
  boundary: string,
  depth: number,
): AsyncGenerator<ReceivedPart, void, undefined> {
  if (!BOUNDARY.test(boundary)) {
    throw new ProtocolError(`A multipart answer names no usable boundary: ${JSON.stringify(boundary)}`, true);
  }
  // Without parts CouchDB sends nothing at all, not even the end.
  if ((await reader.peek()) === undefined) return;
  const delimiter = new TextEncoder().encode(`\r\n--${boundary}`);
  // The first delimiter may stand at the very beginning, as if there were a line break before it.
  await readMargin(reader.delimited(delimiter, 2));
  while (await isPartNext(reader)) {
    const part = new ReceivedPart(reader, await readHead(reader), delimiter, depth);
    yield part;
    await part.skip();
  }
}

/** What follows a delimiter: the next part, or the two dashes of the end. */
async function isPartNext(reader: ByteReader): Promise<boolean> {
  const sign = await reader.sign(2);
  if (sign === '--') return false;
  if (sign === '\r\n') return true;
  throw new ProtocolError(`A boundary of a multipart answer goes on with ${JSON.stringify(sign)}`, true);
}

/** Reads the headers up to the empty line. Lines that are none, as a line break in a name makes them, are passed over. */
async function readHead(reader: ByteReader): Promise<ReadonlyMap<string, string>> {
  const headers = new Map<string, string>();
  let size = 0;
  for (;;) {
    const pieces: Uint8Array[] = [];
    let length = 0;
    const line = reader.delimited(LINE_BREAK);
    for (let piece = await line.next(); piece !== undefined; piece = await line.next()) {
      length += piece.byteLength;
      if (size + length > LONGEST_HEAD) {
        throw new ProtocolError(`A part of a multipart answer has more than ${LONGEST_HEAD} bytes of headers`, true);
      }
      pieces.push(piece);
    }
    if (length === 0) return headers;
    size += length;
    addHeader(headers, decodeLine(pieces));
  }
}

function addHeader(headers: Map<string, string>, line: string): void {
  const colon = line.indexOf(':');
  if (colon === -1) return;
  const name = line.slice(0, colon).trim().toLowerCase();
  const value = line.slice(colon + 1).trim();
  const former = headers.get(name);
  headers.set(name, former === undefined ? value : `${former}, ${value}`);
}

function decodeLine(pieces: readonly Uint8Array[]): string {
  // Whatever is no UTF-8 becomes a sign that says so: nothing is decided by what a header says alone.
  const decoder = new TextDecoder();
  return pieces.map((piece) => decoder.decode(piece, { stream: true })).join('') + decoder.decode();
}

/** Reads what stands around the parts, which means nothing. */
async function readMargin(bytes: Pieces): Promise<void> {
  let length = 0;
  for (let piece = await bytes.next(); piece !== undefined; piece = await bytes.next()) {
    length += piece.byteLength;
    if (length > LONGEST_MARGIN) {
      throw new ProtocolError(`A multipart answer has more than ${LONGEST_MARGIN} bytes before its first part`, true);
    }
  }
}

class ReceivedPart implements Part {
  readonly headers: ReadonlyMap<string, string>;
  readonly #reader: ByteReader;
  readonly #delimiter: Uint8Array;
  readonly #depth: number;
  #content: Pieces | undefined;
  #isOver = false;

  constructor(reader: ByteReader, headers: ReadonlyMap<string, string>, delimiter: Uint8Array, depth: number) {
    this.headers = headers;
    this.#reader = reader;
    this.#delimiter = delimiter;
    this.#depth = depth;
  }

  async peek(): Promise<number | undefined> {
    return this.headers.get('content-length') === '0' ? undefined : this.#reader.peek();
  }

  async *bytes(): AsyncGenerator<Uint8Array, void, undefined> {
    for (let piece = await this.#next(); piece !== undefined; piece = await this.#next()) yield piece;
  }

  async *parts(): AsyncGenerator<Part, void, undefined> {
    const boundary = boundaryOf(this.headers.get('content-type'));
    if (boundary === undefined || this.#depth === DEEPEST) {
      throw new ProtocolError('A part of a multipart answer has no parts of its own where it should', true);
    }
    // Its parts end where they say. What is left after them is searched for the boundary of this part.
    this.#content = this.#reader.delimited(this.#delimiter);
    yield* partsOf(this.#reader, boundary, this.#depth + 1);
  }

  /** Reads what is left, and ends all further reading. */
  async skip(): Promise<void> {
    while ((await this.#next()) !== undefined);
  }

  async #next(): Promise<Uint8Array | undefined> {
    if (this.#isOver) return undefined;
    const length = lengthOf(this.headers);
    this.#content ??=
      length === undefined
        ? this.#reader.delimited(this.#delimiter)
        : followedBy(this.#reader, length, this.#delimiter);
    const piece = await this.#content.next();
    this.#isOver = piece === undefined;
    return piece;
  }
}

/** So many bytes, which the delimiter must follow. */
function followedBy(reader: ByteReader, length: number, delimiter: Uint8Array): Pieces {
  const content = reader.counted(length);
  return {
    async next() {
      const piece = await content.next();
      if (piece !== undefined) return piece;
      if ((await reader.sign(delimiter.byteLength)) === String.fromCharCode(...delimiter)) return undefined;
      throw new ProtocolError(`A part of a multipart answer does not have the ${length} bytes that it says`, true);
    },
  };
}

/** The length that a part tells; undefined where it tells none, or contradicts itself. */
function lengthOf(headers: ReadonlyMap<string, string>): number | undefined {
  const text = headers.get('content-length');
  return text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}

/** What RFC 2046 allows and a little more, but no line break: the search for boundaries counts on that. */
const BOUNDARY = /^[\x20-\x7e]{1,200}$/;

const LINE_BREAK = Uint8Array.of(0x0d, 0x0a);
