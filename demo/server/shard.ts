import type { StoredDocument } from './document.ts';

/** A shard: the documents whose ids hash into its range, in the order of their latest change. */
export class Shard {
  /** The range of hashes, the way shard files are named, such as `00000000-7fffffff`. */
  readonly range: string;
  /** Tells this shard from any other, also from one of a deleted database with the same name. */
  readonly uuid: string;
  /** The document of sequence `i + 1`; a hole where a later change took its place. */
  readonly #log: (StoredDocument | undefined)[] = [];
  #holes = 0;

  constructor(range: string, uuid: string) {
    this.range = range;
    this.uuid = uuid;
  }

  /** The sequence of the latest change; 0 before the first. */
  get sequence(): number {
    return this.#log.length;
  }

  /** Adds the document as the latest change; it must carry the sequence after {@link Shard.sequence}. */
  append(document: StoredDocument): void {
    this.#log.push(document);
  }

  /** Lets the sequence grow without a document, as a new security object does. */
  skip(): void {
    this.#log.push(undefined);
    this.#holes += 1;
  }

  /** Forgets the document at a sequence, because it has a later one or was purged. */
  vacate(sequence: number): void {
    this.#log[sequence - 1] = undefined;
    this.#holes += 1;
  }

  /** Puts another state of a document in the place of the one with its sequence. */
  replace(document: StoredDocument): void {
    this.#log[document.sequence - 1] = document;
  }

  /** The document at a sequence; `undefined` for a hole and beyond the end. */
  at(sequence: number): StoredDocument | undefined {
    return this.#log[sequence - 1];
  }

  /** How many documents have changed after a sequence. */
  countAfter(sequence: number): number {
    if (this.#holes === 0) return Math.max(0, this.#log.length - sequence);
    let count = 0;
    for (let i = sequence; i < this.#log.length; i++) if (this.#log[i] !== undefined) count += 1;
    return count;
  }
}

/** Which of `count` shards a document belongs to: the CRC-32 of its id in equal ranges. */
export function shardOf(id: string, count: number): number {
  return Math.floor((crc32(ENCODER.encode(id)) * count) / 2 ** 32);
}

/** The range of hashes of a shard, as text. */
export function rangeOf(index: number, count: number): string {
  const from = Math.ceil((index * 2 ** 32) / count);
  const to = Math.ceil(((index + 1) * 2 ** 32) / count) - 1;
  return `${hex(from)}-${hex(to)}`;
}

const ENCODER = new TextEncoder();

const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
  return value >>> 0;
});

function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) crc = (crc >>> 8) ^ (CRC_TABLE[(crc ^ byte) & 0xff] ?? 0);
  return (crc ^ 0xffffffff) >>> 0;
}

function hex(value: number): string {
  return value.toString(16).padStart(8, '0');
}
