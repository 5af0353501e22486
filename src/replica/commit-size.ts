import type { KvLimits } from '../kv/kv.ts';
import type { Mutation } from './storage.ts';

/** What a commit holds beside documents and bodies: counter, signal, checkpoint, failures, the record of a run or a job. */
const RESERVED_MUTATIONS = 24;
const RESERVED_BYTES = 64 * 1024;
/** No key of pages and bodies is longer: a uuid, two words and two numbers. */
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
  let bytes = 0;
  for (const record of records) {
    const more = bytesOf(record);
    if (commit.length > 0 && (commit.length >= room.records || bytes + more > room.bytes)) {
      yield commit;
      commit = [];
      bytes = 0;
    }
    commit.push(record);
    bytes += more;
  }
  if (commit.length > 0) yield commit;
}

function roomOf({ mutationsPerUpdate, bytesPerUpdate, keyBytesPerUpdate }: KvLimits): {
  readonly records: number;
  readonly bytes: number;
} {
  const records = Math.min(mutationsPerUpdate, Math.floor(keyBytesPerUpdate / LONGEST_KEY)) - RESERVED_MUTATIONS;
  return { records, bytes: bytesPerUpdate - Math.min(RESERVED_BYTES, bytesPerUpdate / 4) };
}

function bytesOf([, value]: Mutation): number {
  return value.length + LONGEST_KEY;
}
