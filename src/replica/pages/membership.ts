/**
 * A Bloom filter: tells of most ids that are not among some that they are not, and never of one that is.
 * Of 16 bits for each id, 7 are asked; about one in 1,400 strangers passes.
 *
 * @module
 */

const BITS_PER_ID = 16;
const PROBES = 7;

/** What a filter asks of an id. Made once, it serves for any number of filters. */
export interface IdHash {
  readonly first: number;
  readonly second: number;
}

/** Two hashes over the bytes of an id, from which all probes follow (Kirsch and Mitzenmacher, 2006). */
export function hashId(id: Uint8Array): IdHash {
  let first = 0x811c9dc5;
  let second = 0x9747b28c;
  for (const byte of id) {
    first = Math.imul(first ^ byte, 0x01000193);
    second = Math.imul(second ^ byte, 0x5bd1e995);
    second ^= second >>> 15;
  }
  return { first: mixed(first), second: mixed(second) | 1 };
}

/** The filter of some ids, two bytes for each. */
export function filterOf(hashes: readonly IdHash[]): Uint8Array {
  const filter = new Uint8Array(Math.max(1, Math.ceil((hashes.length * BITS_PER_ID) / 8)));
  for (const hash of hashes) {
    for (let probe = 0; probe < PROBES; probe += 1) {
      const bit = bitOf(hash, probe, filter.length * 8);
      filter[bit >>> 3] = (filter[bit >>> 3] ?? 0) | (1 << (bit & 7));
    }
  }
  return filter;
}

/** Whether an id may be among those of the filter. */
export function mayContain(filter: Uint8Array, hash: IdHash): boolean {
  for (let probe = 0; probe < PROBES; probe += 1) {
    const bit = bitOf(hash, probe, filter.length * 8);
    if (((filter[bit >>> 3] ?? 0) & (1 << (bit & 7))) === 0) return false;
  }
  return true;
}

function bitOf({ first, second }: IdHash, probe: number, bits: number): number {
  return ((first + Math.imul(probe, second)) >>> 0) % bits;
}

/** The finish of MurmurHash3, so that ids which differ in a single byte differ in every bit. */
function mixed(hash: number): number {
  let bits = hash ^ (hash >>> 16);
  bits = Math.imul(bits, 0x85ebca6b);
  bits ^= bits >>> 13;
  bits = Math.imul(bits, 0xc2b2ae35);
  return (bits ^ (bits >>> 16)) >>> 0;
}
