import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { encodeJson } from '../../../src/kv/json.ts';
import type { Kv } from '../../../src/kv/kv.ts';
import { memoryKv } from '../../../src/kv/memory.ts';
import { firstCounter } from '../../../src/replica/counter.ts';
import { Layout } from '../../../src/replica/layout.ts';
import { Blocks } from '../../../src/replica/pages/blocks.ts';
import {
  isFullRecord,
  readSequence,
  type SequencedId,
  type SequenceStore,
  writeSequence,
} from '../../../src/replica/pages/sequence.ts';

async function storeOf(kv: Kv, partBytes = 4096): Promise<SequenceStore> {
  const layout = new Layout('r', 'uuid');
  await kv.update([], () => ({ set: [[layout.counter, encodeJson(firstCounter('t'))]], result: undefined }));
  return { kv, layout, blocks: new Blocks(kv, layout, partBytes) };
}

async function put(
  store: SequenceStore,
  changes: readonly SequencedId[],
  options: { number: number; isLong?: boolean },
) {
  const { records, blocks } = writeSequence(store, changes, options);
  await store.kv.update([], () => ({ set: [...records, ...blocks], result: undefined }));
  return records;
}

async function read(store: SequenceStore, since: number): Promise<SequencedId[]> {
  const all: SequencedId[] = [];
  for await (const changes of readSequence(store, since)) all.push(...changes);
  return all;
}

function changesOf(from: number, to: number, id = (seq: number): string => `doc-${seq}`): SequencedId[] {
  return Array.from({ length: to - from + 1 }, (_, at) => ({ seq: from + at, id: id(from + at) }));
}

describe('The order of changes', () => {
  test('is read back from any change on, however long ids are', async () => {
    const ids = fc.array(
      fc.oneof(
        { weight: 5, arbitrary: fc.string({ unit: 'binary', maxLength: 20 }) },
        fc.constantFrom('\0'.repeat(3000), 'x'.repeat(4000), 'ü'.repeat(10_000)),
      ),
      { minLength: 1, maxLength: 40 },
    );
    await fc.assert(
      fc.asyncProperty(
        fc.array(ids, { minLength: 1, maxLength: 4 }),
        fc.boolean(),
        fc.nat(),
        async (all, isLong, at) => {
          const store = await storeOf(memoryKv({ limits: { valueBytes: 4096 } }));
          const changes: SequencedId[] = [];
          for (const [number, ids] of all.entries()) {
            const batch = ids.map((id, at) => ({ seq: changes.length + at + 1, id }));
            await put(store, batch, { number, isLong });
            changes.push(...batch);
          }
          expect(await read(store, 0)).toEqual(changes);
          const since = at % (changes.length + 1);
          expect(await read(store, since)).toEqual(changes.slice(since));
        },
      ),
    );
  });

  test('of a large batch is in a bounded number of records', async () => {
    const store = await storeOf(memoryKv());
    const changes = changesOf(1, 300_000);
    const long = writeSequence(store, changes, { number: 1, isLong: true });
    expect(long.records.length).toBeLessThan(300);
    expect(long.records.every(([, value]) => value.length < 100)).toBe(true);
    expect(long.records.every(isFullRecord)).toBe(true);
  });

  test('is told once and as a whole, though records are written anew between two pages', async () => {
    const store = await storeOf(memoryKv());
    const { kv, layout } = store;
    for (let from = 1; from <= 400; from += 10) await put(store, changesOf(from, from + 9), { number: 0 });
    const told: number[] = [];
    for await (const changes of readSequence(store, 0)) {
      told.push(...changes.map(({ seq }) => seq));
      if (told.length !== 160) continue;
      // The reader has a page of sixteen. Now other records end in its midst, and a little after.
      const gone = Array.from({ length: 15 }, (_, at) => layout.sequenced(100 + at * 10));
      await kv.update([], () => ({ delete: gone, result: undefined }));
      await put(store, changesOf(91, 145), { number: 0 });
      await put(store, changesOf(146, 165), { number: 0 });
      await put(store, changesOf(166, 240), { number: 0 });
    }
    expect(told).toEqual(changesOf(1, 400).map(({ seq }) => seq));
  });

  test('whose blocks are swept while it is read is read anew; where they are just gone, it is damaged', async () => {
    const store = await storeOf(memoryKv());
    const { kv, layout } = store;
    await put(store, changesOf(1, 10), { number: 1 });
    await put(store, changesOf(11, 20), { number: 2, isLong: true });
    const told: number[] = [];
    for await (const changes of readSequence(store, 0)) {
      told.push(...changes.map(({ seq }) => seq));
      if (told.length > 10) continue;
      await kv.update([], () => ({ delete: [layout.block(2, 0)], result: undefined }));
      await put(store, changesOf(11, 20), { number: 3, isLong: true });
    }
    expect(told).toEqual(changesOf(1, 20).map(({ seq }) => seq));
    await kv.update([], () => ({ delete: [layout.block(3, 0)], result: undefined }));
    await expect(read(store, 0)).rejects.toMatchObject({ name: 'StoreError', failure: 'corrupt' });
    await kv.update([], () => ({ delete: [layout.counter], result: undefined }));
    await expect(read(store, 0)).rejects.toMatchObject({ name: 'StoreError', failure: 'missing' });
  });
});
