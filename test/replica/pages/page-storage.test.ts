import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { memoryKv } from '../../../src/kv/memory.ts';
import { openReplica } from '../../../src/replica/replica.ts';
import { denoKvLimits } from '../../contract/memory.ts';
import { Chance } from '../../faults/chance.ts';
import {
  Died,
  dyingKv,
  expectModel,
  expectNothingLeftBehind,
  layoutOf,
  type Model,
  recordsIn,
  settle,
  slowKv,
  write,
} from './model.ts';

/** Hardly anything fits one commit, so that most is written ahead. */
const tightLimits = {
  valueBytes: 4096,
  keysPerRead: 10,
  guardsPerUpdate: 10,
  mutationsPerUpdate: 40,
  bytesPerUpdate: 24_000,
  keyBytesPerUpdate: 20_000,
};

describe('Documents in pages', () => {
  test.each([1, 7, 500])('are all there after many batches of %i, in few runs', { timeout: 60_000 }, async (size) => {
    const kv = memoryKv();
    const replica = await openReplica(kv, 'r');
    const model: Model = new Map();
    const chance = new Chance(size);
    const rounds = Math.min(1500, Math.ceil(20_000 / size));
    for (let round = 0; round < rounds; round += 1) {
      const ids = Array.from({ length: size }, () => `doc-${chance.between(0, 3000 + size * 10)}`);
      await write(replica, model, ids);
    }
    await expectModel(kv, model);
    expect((await recordsIn(kv, (await layoutOf(kv)).runs)).length).toBeLessThan(40);
    await expectNothingLeftBehind(kv, model);
  });

  test('give back the room of what was superseded', { timeout: 60_000 }, async () => {
    const kv = memoryKv();
    const replica = await openReplica(kv, 'r');
    const model: Model = new Map();
    const ids = Array.from({ length: 300 }, (_, index) => `doc-${index}`);
    const filling = 'x'.repeat(2000);
    for (let round = 0; round < 40; round += 1) await write(replica, model, ids, filling);
    await expectModel(kv, model);
    const records = await recordsIn(kv, (await layoutOf(kv)).bodies);
    expect(records.reduce((sum, { value }) => sum + value.length, 0)).toBeLessThan(40 * 300 * 2000 * 0.25);
    await expectNothingLeftBehind(kv, model);
  });

  test('keep the order of changes short, however often they change and however many at once', async () => {
    const kv = memoryKv();
    const replica = await openReplica(kv, 'r');
    const model: Model = new Map();
    const ids = Array.from({ length: 5000 }, (_, index) => `doc-${index}`);
    for (let round = 0; round < 12; round += 1) await write(replica, model, ids);
    const records = await recordsIn(kv, (await layoutOf(kv)).sequence);
    const changes = records.reduce((sum, { value }) => sum + JSON.parse(Buffer.from(value).toString()).length, 0);
    expect(changes).toBeLessThan(4 * ids.length);
    await expectModel(kv, model);
  });
});

describe('Wherever it is interrupted', () => {
  test.each([
    ['where batches fit one commit', {}, 60],
    ['with the limits of Deno KV', denoKvLimits, 60],
    ['where hardly anything fits', tightLimits, 400],
  ])('a replica is whole %s', { timeout: 120_000 }, async (_, limits, longest) => {
    await fc.assert(
      fc.asyncProperty(fc.integer(), fc.boolean(), async (seed, isLost) => {
        const chance = new Chance(seed);
        const kv = memoryKv({ limits });
        const model: Model = new Map();
        const filling = 'x'.repeat(3000);
        for (let life = 0; life < 12; life += 1) {
          const dying = dyingKv(kv, chance.between(5, 2 * longest), isLost);
          try {
            const replica = await openReplica(dying, 'r');
            for (let round = 0; round < 60; round += 1) {
              const ids = Array.from({ length: chance.between(1, 40) }, () => idOf(chance.between(0, 200)));
              await write(replica, model, ids, filling).catch(async (error: unknown) => {
                await settle(kv, model, ids);
                throw error;
              });
            }
          } catch (error) {
            if (!(error instanceof Died)) throw error;
          }
        }
        await expectModel(kv, model);
        await expectNothingLeftBehind(kv, model);
      }),
      { numRuns: 5 },
    );
  });
});

describe('Several who work on it at once', () => {
  test.each([
    ['where batches fit one commit', {}],
    ['where hardly anything fits', tightLimits],
  ])('lose nothing %s', { timeout: 120_000 }, async (_, limits) => {
    await fc.assert(
      fc.asyncProperty(fc.integer(), async (seed) => {
        const chance = new Chance(seed);
        const kv = memoryKv({ limits });
        const models: Model[] = [new Map(), new Map(), new Map()];
        await Promise.all(
          models.map(async (model, writer) => {
            const replica = await openReplica(slowKv(kv, new Chance(chance.between(0, 1e9))), 'r');
            for (let round = 0; round < 40; round += 1) {
              const ids = Array.from({ length: 1 + writer * 8 }, () => `${idOf(chance.between(0, 100))}-${writer}`);
              await patiently(() => write(replica, model, ids, 'x'.repeat(2000)));
            }
          }),
        );
        const model: Model = new Map(models.flatMap((model) => [...model]));
        await expectModel(kv, model);
        await expectNothingLeftBehind(kv, model);
      }),
      { numRuns: 5 },
    );
  });

  test.each([
    ['where batches fit one commit', {}],
    ['where hardly anything fits', tightLimits],
  ])('do not disturb readers %s', { timeout: 120_000 }, async (_, limits) => {
    const kv = memoryKv({ limits });
    const replica = await openReplica(kv, 'r');
    const model: Model = new Map();
    const ids = Array.from({ length: 400 }, (_, index) => idOf(index));
    const filling = 'x'.repeat(3000);
    await write(replica, model, ids, filling);
    let isOver = false;
    const writing = (async (): Promise<void> => {
      for (let round = 0; round < 120; round += 1) {
        await write(replica, model, ids.slice((round * 7) % 300, ((round * 7) % 300) + 60), filling);
      }
      isOver = true;
    })();
    const reader = await openReplica(slowKv(kv, new Chance(1)), 'r');
    let passes = 0;
    while (!isOver) {
      const found: string[] = [];
      for await (const { id } of reader.texts()) found.push(id);
      expect(found).toHaveLength(ids.length);
      expect(new Set(found).size).toBe(ids.length);
      const id = ids[passes % ids.length] ?? '';
      expect(await reader.get(id)).toBeDefined();
      expect(await reader.diff([{ id, revs: ['1-0'] }])).toMatchObject([{ known: true }]);
      passes += 1;
    }
    await writing;
    expect(passes).toBeGreaterThan(2);
    await expectModel(kv, model);
  });
});

/** One in ten has a long id, which begins like others. */
function idOf(number: number): string {
  return number % 10 === 0 ? `${'long'.repeat(500)}${number}` : `doc-${number}`;
}

/** Tries again where others always came first. */
async function patiently(work: () => Promise<void>): Promise<void> {
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof Error) || error.name !== 'ContentionError') throw error;
    }
  }
}
