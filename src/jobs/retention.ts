import { decodeJson } from '../kv/json.ts';
import { listPages } from '../kv/list.ts';
import type { JobStore } from './job-store.ts';
import { nameIn, rangeOf } from './layout.ts';

/** Removes the records of jobs that were finished or cancelled so many milliseconds ago, by this machine's clock. Dead ones stay. */
export async function removeEnded(
  store: JobStore,
  type: string,
  retention: number,
  signal: AbortSignal,
): Promise<void> {
  if (retention === Number.POSITIVE_INFINITY) return;
  const range = rangeOf.ended(type);
  const to = [...range.prefix, store.platform.now() - retention];
  for await (const entries of listPages(store.kv, { ...range, to }, { pageSize: store.changesPerCommit })) {
    const endedAt = new Map(
      entries.filter(({ value }) => decodeJson(value) !== 'dead').map(({ key }) => [nameIn(key), key.at(-2)]),
    );
    if (endedAt.size === 0) continue;
    await store.changeAll(
      type,
      [...endedAt.keys()],
      (record, id) => ({ record: record?.endedAt === endedAt.get(id) ? undefined : record }),
      { durability: 'relaxed', signal },
    );
  }
}
