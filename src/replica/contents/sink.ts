import { ContentionError, InputError } from '../../core/errors.ts';
import { decodeCounter } from '../counter.ts';
import { joinBytes } from '../join-bytes.ts';
import type { Mutation } from '../storage.ts';
import type { Writing } from '../write-batch.ts';
import type { ContentInfo, ContentSink } from './content.ts';
import { PieceBuffer, readPieces } from './pieces.ts';
import { decodeTransfer, dropTransfer, encodeTransfer, type TakenTransfer, takeTransfer } from './transfer.ts';

/** A content that is whole, but for its record. */
export interface FinishedContent {
  readonly digest: string;
  readonly transfer: string;
  readonly length: number;
  readonly encoding: string | undefined;
  readonly pieceBytes: number;
  /** Who has written its pieces; undefined where all of it is in `pieces`. */
  readonly owner: string | undefined;
  /** What is still to be written of it. */
  readonly pieces: readonly Mutation[];
}

/** What a sink needs of the replica. */
export interface SinkContext {
  readonly writing: Writing;
  readonly pieceBytes: number;
  /** Makes a content known. */
  readonly finish: (content: FinishedContent) => Promise<void>;
}

/**
 * Begins to take a content, or goes on with it where somebody has stopped. Every full piece is stored as it comes, under a record
 * that says how far the transfer has come; what fits one piece waits in memory for the commit. Memory: one piece.
 */
export async function openSink(context: SinkContext, digest: string, info: ContentInfo): Promise<ContentSink> {
  const { writing, pieceBytes } = context;
  const { kv, layout, platform } = writing;
  const owner = platform.uuid();
  const { length, encoding } = info;
  const form = { length, pieceBytes, owner, ...(encoding === undefined ? {} : { encoding }) };
  const taken = await takeTransfer(kv, layout, digest, { ...form, now: platform.now() });
  if (taken === undefined) return new PieceSink(context, digest, info, { owner });
  // The last piece is taken back into memory where it is not full.
  const rest: Uint8Array[] = [];
  const full = taken.bytes - (taken.bytes % pieceBytes);
  if (full < taken.bytes) {
    const stored = { ...taken, length: taken.bytes, pieceBytes };
    for await (const piece of readPieces(kv, layout, digest, stored, full)) rest.push(piece);
  }
  return new PieceSink(context, digest, info, { owner, taken, rest: joinBytes(rest) });
}

/** How a sink begins. */
interface Beginning {
  readonly owner: string;
  readonly taken?: TakenTransfer;
  /** The bytes of a piece that is not full. */
  readonly rest?: Uint8Array;
}

class PieceSink implements ContentSink {
  readonly offset: number;
  readonly #context: SinkContext;
  readonly #digest: string;
  readonly #info: ContentInfo;
  readonly #owner: string;
  readonly #transfer: string;
  /** Full pieces that are stored. */
  #pieces: number;
  /** Whether the transfer has a record. */
  #isRecorded: boolean;
  readonly #piece: PieceBuffer;
  /** Bytes of the piece at hand. */
  #filled = 0;

  constructor(context: SinkContext, digest: string, info: ContentInfo, { owner, taken, rest }: Beginning) {
    const { pieceBytes, writing } = context;
    this.#context = context;
    this.#digest = digest;
    this.#info = info;
    this.#owner = owner;
    this.#transfer = taken?.transfer ?? writing.platform.uuid();
    this.#isRecorded = taken !== undefined;
    this.offset = taken?.bytes ?? 0;
    this.#pieces = Math.floor(this.offset / pieceBytes);
    this.#piece = new PieceBuffer(Math.min(pieceBytes, info.length));
    if (rest !== undefined) {
      this.#piece.bytes.set(rest);
      this.#filled = rest.length;
    }
  }

  async *kept(): AsyncGenerator<Uint8Array, void, undefined> {
    const { pieceBytes, writing } = this.#context;
    const stored = { transfer: this.#transfer, length: this.offset, pieceBytes };
    yield* readPieces(writing.kv, writing.layout, this.#digest, stored);
  }

  async write(bytes: Uint8Array): Promise<void> {
    this.#context.writing.lifetime.check();
    if (this.#bytes + bytes.length > this.#info.length) {
      throw new InputError(`The content ${this.#digest} has more than ${this.#info.length} bytes`);
    }
    const piece = this.#piece.bytes;
    for (let at = 0; at < bytes.length; ) {
      if (this.#filled === piece.length) await this.#flush();
      const part = bytes.subarray(at, at + piece.length - this.#filled);
      piece.set(part, this.#filled);
      this.#filled += part.length;
      at += part.length;
    }
  }

  async commit(): Promise<void> {
    const { writing, pieceBytes, finish } = this.#context;
    writing.lifetime.check();
    const { length, encoding } = this.#info;
    if (this.#bytes !== length) {
      throw new InputError(`The content ${this.#digest} has ${this.#bytes} bytes so far, not ${length}`);
    }
    await finish({
      digest: this.#digest,
      transfer: this.#transfer,
      length,
      encoding,
      pieceBytes,
      owner: this.#isRecorded ? this.#owner : undefined,
      pieces: this.#filled === 0 ? [] : [await this.#sealed()],
    });
  }

  async suspend(): Promise<void> {
    const { writing } = this.#context;
    if (this.#bytes > 0) await writing.lifetime.run(() => this.#store({ bytes: this.#bytes, isOwned: false }));
  }

  async abort(): Promise<void> {
    const { kv, layout, lifetime } = this.#context.writing;
    if (this.#isRecorded) await lifetime.run(() => dropTransfer(kv, layout, this.#digest, this.#transfer));
  }

  get #bytes(): number {
    return this.#pieces * this.#context.pieceBytes + this.#filled;
  }

  async #sealed(): Promise<Mutation> {
    const { layout } = this.#context.writing;
    const key = layout.piece(this.#digest, this.#transfer, this.#pieces);
    return [key, await this.#piece.seal(this.#filled)];
  }

  /** Stores a piece that is full. */
  async #flush(): Promise<void> {
    await this.#store({ bytes: this.#bytes, isOwned: true });
    this.#pieces += 1;
    this.#filled = 0;
  }

  /**
   * Writes the piece at hand, and how far the transfer has come with it.
   *
   * @throws ContentionError when somebody else has taken it over
   */
  async #store({ bytes, isOwned }: { readonly bytes: number; readonly isOwned: boolean }): Promise<void> {
    const { writing, pieceBytes } = this.#context;
    const { kv, layout, platform } = writing;
    const { length, encoding } = this.#info;
    const key = layout.transfer(this.#digest, this.#transfer);
    const record = encodeTransfer({
      length,
      ...(encoding === undefined ? {} : { encoding }),
      bytes,
      pieceBytes,
      touched: platform.now(),
      ...(isOwned ? { owner: this.#owner } : {}),
    });
    const pieces = this.#filled === 0 ? [] : [await this.#sealed()];
    await kv.update(
      [key, layout.counter],
      ([seen, counter]) => {
        decodeCounter(counter, layout.name);
        const isOurs = seen === undefined ? !this.#isRecorded : decodeTransfer(seen.value).owner === this.#owner;
        if (!isOurs) throw takenOver(this.#digest);
        return { set: [...pieces, [key, record]], result: undefined };
      },
      { durability: 'relaxed' },
    );
    this.#isRecorded = true;
  }
}

/** Somebody else has gone on with a transfer whose owner was silent for too long. */
export function takenOver(digest: string): ContentionError {
  return new ContentionError(`Somebody else has taken over the transfer of the content ${digest}; try again`);
}
