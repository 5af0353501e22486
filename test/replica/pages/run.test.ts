import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compareBytes } from '../../../src/kv/key.ts';
import type { Kv } from '../../../src/kv/kv.ts';
import { memoryKv } from '../../../src/kv/memory.ts';
import { Layout } from '../../../src/replica/layout.ts';
import { Blocks } from '../../../src/replica/pages/blocks.ts';
import { findEntries } from '../../../src/replica/pages/find.ts';
import { mergedEntries } from '../../../src/replica/pages/merged-entries.ts';
import type { PageEntry } from '../../../src/replica/pages/page.ts';
import { decodeRun, encodeRun, type Run } from '../../../src/replica/pages/run.ts';
import type { RunDraft } from '../../../src/replica/pages/run-draft.ts';
import { resumeRun } from '../../../src/replica/pages/run-writer.ts';
import { alteredKv } from '../../contract/altered-kv.ts';
import { idBytes, idSets } from './ids.ts';

const layout = new Layout('r', 'uuid');

/** Ids of one run, and after which of them the writer pauses. */
const runs = fc.array(fc.tuple(idSets(60), fc.array(fc.nat({ max: 60 }), { maxLength: 4 })), {
  minLength: 1,
  maxLength: 4,
});
/** Heads of a few bytes make many entries to a page, those of kilobytes many pages. */
const headBytes = fc.constantFrom(1, 300, 6000);
const partBytes = fc.constantFrom(512, 4096, 65_536);

async function writeRun(
  kv: Kv,
  blocks: Blocks,
  number: number,
  entries: readonly PageEntry[],
  pauses: readonly number[],
): Promise<Run> {
  let draft: RunDraft | undefined;
  let writer = await resumeRun(blocks, number, undefined);
  const put = async (): Promise<void> => {
    const set = writer.take();
    await kv.update([], () => ({ set, result: undefined }));
  };
  for (const [index, entry] of entries.entries()) {
    if (pauses.includes(index)) {
      draft = writer.pause();
      await put();
      writer = await resumeRun(blocks, number, draft);
    }
    writer.add(entry, number * 100 + index);
  }
  const run = writer.finish();
  await put();
  if (run === undefined) throw new Error('The run has no documents');
  expect(run).toMatchObject({ number, heads: entries.length, floor: number * 100 });
  const encoded = encodeRun(run);
  expect(encoded.length).toBeLessThanOrEqual(4096);
  const decoded = decodeRun(number, encoded);
  expect(decoded).toEqual(run);
  return decoded;
}

async function collect(entries: AsyncIterable<readonly PageEntry[]>): Promise<string[]> {
  const all: string[] = [];
  for await (const some of entries) all.push(...some.map(nameOf));
  return all;
}

/** What tells an entry apart, in a form that is compared at once. */
function nameOf({ id, seq, head }: PageEntry): string {
  return `${seq} ${textOf(id)} ${textOf(head)}`;
}

function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('latin1');
}

describe('Runs', () => {
  test('are found in and read in order as if they were one sorted list', async () => {
    const inputs = fc.tuple(runs, headBytes, partBytes, fc.array(idBytes, { maxLength: 5 }));
    await fc.assert(
      fc.asyncProperty(inputs, async ([runs, headBytes, partBytes, strangers]) => {
        const kv = memoryKv({ limits: { valueBytes: partBytes, keysPerRead: 10 } });
        const blocks = new Blocks(kv, layout, partBytes);
        const newest = new Map<string, PageEntry>();
        const written: Run[] = [];
        let seq = 0;
        for (const [number, [ids, pauses]] of runs.entries()) {
          const entries = ids.map((id): PageEntry => {
            seq += 1;
            return { id, seq, head: new Uint8Array(headBytes).fill(seq) };
          });
          written.push(await writeRun(kv, blocks, number + 1, entries, pauses));
          for (const entry of entries) newest.set(textOf(entry.id), entry);
        }
        const order = [...newest.values()].sort((a, b) => compareBytes(a.id, b.id));
        const names = order.map(nameOf);
        expect(await collect(mergedEntries(blocks, written))).toEqual(names);
        expect(await collect(mergedEntries(blocks, written, { reverse: true }))).toEqual([...names].reverse());
        const asked = [...strangers, ...order.map(({ id }) => id)];
        const found = await findEntries(blocks, written, asked);
        expect(found.map((entry) => entry && nameOf(entry))).toEqual(
          asked.map((id) => newest.get(textOf(id))).map((entry) => entry && nameOf(entry)),
        );
        for (const begin of [...strangers, ...order.slice(0, 3).map(({ id }) => id)]) {
          const above = order.filter(({ id }) => compareBytes(id, begin) >= 0).map(nameOf);
          const below = order
            .filter(({ id }) => compareBytes(id, begin) <= 0)
            .map(nameOf)
            .reverse();
          const own = newest.get(textOf(begin));
          const strictly = (name: string): boolean => own === undefined || name !== nameOf(own);
          expect(await collect(mergedEntries(blocks, written, { begin }))).toEqual(above);
          expect(await collect(mergedEntries(blocks, written, { begin, isAfter: true }))).toEqual(
            above.filter(strictly),
          );
          expect(await collect(mergedEntries(blocks, written, { begin, reverse: true }))).toEqual(below);
          const before = mergedEntries(blocks, written, { begin, reverse: true, isAfter: true });
          expect(await collect(before)).toEqual(below.filter(strictly));
        }
      }),
      { numRuns: 40 },
    );
  });

  test('of which a page is gone cannot be read, and say which it is', async () => {
    const kv = memoryKv();
    const blocks = new Blocks(kv, layout, 4096);
    const ids = Array.from({ length: 50 }, (_, at) => new TextEncoder().encode(`${at + 10}`));
    const entries = ids.map((id, at) => ({ id, seq: at + 1, head: new Uint8Array(1000) }));
    const run = await writeRun(kv, blocks, 7, entries, []);
    await kv.update([], () => ({ delete: [layout.block(7, 0)], result: undefined }));
    const missing = { name: 'MissingBlock', run: 7 };
    await expect(collect(mergedEntries(blocks, [run]))).rejects.toMatchObject(missing);
    await expect(findEntries(blocks, [run], ids)).rejects.toMatchObject(missing);
    expect(await findEntries(blocks, [run], ids.slice(-1))).toEqual(entries.slice(-1));
  });

  test('stay low, and their nodes stay in memory once read', async () => {
    const kv = memoryKv();
    let reads = 0;
    const counting = alteredKv(kv, {
      read(keys) {
        reads += keys.length;
        return kv.read(keys);
      },
    });
    const blocks = new Blocks(counting, layout, 524_288);
    const ids = Array.from({ length: 50_000 }, (_, at) => new TextEncoder().encode(`${at + 100_000}`));
    const entries = ids.map((id, at) => ({ id, seq: at + 1, head: new Uint8Array(100) }));
    const run = await writeRun(kv, blocks, 1, entries, []);
    expect(run.height).toBeLessThanOrEqual(3);
    await findEntries(
      blocks,
      [run],
      ids.filter((_, at) => at % 100 === 0),
    );
    reads = 0;
    await findEntries(blocks, [run], ids.slice(25_000, 25_001));
    expect(reads).toBe(1);
    reads = 0;
    await findEntries(
      blocks,
      [run],
      ids.slice(0, 100).map((id) => Uint8Array.of(...id, 1)),
    );
    expect(reads).toBeLessThan(3);
  });
});
