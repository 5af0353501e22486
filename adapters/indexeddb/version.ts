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

/** A value behind its version, in a buffer of its own. */
export function encodeEntry(version: Uint8Array, value: Uint8Array): ArrayBuffer {
  const bytes = new Uint8Array(VERSION_BYTES + value.length);
  bytes.set(version);
  bytes.set(value, VERSION_BYTES);
  return bytes.buffer;
}

/** @throws StoreError (`foreign`) for what is no such value */
export function decodeEntry(key: Key, stored: ArrayBuffer): Entry {
  if (!(stored instanceof ArrayBuffer) || stored.byteLength < VERSION_BYTES) {
    throw new StoreError('The database holds what couchtide has not written: choose another name', 'foreign');
  }
  const version = Array.from(new Uint8Array(stored, 0, VERSION_BYTES), (byte) => byte.toString(16).padStart(2, '0'));
  return { key, value: new Uint8Array(stored.slice(VERSION_BYTES)), version: version.join('') };
}
