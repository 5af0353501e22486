import { expect } from 'vitest';
import { platform } from '../../../src/core/platform.ts';
import { decodeJson } from '../../../src/kv/json.ts';
import type { Entry, Key, Kv } from '../../../src/kv/kv.ts';
import { list } from '../../../src/kv/list.ts';
import type { Counter } from '../../../src/replica/counter.ts';
import { Layout } from '../../../src/replica/layout.ts';
import { PageStorage } from '../../../src/replica/pages/page-storage.ts';
import { decodeRun } from '../../../src/replica/pages/run.ts';
import { openReplica, type Replica } from '../../../src/replica/replica.ts';
import type { RevisionToWrite } from '../../../src/replica/target.ts';
import { alteredKv } from '../../contract/altered-kv.ts';
import type { Chance } from '../../faults/chance.ts';

/** What a replica is to hold: the generation of every document. */
export type Model = Map<string, number>;

function revisionOf(id: string, generation: number, filling: string): RevisionToWrite {
  // Ancestors that all have the same length, and of which the last few are told.
  const ids = Array.from({ length: Math.min(generation, 5) }, (_, back) => `${generation - back}`.padStart(32, '0'));
  const body = JSON.stringify({ generation, filling });
  return { id, rev: `${generation}-${ids[0]}`, revisions: { start: generation, ids }, deleted: false, body };
}

/** Writes new and changed documents as one batch. */
export async function write(replica: Replica, model: Model, ids: readonly string[], filling = ''): Promise<void> {
  const generations = new Map([...new Set(ids)].map((id) => [id, (model.get(id) ?? 0) + 1]));
  await replica.writeBatch({
    revisions: [...generations].map(([id, generation]) => revisionOf(id, generation, filling)),
  });
  for (const [id, generation] of generations) model.set(id, generation);
}

/** After a batch of which it is not known whether it is in: all of it is, or nothing. */
export async function settle(kv: Kv, model: Model, ids: readonly string[]): Promise<void> {
  const replica = await openReplica(kv, 'r');
  const found = new Map<string, number>();
  for (const id of new Set(ids)) found.set(id, Number((await replica.get(id))?.['generation'] ?? 0));
  const arrived = [...found].filter(([id, generation]) => generation === (model.get(id) ?? 0) + 1);
  const others = [...found].filter(([id, generation]) => generation === (model.get(id) ?? 0));
  expect(arrived.length + others.length).toBe(found.size);
  expect(Math.min(arrived.length, others.length)).toBe(0);
  for (const [id, generation] of arrived) model.set(id, generation);
}

/** All that a replica tells is what was written, from either end, one by one and in the order of changes; and it is sound. */
export async function expectModel(kv: Kv, model: Model): Promise<void> {
  const replica = await openReplica(kv, 'r');
  const order = [...model.keys()].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  const found: [string, unknown][] = [];
  for await (const { _id, generation } of replica.allDocs()) found.push([_id, generation]);
  expect(found).toEqual(order.map((id) => [id, model.get(id)]));
  const back: string[] = [];
  for await (const { id } of replica.texts({ descending: true })) back.push(id);
  expect(back).toEqual([...order].reverse());
  for (const id of order.filter((_, index) => index % 7 === 0)) {
    expect((await replica.get(id))?.['generation'], id.slice(0, 99)).toBe(model.get(id));
  }
  for await (const event of replica.verify()) {
    expect(event.type, JSON.stringify(event).slice(0, 999)).not.toBe('problem');
  }
  expect((await changedIn(kv)).sort()).toEqual([...order].sort());
}

/** The documents in the order of their last changes, each once. */
export async function changedIn(kv: Kv): Promise<string[]> {
  const changed: string[] = [];
  let last = 0;
  for await (const heads of (await storageOf(kv)).changes(0)) {
    for (const { id, seq } of heads) {
      expect(seq).toBeGreaterThan(last);
      last = seq;
      changed.push(id);
    }
  }
  expect(new Set(changed).size).toBe(changed.length);
  return changed;
}

export async function layoutOf(kv: Kv): Promise<Layout> {
  const { uuid } = await (await openReplica(kv, 'r')).info();
  return new Layout('r', uuid);
}

export async function storageOf(kv: Kv): Promise<PageStorage> {
  const partBytes = Math.min(512 * 1024, kv.limits.valueBytes);
  return new PageStorage(kv, await layoutOf(kv), partBytes, platform());
}

export async function recordsIn(kv: Kv, prefix: Key): Promise<Entry[]> {
  const entries: Entry[] = [];
  for await (const entry of list(kv, { prefix })) entries.push(entry);
  return entries;
}

/** The names of the jobs that are under way. */
export async function jobsIn(kv: Kv): Promise<string[]> {
  const { upkeep } = await layoutOf(kv);
  const jobs = (await recordsIn(kv, upkeep)).filter(({ key, value }) => {
    const isIdle = key.at(-1) === 'sequence' && !('after' in (decodeJson(value) as object));
    return !isIdle;
  });
  return jobs.map(({ key }) => String(key.at(-1)));
}

/** Writes small batches until there is nothing left to be done; then every record is in use, or counted as dead. */
export async function expectNothingLeftBehind(kv: Kv, model: Model): Promise<void> {
  const replica = await openReplica(kv, 'r');
  for (let round = 0; round < 2 || (await jobsIn(kv)).length > 0; round += 1) {
    expect(round).toBeLessThan(300);
    await write(replica, model, ['quiet']);
  }
  const layout = await layoutOf(kv);
  const [counted] = await kv.read([layout.counter]);
  const counter = decodeJson(counted?.value ?? new Uint8Array()) as Counter;
  const bodies = await recordsIn(kv, layout.bodies);
  expect(bodies.reduce((sum, { value }) => sum + value.length, 0)).toBe(counter.bodyBytes);
  expect(Number(bodies[0]?.key.at(-1) ?? counter.oldest)).toBeGreaterThanOrEqual(counter.oldest);
  const runs = (await recordsIn(kv, layout.runs)).map(({ key, value }) => decodeRun(Number(key.at(-1)), value));
  const used = new Map(runs.map(({ number, blocks }) => [number, blocks]));
  for (const { value } of await recordsIn(kv, layout.sequence)) {
    const place: unknown = decodeJson(value);
    if (!Array.isArray(place)) used.set((place as { run: number }).run, Number.POSITIVE_INFINITY);
  }
  for (const { key } of await recordsIn(kv, layout.blocks)) {
    const [run, block] = key.slice(layout.blocks.length);
    expect(Number(block), `block ${block} of ${run}`).toBeLessThan(used.get(Number(run)) ?? 0);
  }
}

/** What a store throws that has died. */
export class Died extends Error {}

/** A store that fails for good after so many commits, of which the last happens, or does not. */
export function dyingKv(kv: Kv, commits: number, isLost: boolean): Kv {
  let left = commits;
  return alteredKv(kv, {
    async update(guards, decide, options) {
      left -= 1;
      if (left < 0) throw new Died();
      if (left > 0) return kv.update(guards, decide, options);
      if (isLost) await kv.update(guards, decide, options);
      throw new Died();
    },
  });
}

/** A store that lets others go first, now and then. */
export function slowKv(kv: Kv, chance: Chance): Kv {
  const pause = async (): Promise<void> => {
    for (let turns = chance.between(0, 6); turns > 0; turns -= 1) await Promise.resolve();
  };
  return alteredKv(kv, {
    async read(keys) {
      await pause();
      return kv.read(keys);
    },
    async page(range, options) {
      await pause();
      return kv.page(range, options);
    },
    async update(guards, decide, options) {
      await pause();
      return kv.update(guards, decide, options);
    },
  });
}
