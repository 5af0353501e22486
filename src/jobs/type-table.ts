import { list } from '../kv/list.ts';
import type { JobStore } from './job-store.ts';
import { decodeType, encodeType, type JobType, type JobTypeOptions, jobType } from './job-type.ts';
import { keyOf, nameIn, rangeOf } from './layout.ts';

/**
 * Says how jobs of a type are treated; whether it is paused stays as it is.
 *
 * @throws InputError for options that are none
 */
export async function defineType({ kv }: JobStore, name: string, options: JobTypeOptions): Promise<void> {
  const type = jobType(options, false);
  const key = keyOf.type(name);
  await kv.update([key], ([entry]) => {
    const isPaused = entry !== undefined && decodeType(entry).isPaused;
    return { set: [[key, encodeType({ ...type, isPaused })]], result: undefined };
  });
}

/** All types of a store, by name. */
export async function readTypes({ kv }: JobStore): Promise<ReadonlyMap<string, JobType>> {
  const types = new Map<string, JobType>();
  for await (const entry of list(kv, rangeOf.types())) types.set(nameIn(entry.key), decodeType(entry));
  return types;
}

/**
 * Pauses a type, or lets it go on; whoever waits for a job of it looks again.
 *
 * @throws InputError for a type that is not defined
 */
export async function setPaused(store: JobStore, name: string, isPaused: boolean): Promise<void> {
  await store.type(name);
  const [key, signal] = [keyOf.type(name), store.mark()];
  await store.kv.update([key], ([entry]) => {
    if (entry === undefined) return { result: undefined };
    const type = encodeType({ ...decodeType(entry), isPaused });
    return {
      set: [
        [key, type],
        [keyOf.queueSignal(name), signal],
      ],
      result: undefined,
    };
  });
}
