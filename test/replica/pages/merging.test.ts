import { describe, expect, test } from 'vitest';
import { dueMerges, sizeOf } from '../../../src/replica/pages/merging.ts';
import type { Run } from '../../../src/replica/pages/run.ts';

function runOf(number: number, heads: number): Run {
  return { number, heads, blocks: 1, floor: 0, height: 1, root: [] };
}

/** Writes documents in batches, and merges as upkeep does: with each batch, twice as many documents of each size, 500 at least. */
function simulate(documents: number, batch: number): { readonly mostRuns: number; readonly rewritten: number } {
  let runs: Run[] = [];
  const merges = new Map<number, { readonly inputs: readonly Run[]; left: number }>();
  const busy = new Set<number>();
  let [number, mostRuns, rewritten] = [0, 0, 0];
  for (let written = 0; written < documents; written += batch) {
    for (const [size, inputs] of dueMerges(runs, busy)) {
      if (merges.has(size)) continue;
      merges.set(size, { inputs, left: inputs.reduce((sum, { heads }) => sum + heads, 0) });
      for (const input of inputs) busy.add(input.number);
    }
    for (const [size, merge] of merges) {
      merge.left -= Math.max(500, 2 * batch);
      if (merge.left > 0) continue;
      merges.delete(size);
      for (const input of merge.inputs) busy.delete(input.number);
      const heads = merge.inputs.reduce((sum, { heads }) => sum + heads, 0);
      rewritten += heads;
      const gone = new Set(merge.inputs);
      runs = [...runs.filter((run) => !gone.has(run)), runOf(number++, heads)];
    }
    runs.push(runOf(number++, batch));
    mostRuns = Math.max(mostRuns, runs.length);
  }
  return { mostRuns, rewritten };
}

describe('Merging', () => {
  test.each([1, 63, 64, 500, 10_000])(
    'a million documents in batches of %i leaves few runs, and rewrites little',
    (batch) => {
      const documents = 1_000_000;
      const { mostRuns, rewritten } = simulate(documents, batch);
      const growths = Math.log(documents / Math.max(64, batch)) / Math.log(8);
      // Of each size seven that wait, sixteen at the most that are merged, and what comes meanwhile.
      expect(mostRuns).toBeLessThan(16 * (growths + 2));
      // Once or twice for each eightfold growth; and while a run has less than 64 documents, every time that others join it.
      expect(rewritten / documents).toBeLessThan(2 * growths + (batch < 64 ? 64 / 7 : 1));
    },
  );

  test('takes runs of one size, eight of them, and none that something is done with', () => {
    const runs = Array.from({ length: 20 }, (_, number) => runOf(number, 500));
    expect(dueMerges(runs.slice(0, 7), new Set())).toEqual(new Map());
    expect(dueMerges(runs.slice(0, 8), new Set())).toEqual(new Map([[sizeOf(runOf(0, 500)), runs.slice(0, 8)]]));
    expect(dueMerges(runs.slice(0, 8), new Set([3]))).toEqual(new Map());
    expect([...dueMerges(runs, new Set()).values()]).toEqual([runs.slice(0, 16)]);
    expect(dueMerges([...runs.slice(0, 7), runOf(99, 5000)], new Set())).toEqual(new Map());
  });

  test('knows sizes, each eight times the one before', () => {
    expect([1, 63, 64, 511, 512, 4095, 4096].map((heads) => sizeOf({ heads }))).toEqual([0, 0, 1, 1, 2, 2, 3]);
  });
});
