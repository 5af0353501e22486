/** A revision taken apart: `3-917f…` is generation 3 with the id `917f…`. */
export interface Rev {
  /** How many edits led here; 1 for a document that was just made. */
  readonly generation: number;
  /** What tells revisions of one generation apart: 32 hex digits from CouchDB itself, any text from other writers. */
  readonly id: string;
}

/**
 * Takes a revision apart at its first dash. As lenient as CouchDB, which reads `+1-x` and `01-x` as `1-x` and lets the id
 * be empty; `undefined` for what it refuses (no dash, a sign or blank before the digits) and for a generation that a
 * number cannot hold exactly.
 *
 * @example
 * ```ts
 * parseRev('3-a-b'); // { generation: 3, id: 'a-b' }
 * parseRev('latest'); // undefined
 * ```
 */
export function parseRev(text: string): Rev | undefined {
  const dash = text.indexOf('-');
  if (dash < 1 || !GENERATION.test(text.slice(0, dash))) return undefined;
  const generation = Number(text.slice(0, dash));
  return Number.isSafeInteger(generation) ? { generation, id: text.slice(dash + 1) } : undefined;
}

/**
 * The revision as text, the way every CouchDB endpoint spells it.
 *
 * @example
 * ```ts
 * formatRev(3, 'a'); // '3-a'
 * ```
 */
export function formatRev(generation: number, id: string): string {
  return `${generation}-${id}`;
}

/**
 * How CouchDB spells a revision id that it has stored. It packs 32 hex digits into 16 bytes and shows every 16 bytes as
 * hex digits, so upper case comes back in lower case, and an id of 16 bytes comes back as 32 digits. All other ids come
 * back as they were; `undefined` for one that CouchDB refuses: 32 bytes that are not hex digits.
 *
 * @example
 * ```ts
 * canonicalRevId('abcdefghijklmnop'); // '6162636465666768696a6b6c6d6e6f70'
 * ```
 */
export function canonicalRevId(id: string): string | undefined {
  if (HASH.test(id)) return id;
  if (id.length > 32) return id;
  const bytes = ENCODER.encode(id);
  if (bytes.length === 32) return HEX.test(id) ? id.toLowerCase() : undefined;
  if (bytes.length !== 16) return id;
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/**
 * The order of revision ids in CouchDB: that of the bytes it stores, 16 for an id of 32 hex digits, UTF-8 for any other.
 * Negative when `a` comes first; the winner of two equally long live branches is the one that comes last.
 *
 * @example
 * ```ts
 * compareRevIds('abc', '967a00dff5e02add41819138abb3284d'); // negative: 0x61 is before 0x96
 * ```
 */
export function compareRevIds(a: string, b: string): number {
  if (a === b) return 0;
  if (HASH.test(a) && HASH.test(b)) return a < b ? -1 : 1;
  const left = pack(a);
  const right = pack(b);
  const shared = Math.min(left.length, right.length);
  for (let i = 0; i < shared; i++) {
    const difference = (left[i] ?? 0) - (right[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return left.length - right.length;
}

const GENERATION = /^\+?[0-9]+$/;
const HASH = /^[0-9a-f]{32}$/;
const HEX = /^[0-9a-f]{32}$/i;
const ENCODER = new TextEncoder();

/** The bytes by which CouchDB stores and compares an id. */
function pack(id: string): Uint8Array {
  if (!HEX.test(id)) return ENCODER.encode(id);
  return Uint8Array.from({ length: 16 }, (_, i) => Number.parseInt(id.slice(2 * i, 2 * i + 2), 16));
}
