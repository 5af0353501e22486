import { ProtocolError } from '../../core/errors.ts';

/** Pieces of bytes, one after the other; undefined when there are no more. */
export interface Pieces {
  next(): Promise<Uint8Array | undefined>;
}

/**
 * Reads a stream of bytes by counts and delimiters. What it hands out are views of the pieces that came, nothing is copied or
 * kept, and every byte is looked at a bounded number of times however the stream is cut into pieces.
 *
 * One reading after the other: whoever begins one has read the last to its end, or does not care where in it he goes on.
 */
export class ByteReader {
  readonly #source: AsyncIterator<Uint8Array>;
  /** What has come and is not yet read. */
  #ahead: Uint8Array = new Uint8Array();

  constructor(source: AsyncIterable<Uint8Array>) {
    this.#source = source[Symbol.asyncIterator]();
  }

  /** The next byte, which stays to be read; undefined at the end. */
  async peek(): Promise<number | undefined> {
    return (await this.#some())?.[0];
  }

  /** So many bytes, as characters of one byte each; fewer where the stream ends before. For short signs. */
  async sign(length: number): Promise<string> {
    let sign = '';
    const bytes = this.counted(length);
    for (let piece = await bytes.next(); piece !== undefined; piece = await bytes.next())
      sign += String.fromCharCode(...piece);
    return sign;
  }

  /** So many bytes, or what there is of them. */
  counted(length: number): Pieces {
    let left = length;
    return {
      next: async () => {
        if (left === 0) return undefined;
        const piece = await this.#some();
        if (piece === undefined) return undefined;
        const part = piece.subarray(0, left);
        this.#ahead = piece.subarray(part.byteLength);
        left -= part.byteLength;
        return part;
      },
    };
  }

  /**
   * Everything before a delimiter, which is read too.
   *
   * @param delimiter its first byte must not stand in it a second time
   * @param matched how many bytes of the delimiter count as read already
   * @throws ProtocolError when the stream ends first
   */
  delimited(delimiter: Uint8Array, matched = 0): Pieces {
    const search = new DelimiterSearch(delimiter, matched);
    return {
      next: async () => {
        for (;;) {
          const before = search.before();
          if (before !== undefined) return before;
          if (search.isFound) return undefined;
          const piece = await this.#some();
          if (piece === undefined) throw new ProtocolError('A multipart answer ends in the middle', true);
          this.#ahead = piece.subarray(search.push(piece));
        }
      },
    };
  }

  /** What is to be read next, at least one byte; undefined at the end. It stays to be read. */
  async #some(): Promise<Uint8Array | undefined> {
    while (this.#ahead.byteLength === 0) {
      const { done, value } = await this.#source.next();
      if (done) return undefined;
      this.#ahead = value;
    }
    return this.#ahead;
  }

  /** Gives up what has not been read. */
  async close(): Promise<void> {
    await this.#source.return?.();
  }
}

/** Looks for a delimiter in bytes that come piece by piece. */
class DelimiterSearch {
  readonly #delimiter: Uint8Array;
  readonly #first: number;
  /** How many bytes of the delimiter the bytes so far end with. */
  #matched: number;
  /** What came before it and is not yet handed out. */
  readonly #found: Uint8Array[] = [];

  constructor(delimiter: Uint8Array, matched: number) {
    this.#delimiter = delimiter;
    this.#first = delimiter[0] ?? 0;
    this.#matched = matched;
  }

  get isFound(): boolean {
    return this.#matched === this.#delimiter.byteLength;
  }

  before(): Uint8Array | undefined {
    return this.#found.shift();
  }

  /** Takes a piece, as far as the end of the delimiter; gives how many bytes of it that is. */
  push(piece: Uint8Array): number {
    /** Bytes of the delimiter at the end of earlier pieces: they turn out to be content when the match fails. */
    let held = this.#matched;
    let at = 0;
    while (at < piece.byteLength && !this.isFound) {
      if (this.#matched === 0) {
        const next = piece.indexOf(this.#first, at);
        if (next === -1) {
          at = piece.byteLength;
          break;
        }
        at = next + 1;
        this.#matched = 1;
      } else if (piece[at] === this.#delimiter[this.#matched]) {
        at += 1;
        this.#matched += 1;
      } else {
        // The first byte stands nowhere else in the delimiter, so that no later beginning lies in what has matched.
        if (held > 0) this.#found.push(this.#delimiter.subarray(0, held));
        held = 0;
        this.#matched = 0;
      }
    }
    const end = at - (this.#matched - held);
    if (end > 0) this.#found.push(piece.subarray(0, end));
    return at;
  }
}
