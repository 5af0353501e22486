import { InputError, LimitError } from '../core/errors.ts';
import { packKey } from './key.ts';
import type { Decision, Key, KvLimits } from './kv.ts';

/** A decision with its keys packed and its size known to be allowed. */
export interface PackedMutations {
  readonly set: readonly (readonly [packed: Uint8Array, value: Uint8Array])[];
  readonly delete: readonly Uint8Array[];
}

/**
 * Packs keys to be read or guarded.
 *
 * @throws InputError for what is no key
 * @throws LimitError when there are too many of them, or one is too long
 */
export function packKeys(
  keys: readonly Key[],
  limits: KvLimits,
  most: 'keysPerRead' | 'guardsPerUpdate',
): Uint8Array[] {
  check(limits, most, keys.length);
  return keys.map((key) => packAllowed(key, limits));
}

/**
 * Packs what an update is to write.
 *
 * @param guards the packed guards of the same update, which count as keys
 * @throws InputError for what is no key
 * @throws LimitError when something is larger than the store takes
 */
export function packMutations(
  { set = [], delete: deleted = [] }: Decision<unknown>,
  guards: readonly Uint8Array[],
  limits: KvLimits,
): PackedMutations {
  check(limits, 'mutationsPerUpdate', set.length + deleted.length);
  let keyBytes = guards.reduce((sum, guard) => sum + guard.length, 0);
  let bytes = 0;
  const pack = (key: Key): Uint8Array => {
    const packed = packAllowed(key, limits);
    keyBytes += packed.length;
    bytes += packed.length;
    return packed;
  };
  const packed = {
    set: set.map(([key, value]) => {
      check(limits, 'valueBytes', value.length);
      bytes += value.length;
      return [pack(key), value] as const;
    }),
    delete: deleted.map(pack),
  };
  check(limits, 'keyBytesPerUpdate', keyBytes);
  check(limits, 'bytesPerUpdate', bytes);
  return packed;
}

/**
 * The size of a page, 500 entries unless told otherwise.
 *
 * @throws InputError when that is not a number of at least 1
 */
export function pageSize(limit = 500): number {
  if (!(limit >= 1)) throw new InputError(`A page holds at least 1 entry: the limit ${limit} is too small`);
  return Math.floor(limit);
}

function packAllowed(key: Key, limits: KvLimits): Uint8Array {
  if (key.length === 0) throw new InputError('A key without parts cannot be stored: give it at least one');
  const packed = packKey(key);
  check(limits, 'keyBytes', packed.length);
  return packed;
}

function check(limits: KvLimits, limit: keyof KvLimits, actual: number): void {
  if (actual > limits[limit]) throw new LimitError(limit, limits[limit], actual);
}
