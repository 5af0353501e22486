import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { platform } from '../../../src/core/platform.ts';
import type { Decision, Entry, Key, Kv, UpdateOptions } from '../../../src/kv/kv.ts';
import { list } from '../../../src/kv/list.ts';
import { memoryKv } from '../../../src/kv/memory.ts';
import { Layout } from '../../../src/replica/layout.ts';
import { PageStorage } from '../../../src/replica/pages/page-storage.ts';
import { openReplica, type Replica } from '../../../src/replica/replica.ts';
import type { RevisionToWrite } from '../../../src/replica/target.ts';
import { Chance } from '../../faults/chance.ts';

/** What a replica is to hold: the revision of every document, as a number that grows. */
type Model = Map<string, { readonly generation: number; readonly body: string }>;

function revisionOf(id: string, generation: number, body: string): RevisionToWrite {
  const ids = Array.from({ length: generation }, (_, back) => `${generation - back}`.padStart(32, '0'));
  return { id, rev: `${generation}-${ids[0]}`, revisions: { start: generation, ids }, deleted: false, body };
}

/** Writes new and changed documents, so many at once. */
async function write(replica: Replica, model: Model, ids: readonly string[], filling = ''): Promise<void> {
  const revisions = [...new Set(ids)].map((id) => {
    const generation = (model.get(id)?.generation ?? 0) + 1;
    const body = JSON.stringify({ id, generation, filling });
    return { revision: revisionOf(id, generation, body), generation, body };
  });
  await replica.writeBatch({ revisions: revisions.map(({ revision }) => revision) });
  for (const { revision, generation, body } of revisions) model.set(revision.id, { generation, body });
}

async function expectModel(kv: Kv, model: Model): Promise<void> {
  const replica = await openReplica(kv, 'r');
  const found: [string, string][] = [];
  for await (const { id, text } of replica.texts()) found.push([id, text]);
  const order = [...model.keys()].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  expect(found.map(([id]) => id)).toEqual(order);
  for (const [id, text] of found) {
    const { generation, filling: _, ...rest } = JSON.parse(text);
    expect(generation, id).toBe(model.get(id)?.generation);
    expect(rest['id']).toBe(id);
  }
  const back: string[] = [];
  for await (const { id } of replica.texts({ descending: true })) back.push(id);
  expect(back).toEqual([...order].reverse());
  for await (const event of replica.verify()) expect(event.type, JSON.stringify(event)).not.toBe('problem');
  const seen = new Map<string, number>();
  const storage = await storageOf(kv);
  let last = 0;
  for await (const heads of storage.changes(0)) {
    for (const { id, seq } of heads) {
      expect(seq).toBeGreaterThan(last);
      last = seq;
      seen.set(id, seq);
    }
  }
  expect([...seen.keys()].sort()).toEqual([...model.keys()].sort());
}

async function layoutOf(kv: Kv): Promise<Layout> {
  const { uuid } = await (await openReplica(kv, 'r')).info();
  return new Layout('r', uuid);
}

async function storageOf(kv: Kv): Promise<PageStorage> {
  const partBytes = Math.min(512 * 1024, kv.limits.valueBytes);
  return new PageStorage(kv, await layoutOf(kv), partBytes, platform());
}

async function countRuns(kv: Kv): Promise<number> {
  let runs = 0;
  for await (const _ of list(kv, { prefix: (await layoutOf(kv)).runs })) runs += 1;
  return runs;
}

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
    expect(await countRuns(kv)).toBeLessThan(40);
  });

  test('give back the room of what was superseded', { timeout: 60_000 }, async () => {
    const kv = memoryKv();
    const replica = await openReplica(kv, 'r');
    const model: Model = new Map();
    const ids = Array.from({ length: 300 }, (_, index) => `doc-${index}`);
    const filling = 'x'.repeat(2000);
    for (let round = 0; round < 40; round += 1) await write(replica, model, ids, filling);
    await expectModel(kv, model);
    let bytes = 0;
    for await (const { value } of list(kv, { prefix: (await layoutOf(kv)).bodies })) bytes += value.length;
    expect(bytes).toBeLessThan(40 * 300 * 2000 * 0.25);
  });
});

describe('Wherever it is interrupted', () => {
  test('a replica is whole', { timeout: 120_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer(), fc.boolean(), async (seed, isLost) => {
        const chance = new Chance(seed);
        const kv = memoryKv();
        const model: Model = new Map();
        const filling = 'x'.repeat(3000);
        for (let life = 0; life < 12; life += 1) {
          const dying = new DyingKv(kv, chance.between(5, 120), isLost);
          try {
            const replica = await openReplica(dying, 'r');
            for (let round = 0; round < 60; round += 1) {
              const ids = Array.from({ length: chance.between(1, 40) }, () => `doc-${chance.between(0, 200)}`);
              const before = new Map(model);
              try {
                await write(replica, model, ids, filling);
              } catch (error) {
                // The commit of the batch may have happened, and its answer been lost.
                await settle(kv, model, before, ids);
                throw error;
              }
            }
          } catch (error) {
            if (!(error instanceof Died)) throw error;
          }
        }
        await expectModel(kv, model);
      }),
      { numRuns: 15 },
    );
  });

  test('several who write to it at once lose nothing', { timeout: 60_000 }, async () => {
    const kv = memoryKv();
    const models: Model[] = [new Map(), new Map(), new Map()];
    await Promise.all(
      models.map(async (model, writer) => {
        const replica = await openReplica(kv, 'r');
        const chance = new Chance(writer);
        for (let round = 0; round < 150; round += 1) {
          const ids = Array.from({ length: 10 }, () => `${writer}-${chance.between(0, 200)}`);
          await write(replica, model, ids, 'x'.repeat(1500));
        }
      }),
    );
    await expectModel(kv, new Map(models.flatMap((model) => [...model])));
  });

  test('readers see every document, whatever is done to its records meanwhile', { timeout: 60_000 }, async () => {
    const kv = memoryKv();
    const replica = await openReplica(kv, 'r');
    const model: Model = new Map();
    const ids = Array.from({ length: 400 }, (_, index) => `doc-${index}`);
    await write(replica, model, ids, 'x'.repeat(3000));
    let isOver = false;
    const writing = (async (): Promise<void> => {
      for (let round = 0; round < 200; round += 1) {
        await write(replica, model, ids.slice((round * 7) % 300, ((round * 7) % 300) + 60), 'x'.repeat(3000));
      }
      isOver = true;
    })();
    const reader = await openReplica(kv, 'r');
    let passes = 0;
    while (!isOver) {
      let count = 0;
      for await (const { id } of reader.texts()) {
        expect(id.startsWith('doc-')).toBe(true);
        count += 1;
      }
      expect(count).toBe(ids.length);
      expect(await reader.get(`doc-${passes % 400}`)).toBeDefined();
      passes += 1;
    }
    await writing;
    expect(passes).toBeGreaterThan(2);
    await expectModel(kv, model);
  });
});

/** After a commit whose answer was lost: the model is what is there. */
async function settle(kv: Kv, model: Model, before: Model, ids: readonly string[]): Promise<void> {
  const replica = await openReplica(kv, 'r');
  for (const id of ids) {
    const doc = await replica.get(id);
    if (doc === undefined) expect(before.has(id)).toBe(false);
    else model.set(id, { generation: Number(doc['generation']), body: '' });
  }
}

class Died extends Error {}

/** A store that fails for good after so many commits: the last one happens, or does not. */
class DyingKv implements Kv {
  readonly #kv: Kv;
  readonly #isLost: boolean;
  #left: number;

  constructor(kv: Kv, commits: number, isLost: boolean) {
    this.#kv = kv;
    this.#left = commits;
    this.#isLost = isLost;
  }

  get limits() {
    return this.#kv.limits;
  }

  get reach() {
    return this.#kv.reach;
  }

  read(keys: readonly Key[]) {
    return this.#kv.read(keys);
  }

  page(...args: Parameters<Kv['page']>) {
    return this.#kv.page(...args);
  }

  async update<R>(
    guards: readonly Key[],
    decide: (seen: readonly (Entry | undefined)[]) => Decision<R>,
    options?: UpdateOptions,
  ): Promise<R> {
    this.#left -= 1;
    if (this.#left < 0) throw new Died();
    if (this.#left > 0 || this.#isLost) {
      const result = await this.#kv.update(guards, decide, options);
      if (this.#left > 0) return result;
    }
    throw new Died();
  }

  watch(key: Key) {
    return this.#kv.watch(key);
  }

  close() {
    return this.#kv.close();
  }
}
