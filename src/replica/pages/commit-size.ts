import type { KvLimits } from '../../kv/kv.ts';
import type { Mutation } from '../storage.ts';

/** What a commit holds beside documents and bodies: counter, signal, checkpoint, failures, the record of a run or a job. */
const RESERVED_MUTATIONS = 24;
const RESERVED_BYTES = 64 * 1024;
/** No key of pages and bodies is longer: a name of a replica, two words and two numbers. */
const LONGEST_KEY = 512;

/** Whether some records can be written in one commit. */
export function fitsOneCommit(records: readonly Mutation[], limits: KvLimits): boolean {
  const bytes = records.reduce((sum, [, value]) => sum + value.length + LONGEST_KEY, 0);
  return (
    records.length + RESERVED_MUTATIONS <= limits.mutationsPerUpdate &&
    bytes + Math.min(RESERVED_BYTES, limits.bytesPerUpdate / 4) <= limits.bytesPerUpdate &&
    (records.length + RESERVED_MUTATIONS) * LONGEST_KEY <= limits.keyBytesPerUpdate
  );
}
