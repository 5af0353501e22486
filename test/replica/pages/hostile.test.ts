import { describe, expect, test } from 'vitest';
import type { KvLimits } from '../../../src/kv/kv.ts';
import { memoryKv } from '../../../src/kv/memory.ts';
import { openReplica } from '../../../src/replica/replica.ts';
import { alteredKv } from '../../contract/altered-kv.ts';
import { denoKvLimits } from '../../contract/memory.ts';
import { deferred } from '../../support/deferred.ts';
import { revision } from '../../support/revision.ts';
import {
  changedIn,
  expectModel,
  expectNothingLeftBehind,
  layoutOf,
  type Model,
  recordsIn,
  storageOf,
  write,
} from './model.ts';

const limits: readonly (readonly [string, Partial<KvLimits>])[] = [
  ['memory', {}],
  ['the limits of Deno KV', denoKvLimits],
];

describe.each(limits)('With %s', (_, limits) => {
  test('an id may have megabytes', { timeout: 60_000 }, async () => {
    const kv = memoryKv({ limits });
    const replica = await openReplica(kv, 'r');
    const model: Model = new Map();
    const long = 'ü\0'.repeat(1_000_000);
    for (let round = 0; round < 20; round += 1) {
      await write(replica, model, [round % 5 === 0 ? `${long}${round % 10}` : `doc-${round}`]);
    }
    await expectModel(kv, model);
    await expectNothingLeftBehind(kv, model);
  });

  test('ids may begin alike for a hundred kilobytes', { timeout: 120_000 }, async () => {
    const kv = memoryKv({ limits });
    const replica = await openReplica(kv, 'r');
    const model: Model = new Map();
    const long = 'x'.repeat(100_000);
    for (let round = 0; round < 12; round += 1) {
      await write(
        replica,
        model,
        Array.from({ length: 12 }, (_, at) => `${long}${(round * 12 + at * 7) % 80}`),
      );
    }
    await expectModel(kv, model);
    await expectNothingLeftBehind(kv, model);
    // Each id once in a page, once in a node and once in the order of changes; and what is not merged yet.
    const { blocks, sequence } = await layoutOf(kv);
    const records = [...(await recordsIn(kv, blocks)), ...(await recordsIn(kv, sequence))];
    const bytes = records.reduce((sum, { value }) => sum + value.length, 0);
    expect(bytes).toBeLessThan(10 * model.size * long.length);
  });

  test('bodies may be of any size, and nothing', async () => {
    const kv = memoryKv({ limits });
    const replica = await openReplica(kv, 'r');
    const texts = ['', 'x', 'x'.repeat(32 * 1024), 'x'.repeat(65_536), 'x'.repeat(8_000_000)];
    for (const generation of ['a', 'b a', 'c b a']) {
      await replica.writeBatch({
        revisions: texts.map((text, at) => revision(`${at}`, generation, text === '' ? {} : { text })),
      });
    }
    for (const [at, text] of texts.entries()) expect((await replica.get(`${at}`))?.['text'] ?? '').toBe(text);
    for await (const event of replica.verify()) expect(event.type).not.toBe('problem');
  });

  test('a batch may have a hundred thousand documents', { timeout: 120_000 }, async () => {
    const kv = memoryKv({ limits });
    const replica = await openReplica(kv, 'r');
    const model: Model = new Map();
    const ids = Array.from({ length: 100_000 }, (_, at) => `doc-${at}`);
    await write(replica, model, ids);
    expect(await changedIn(kv)).toEqual(ids);
    await write(replica, model, ids.slice(0, 50));
    expect(await changedIn(kv)).toEqual([...ids.slice(50), ...ids.slice(0, 50)]);
  });
});

describe('The order of changes', () => {
  test('says nothing of what a writer has written ahead who came too late', async () => {
    const kv = memoryKv({ limits: { bytesPerUpdate: 40_000, valueBytes: 4096 } });
    const first = await openReplica(kv, 'r');
    await first.writeBatch({ revisions: [revision('first', 'a')] });
    const [isAhead, goOn] = [deferred(), deferred()];
    let isHeld = true;
    const held = alteredKv(kv, {
      async update(guards, decide, options) {
        let writesOrder = false;
        const result = await kv.update(
          guards,
          (seen) => {
            const decision = decide(seen);
            writesOrder = (decision.set ?? []).some(([key]) => key[2] === 'body');
            return decision;
          },
          options,
        );
        if (writesOrder && isHeld) {
          isAhead.resolve();
          await goOn.promise;
        }
        return result;
      },
    });
    const text = 'x'.repeat(3000);
    const late = (await openReplica(held, 'r')).writeBatch({
      revisions: Array.from({ length: 40 }, (_, at) => revision(`late-${at}`, 'a', { text })),
    });
    await isAhead.promise;
    isHeld = false;
    for (let at = 0; at < 60; at += 1) await first.writeBatch({ revisions: [revision(`doc-${at}`, 'a')] });
    goOn.resolve();
    await late;
    const changed = await changedIn(kv);
    expect(changed).toEqual([
      'first',
      ...Array.from({ length: 60 }, (_, at) => `doc-${at}`),
      ...Array.from({ length: 40 }, (_, at) => `late-${at}`),
    ]);
    await expectNothingLeftBehind(kv, new Map([['quiet', 0]]));
  });

  test('is read to the end while its records are written anew', { timeout: 60_000 }, async () => {
    const kv = memoryKv();
    const replica = await openReplica(kv, 'r');
    const model: Model = new Map();
    const steady = Array.from({ length: 3000 }, (_, at) => `steady-${at}`);
    const busy = Array.from({ length: 3000 }, (_, at) => `busy-${at}`);
    for (let at = 0; at < 3000; at += 30) {
      await write(replica, model, [...steady.slice(at, at + 30), ...busy.slice(at, at + 30)]);
    }
    for (let round = 0; round < 6; round += 1) {
      const told: string[] = [];
      for await (const heads of (await storageOf(kv)).changes(0)) {
        told.push(...heads.map(({ id }) => id));
        const at = (told.length * 13) % 2500;
        await write(replica, model, busy.slice(at, at + 300));
        if (told.length > 20_000) break;
      }
      expect(new Set(told.filter((id) => id.startsWith('steady'))).size).toBe(steady.length);
      expect(told.filter((id) => id.startsWith('steady'))).toHaveLength(steady.length);
    }
  });
});

describe('A replica that was destroyed, and made anew under its name,', () => {
  test('has nothing to do with those who still hold the old one', async () => {
    const kv = memoryKv();
    const old = await openReplica(kv, 'r');
    const model: Model = new Map();
    for (let round = 0; round < 20; round += 1) await write(old, model, [`old-${round}`]);
    await (await openReplica(kv, 'r')).destroy();
    const fresh = await openReplica(kv, 'r');
    const model2: Model = new Map();
    for (let round = 0; round < 20; round += 1) await write(fresh, model2, [`new-${round}`]);
    const missing = { name: 'StoreError', failure: 'missing' };
    await expect(old.get('old-1')).rejects.toMatchObject(missing);
    await expect(old.get('new-1')).rejects.toMatchObject(missing);
    await expect(write(old, model, ['old-1'])).rejects.toMatchObject(missing);
    await old.destroy();
    await expectModel(kv, model2);
  });

  test('is gone as a whole, though somebody is at work on it', { timeout: 60_000 }, async () => {
    for (let delay = 1; delay < 60; delay += 4) {
      const kv = memoryKv({ limits: denoKvLimits });
      const worker = await openReplica(kv, 'r');
      const model: Model = new Map();
      const ids = Array.from({ length: 300 }, (_, at) => `doc-${at}`);
      const text = 'x'.repeat(4000);
      const working = (async (): Promise<unknown> => {
        for (;;) await write(worker, model, ids, text);
      })().catch((error: unknown) => error);
      const other = await openReplica(kv, 'r');
      while ((model.get('doc-0') ?? 0) < 3) await other.info();
      for (let turn = 0; turn < delay; turn += 1) await other.info();
      await other.destroy();
      expect(await working).toMatchObject({ name: 'StoreError', failure: 'missing' });
      expect(await recordsIn(kv, ['replica'])).toEqual([]);
      expect(await recordsIn(kv, ['replicas'])).toEqual([]);
    }
  });
});
