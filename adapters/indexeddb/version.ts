import { StoreError } from '../../src/core/errors.ts';
import type { Entry, Key } from '../../src/kv/kv.ts';

/** A random number that names a handle, and a count of its commits. */
const VERSION_BYTES = 16;

/** Makes versions that no other handle makes, in any tab, and that never come again. */
export class VersionSource {
  readonly #bytes = new Uint8Array(VERSION_BYTES);
  #commits = 0;

  constructor() {
    crypto.getRandomValues(this.#bytes.subarray(0, 8));
  }

  /** The version of the next commit. It is only good until the one after. */
  next(): Uint8Array {
    this.#commits += 1;
    new DataView(this.#bytes.buffer).setFloat64(8, this.#commits);
    return this.#bytes;
  }
}

/** Buffers from one length to another are kept to be used again: smaller ones cost nothing, and larger ones come one at a time. */
const [LEAST_KEPT, MOST_KEPT] = [64 * 1024, 512 * 1024];

/** Puts values behind their versions, each in a buffer of its own, as browsers store the whole buffer behind a view. */
export class EntryEncoder {
  #buffer = new ArrayBuffer(0);

  /**
   * The value as it is stored; good until the next one. A browser has copied it when `put` returns: so one buffer does for all the
   * pieces of an attachment, which are of one length, and would leave hundreds of megabytes of garbage behind.
   */
  encode(version: Uint8Array, value: Uint8Array): ArrayBuffer {
    const length = VERSION_BYTES + value.length;
    const buffer = this.#buffer.byteLength === length ? this.#buffer : new ArrayBuffer(length);
    if (length >= LEAST_KEPT && length <= MOST_KEPT) this.#buffer = buffer;
    const bytes = new Uint8Array(buffer);
    bytes.set(version);
    bytes.set(value, VERSION_BYTES);
    return buffer;
  }
}

/** @throws StoreError (`foreign`) for what is no such value */
export function decodeEntry(key: Key, stored: ArrayBuffer): Entry {
  if (!(stored instanceof ArrayBuffer) || stored.byteLength < VERSION_BYTES) {
    throw new StoreError('The database holds what couchtide has not written: choose another name', 'foreign');
  }
  const version = Array.from(new Uint8Array(stored, 0, VERSION_BYTES), (byte) => byte.toString(16).padStart(2, '0'));
  return { key, value: new Uint8Array(stored.slice(VERSION_BYTES)), version: version.join('') };
}
