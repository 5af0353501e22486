import { LimitError, StoreError } from '../../src/core/errors.ts';
import { compareBytes, rangeBounds } from '../../src/kv/key.ts';
import type { Entry, Key, KeyPart, KeyRange } from '../../src/kv/kv.ts';
import type { DenoKvEntry, DenoKvKey, DenoKvKeyPart } from './database.ts';
import { LIMITS, NAMESPACE } from './limits.ts';

/** The first part that Deno KV knows, and one after all bytes and numbers. */
const [FIRST, LAST] = [new Uint8Array(), true];

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * A key as Deno KV takes it, part by part: its order is that of packed keys, and Deno KV encodes it in no more bytes. A packed
 * key in one part would be escaped once more, and take up to twice as many. Strings are UTF-8, as `@deno/kv` would give back
 * those that begin with U+FEFF without it.
 */
export function denoKey(key: Key): DenoKvKey {
  return [NAMESPACE, ...key.map(denoPart)];
}

/**
 * What was read; undefined for a key that is absent.
 *
 * @throws StoreError (`foreign`) for what couchtide has not written
 */
export function entryOf({ key, value, versionstamp }: DenoKvEntry): Entry | undefined {
  if (versionstamp === null) return undefined;
  if (!(value instanceof Uint8Array)) throw foreign();
  // Node.js has a Buffer here.
  return { key: key.slice(1).map(partOf), value: new Uint8Array(value), version: versionstamp };
}

/**
 * What to list for a range; undefined when that is nothing.
 *
 * @throws InputError when a bound does not begin with the prefix
 * @throws LimitError when a bound is longer than any key
 */
export function selectorOf(range: KeyRange): { start: DenoKvKey; end: DenoKvKey } | undefined {
  const { start, end } = rangeBounds(range);
  if (compareBytes(start, end) >= 0) return undefined;
  const longest = Math.max(start.length, end.length);
  if (longest > LIMITS.keyBytes) throw new LimitError('keyBytes', LIMITS.keyBytes, longest);
  const { prefix, from = prefix, to = prefix } = range;
  return {
    // The prefix itself is not in its range.
    start: from.length > prefix.length ? denoKey(from) : [...denoKey(prefix), FIRST],
    end: to.length > prefix.length ? denoKey(to) : [...denoKey(prefix), LAST],
  };
}

function denoPart(part: KeyPart): DenoKvKeyPart {
  if (typeof part === 'string') return encoder.encode(part);
  // Deno KV tells -0 from 0.
  return part === 0 ? 0 : part;
}

function partOf(part: unknown): KeyPart {
  if (typeof part === 'number') return part;
  if (!(part instanceof Uint8Array)) throw foreign();
  try {
    return decoder.decode(part);
  } catch (error) {
    throw foreign({ cause: error });
  }
}

function foreign(options?: ErrorOptions): StoreError {
  const message = `The keys of this Deno KV that begin with ${JSON.stringify(NAMESPACE)} are not couchtide's`;
  return new StoreError(`${message}: choose another database`, 'foreign', options);
}
