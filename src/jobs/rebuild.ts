import { packKey } from '../kv/key.ts';
import { listPages } from '../kv/list.ts';
import { packedText } from '../kv/packed-text.ts';
import { indexRecords } from './index-records.ts';
import type { JobStore } from './job-store.ts';
import { nameIn, rangeOf } from './layout.ts';

/**
 * Makes everything by which the jobs of a type are found anew from their records: for a store that was damaged, or written by other
 * hands. Harmless while workers work. Returns how many entries were put right.
 */
export async function rebuild(store: JobStore, type: string): Promise<number> {
  const pageSize = store.changesPerCommit;
  let righted = 0;
  for await (const entries of listPages(store.kv, rangeOf.jobs(type), { pageSize })) {
    for (const { key } of entries) righted += await addMissing(store, type, nameIn(key));
  }
  for (const range of [rangeOf.ready, rangeOf.scheduled, rangeOf.runs, rangeOf.cancelling, rangeOf.ended]) {
    for await (const entries of listPages(store.kv, range(type), { pageSize })) {
      for (const { key } of entries) {
        let isWrong = false;
        await store.change(type, nameIn(key), (record) => {
          const right = record === undefined ? [] : indexRecords(type, nameIn(key), record);
          isWrong = !right.some(([other]) => packedText(packKey(other)) === packedText(packKey(key)));
          return { record, delete: isWrong ? [key] : [] };
        });
        if (isWrong) righted += 1;
      }
    }
  }
  return righted;
}

async function addMissing(store: JobStore, type: string, id: string): Promise<number> {
  const record = await store.find(type, id);
  const guards = record === undefined ? [] : indexRecords(type, id, record).map(([key]) => key);
  let missing = 0;
  await store.change(
    type,
    id,
    (now, seen) => {
      // Changed meanwhile, it has been written whole.
      const pairs = now === undefined || now.seq !== record?.seq ? [] : indexRecords(type, id, now);
      const lacking = pairs.filter((_, index) => seen[index] === undefined);
      missing = lacking.length;
      return { record: now, set: lacking };
    },
    { guards },
  );
  return missing;
}
