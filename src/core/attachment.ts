import { Feed } from './feed.ts';

/** What is known of an attachment. */
export interface AttachmentInfo {
  readonly name: string;
  /** The revision of the document that it was read from. */
  readonly rev: string;
  /** The MIME type, as it was uploaded. */
  readonly contentType: string;
  /** Bytes of the whole content, as it was uploaded. */
  readonly length: number;
  /** CouchDB's name of the content, `md5-…`: of the compressed bytes where the server has compressed it. */
  readonly digest: string;
}

/** A part of some content, as `Blob.slice` takes it. */
export interface ByteRange {
  /** The first byte, from 0 on. Default 0. */
  readonly start?: number;
  /** The byte after the last one. Default the end. */
  readonly end?: number;
}

/** Where a range of some content begins and ends, within the content. */
export function boundsOf(
  { start = 0, end }: ByteRange,
  length: number,
): { readonly start: number; readonly end: number } {
  const first = Math.min(Math.max(start, 0), length);
  return { start: first, end: Math.min(Math.max(end ?? length, first), length) };
}

/**
 * An attachment of a document: what is known of it, and its content as it was uploaded, or the range of it that was asked for.
 * Nothing is read before it is wanted, and everything as often as it is wanted.
 *
 * @example
 * ```ts
 * const picture = await couch.db('http://127.0.0.1:5984/recipes').attachment('pancakes', 'stack.jpg');
 * if (picture !== undefined) console.log(picture.contentType, (await picture.blob()).size);
 * ```
 */
export class Attachment implements AttachmentInfo {
  readonly name: string;
  readonly rev: string;
  readonly contentType: string;
  readonly length: number;
  readonly digest: string;
  readonly #read: (signal: AbortSignal) => AsyncIterable<Uint8Array>;
  readonly #signal: AbortSignal | undefined;

  /** @internal */
  constructor(
    { name, rev, contentType, length, digest }: AttachmentInfo,
    read: (signal: AbortSignal) => AsyncIterable<Uint8Array>,
    signal?: AbortSignal,
  ) {
    this.name = name;
    this.rev = rev;
    this.contentType = contentType;
    this.length = length;
    this.digest = digest;
    this.#read = read;
    this.#signal = signal;
  }

  /** The content piece by piece, each a few kilobytes, as fast as they are asked for. */
  bytes(): Feed<Uint8Array> {
    const read = this.#read;
    return new Feed(
      async function* (signal) {
        for await (const piece of read(signal)) yield [piece];
      },
      { signal: this.#signal },
    );
  }

  /** The content as a stream, for a `Response` or for whatever takes streams. Cancelling it closes the connection behind it. */
  stream(): ReadableStream<Uint8Array> {
    const pieces = this.bytes()[Symbol.asyncIterator]();
    return new ReadableStream<Uint8Array>(
      {
        async pull(controller) {
          const { done, value } = await pieces.next();
          if (done) controller.close();
          else controller.enqueue(value);
        },
        async cancel() {
          await pieces.return?.();
        },
      },
      // Nothing is read ahead of the reader.
      { highWaterMark: 0 },
    );
  }

  /** The whole content as a `Blob` of its type. */
  async blob(): Promise<Blob> {
    const pieces: Uint8Array<ArrayBuffer>[] = [];
    for await (const piece of this.bytes()) pieces.push(new Uint8Array(piece));
    return new Blob(pieces, { type: this.contentType });
  }
}
