import type { Decision, Entry, Key } from '../../kv/kv.ts';

/** A record to be written, or deleted where there is no value. */
export type Mutation = readonly [Key, Uint8Array | undefined];

/** Commits mutations on the condition that this scan is still the one to do so. */
export type Commit = (
  decide: (seen: readonly (Entry | undefined)[]) => Decision<undefined>,
  guards?: readonly Key[],
) => Promise<void>;
