import { expect, test } from 'vitest';
import { memoryKv } from '../../src/kv/memory.ts';
import { openReplica, type Replica } from '../../src/replica/replica.ts';
import type { WriteBatch } from '../../src/replica/target.ts';
import { alteredKv } from '../contract/altered-kv.ts';
import { denoKvLimits } from '../contract/memory.ts';
import { revision } from '../support/revision.ts';

const many = Array.from({ length: 600 }, (_, at) => ({
  id: `${at} ${'x'.repeat(300)}`,
  rev: '1-a',
  reason: 'It is gone',
}));

test.each(['commit', 'answer'] as const)(
  'misses none of more failures than a commit takes, wherever a batch is broken off by a lost %s',
  async (loses) => {
    const { replica, breakAfter } = await brittleReplica(loses);
    const breaks = async (batch: WriteBatch): Promise<number> => {
      for (let commits = 0; ; commits += 1) {
        breakAfter(commits);
        const isWritten = await replica.writeBatch(batch).then(
          () => true,
          () => false,
        );
        breakAfter(Number.POSITIVE_INFINITY);
        const failed = await failedIds(replica);
        expect((await replica.info()).failed).toBe(failed.size);
        if (isWritten) return commits;
        if (batch.failures !== undefined) continue;
        for (const { id } of many) {
          if (!failed.has(id)) expect(await replica.leaves(id)).toMatchObject([{ rev: '1-a' }]);
        }
      }
    };
    expect(await breaks({ revisions: [revision('a', 'a')], failures: many })).toBeGreaterThan(2);
    expect((await failedIds(replica)).size).toBe(600);
    expect(await breaks({ revisions: [revision('b', 'a')], failures: many })).toBeGreaterThan(2);
    expect((await failedIds(replica)).size).toBe(600);
    expect(await breaks({ revisions: many.map(({ id }) => revision(id, 'a')) })).toBeGreaterThan(2);
    expect((await failedIds(replica)).size).toBe(0);
    expect((await replica.info()).docCount).toBe(602);
  },
);

/** A replica whose store takes so many commits more; the next ones fail, or happen and are not confirmed. */
async function brittleReplica(loses: 'commit' | 'answer') {
  const kv = memoryKv({ limits: denoKvLimits });
  let left = Number.POSITIVE_INFINITY;
  const brittle = alteredKv(kv, {
    async update(guards, decide, options) {
      left -= 1;
      if (left < 0 && loses === 'commit') throw new Error('The store refused the commit');
      const result = await kv.update(guards, decide, options);
      if (left < 0) throw new Error('The answer of the store was lost');
      return result;
    },
  });
  return {
    replica: await openReplica(brittle, 'recipes'),
    breakAfter: (commits: number) => {
      left = commits;
    },
  };
}

async function failedIds(replica: Replica): Promise<Set<string>> {
  const ids = new Set<string>();
  for await (const { id } of replica.failed()) ids.add(id);
  return ids;
}
