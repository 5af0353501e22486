import { joinBytes } from './join-bytes.ts';
import type { Layout } from './layout.ts';
import type { BodyPlace, Mutation } from './storage.ts';

/** A segment that has reached this size is closed. One document brings at most this much along when it is read. */
const SEGMENT_BYTES = 32 * 1024;

/**
 * Lays bodies one behind the other into segments. What is too large for one record takes several, with numbers in a row: a
 * segment has the number of its first.
 */
export class SegmentWriter {
  readonly #layout: Layout;
  readonly #partBytes: number;
  #segment: number;
  #open: Uint8Array[] = [];
  #openBytes = 0;
  #closed: Mutation[] = [];
  #closedBytes = 0;

  constructor(layout: Layout, partBytes: number, firstSegment: number) {
    this.#layout = layout;
    this.#partBytes = partBytes;
    this.#segment = firstSegment;
  }

  /** The first number that is not used yet. */
  get next(): number {
    return this.#segment + Math.ceil(this.#openBytes / this.#partBytes);
  }

  /** What has been added and not been taken. */
  get held(): { readonly records: number; readonly bytes: number } {
    const records = this.#closed.length + Math.ceil(this.#openBytes / this.#partBytes);
    return { records, bytes: this.#closedBytes + this.#openBytes };
  }

  add(body: Uint8Array): BodyPlace {
    const place = [this.#segment, this.#openBytes, body.length];
    this.#open.push(body);
    this.#openBytes += body.length;
    if (this.#openBytes >= SEGMENT_BYTES) this.#close();
    return place;
  }

  /** The records of everything that has been added since the last time. */
  take(): Mutation[] {
    if (this.#openBytes > 0) this.#close();
    const records = this.#closed;
    this.#closed = [];
    this.#closedBytes = 0;
    return records;
  }

  #close(): void {
    const segment = joinBytes(this.#open);
    for (let part = 0; part * this.#partBytes < segment.length; part += 1) {
      const bytes = segment.subarray(part * this.#partBytes, (part + 1) * this.#partBytes);
      this.#closed.push([this.#layout.body(this.#segment + part), bytes]);
    }
    this.#closedBytes += segment.length;
    this.#segment = this.next;
    this.#open = [];
    this.#openBytes = 0;
  }
}
