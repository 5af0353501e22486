import { packKey } from '../kv/key.ts';
import type { KvLimits } from '../kv/kv.ts';
import type { Mutation } from './storage.ts';

/** What a commit holds beside documents and bodies: counter, signal, checkpoint, failures, the record of a run or a job. */
const RESERVED_MUTATIONS = 24;
const RESERVED_BYTES = 64 * 1024;
/** No key of pages and bodies is longer: a uuid, two words and two numbers. Those of failures are. */
const LONGEST_KEY = 128;

/** Whether some records can be written in one commit, with room for what else it holds. */
export function fitsOneCommit(records: readonly Mutation[], limits: KvLimits): boolean {
  const room = roomOf(limits);
  const bytes = records.reduce((sum, record) => sum + bytesOf(record), 0);
  const largest = records.reduce((most, [, value]) => Math.max(most, value.length), 0);
  return records.length <= room.records && bytes <= room.bytes && largest <= limits.valueBytes;
}

/** Records in as many commits as they need. */
export function* inCommits(
  records: readonly Mutation[],
  limits: KvLimits,
): Generator<readonly Mutation[], void, undefined> {
  const room = roomOf(limits);
  let commit: Mutation[] = [];
  let [bytes, keyBytes] = [0, 0];
  for (const record of records) {
    const [moreBytes, moreKeyBytes] = [bytesOf(record), packKey(record[0]).length];
    const isFull =
      commit.length >= room.records || bytes + moreBytes > room.bytes || keyBytes + moreKeyBytes > room.keyBytes;
    if (commit.length > 0 && isFull) {
      yield commit;
      commit = [];
      [bytes, keyBytes] = [0, 0];
    }
    commit.push(record);
    bytes += moreBytes;
    keyBytes += moreKeyBytes;
  }
  if (commit.length > 0) yield commit;
}

function roomOf({ mutationsPerUpdate, bytesPerUpdate, keyBytesPerUpdate }: KvLimits): {
  readonly records: number;
  readonly bytes: number;
  readonly keyBytes: number;
} {
  const records = Math.min(mutationsPerUpdate, Math.floor(keyBytesPerUpdate / LONGEST_KEY)) - RESERVED_MUTATIONS;
  return {
    records,
    bytes: bytesPerUpdate - Math.min(RESERVED_BYTES, bytesPerUpdate / 4),
    keyBytes: keyBytesPerUpdate - RESERVED_MUTATIONS * LONGEST_KEY,
  };
}

function bytesOf([, value]: Mutation): number {
  return value.length + LONGEST_KEY;
}
