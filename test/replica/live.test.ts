import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { Observable, retry } from 'rxjs';
import { describe, expect, onTestFinished, test } from 'vitest';
import { fsKv } from '../../adapters/fs/index.ts';
import { StoreError } from '../../src/core/errors.ts';
import type { Kv } from '../../src/kv/kv.ts';
import { memoryKv } from '../../src/kv/memory.ts';
import { openReplica } from '../../src/replica/replica.ts';
import { alteredKv } from '../contract/altered-kv.ts';
import { names, settle, watch, write } from '../contract/live/actions.ts';
import { startProgram } from '../support/child-program.ts';
import { deferred } from '../support/deferred.ts';
import { revision } from '../support/revision.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';
import { virtualClock } from '../support/virtual-clock.ts';

/** A store that counts what is read of it, by the kind of record, and who watches it. */
function countingKv(inner: Kv) {
  const counts = { watches: 0, reads: new Map<string, number>() };
  const count = (kind: unknown): void => {
    counts.reads.set(String(kind), (counts.reads.get(String(kind)) ?? 0) + 1);
  };
  const kv = alteredKv(inner, {
    read(keys) {
      for (const key of keys) count(key[2]);
      return inner.read(keys);
    },
    page(range, options) {
      count(range.prefix?.[2]);
      return inner.page(range, options);
    },
    watch: (key) =>
      new Observable((subscriber) => {
        counts.watches += 1;
        subscriber.add(() => {
          counts.watches -= 1;
        });
        subscriber.add(inner.watch(key).subscribe(subscriber));
      }),
  });
  return { kv, counts };
}

describe('The reader of live documents', () => {
  test('is one for all, watches once, and ends with the last who leaves', async () => {
    const { kv, counts } = countingKv(memoryKv());
    const replica = await openReplica(kv, 'recipes');
    expect(counts.watches).toBe(0);
    const watched = [
      ...Array.from({ length: 50 }, (_, index) => watch(replica.doc$(`d${index}`))),
      ...Array.from({ length: 50 }, (_, index) => watch(replica.docs$({ startKey: `d${index}`, limit: 3 }))),
    ];
    await Promise.all(watched.map((one) => one.until(() => true)));
    expect(counts.watches).toBe(1);
    for (const one of watched) one.leave();
    await expect.poll(() => counts.watches).toBe(0);
    await watch(replica.doc$('d1')).until(() => true);
    expect(counts.watches).toBe(1);
    await replica.close();
    await expect.poll(() => counts.watches).toBe(0);
  });

  test('reads for a hundred who watch what it reads for one, and only what has changed', async () => {
    const inner = memoryKv();
    const writer = await openReplica(inner, 'recipes');
    for (let index = 0; index < 30; index += 1) await write(writer, `d${index}`, '1-x');
    const readsOf = async (many: number, id: string): Promise<ReadonlyMap<string, number>> => {
      const { kv, counts } = countingKv(inner);
      const replica = await openReplica(kv, 'recipes');
      const documents = Array.from({ length: many }, () => watch(replica.doc$(id)));
      const ranges = Array.from({ length: many }, () => watch(replica.docs$({ startKey: 'd' })));
      await Promise.all([...documents, ...ranges].map((one) => one.until(() => true)));
      await settle(replica, writer);
      counts.reads.clear();
      const before = ranges.map(({ values }) => values.length);
      await write(writer, id, '2-y x');
      await Promise.all(documents.map((one) => one.until((doc) => doc?._rev === '2-y')));
      await Promise.all(ranges.map((one, index) => one.until(() => one.values.length > (before[index] ?? 0))));
      const reads = new Map(counts.reads);
      await replica.close();
      return reads;
    };
    const forOne = await readsOf(1, 'd7');
    const forMany = await readsOf(50, 'd8');
    expect(forOne.get('body')).toBe(1);
    expect(forMany.get('body')).toBe(1);
    expect(forMany.get('sequence')).toBe(forOne.get('sequence'));
    expect(forMany.get('counter')).toBe(forOne.get('counter'));
  });

  test('does not read documents that nobody watches', async () => {
    const inner = memoryKv();
    const { kv, counts } = countingKv(inner);
    const replica = await openReplica(kv, 'recipes');
    const writer = await openReplica(inner, 'recipes');
    const watched = [watch(replica.doc$('a')), watch(replica.docs$({ startKey: 'b', endKey: 'c' }))];
    await Promise.all(watched.map((one) => one.until(() => true)));
    counts.reads.clear();
    await writer.writeBatch({ revisions: ['d', 'e', 'f'].map((id) => revision(id, 'a')) });
    await settle(replica, writer);
    // The one that was waited for.
    expect(counts.reads.get('body')).toBe(1);
  });

  test('looks at once, and then ten times a second at the most', async () => {
    const clock = virtualClock();
    const kv = memoryKv();
    const replica = await openReplica(kv, 'recipes', { platform: clock.platform });
    const writer = await openReplica(kv, 'recipes');
    const doc = watch(replica.doc$('a'));
    await doc.until(() => true);
    await clock.sleeping(100);
    const ids: string[] = [];
    for (let generation = 1; generation <= 20; generation += 1) {
      ids.unshift(`r${generation}`);
      await write(writer, 'a', `${generation}-${ids.join(' ')}`);
    }
    expect(doc.values).toEqual([undefined]);
    await clock.advance(99);
    expect(doc.values).toEqual([undefined]);
    await clock.advance(1);
    await doc.until((now) => now?._rev === '20-r20');
    expect(doc.values.length).toBe(2);
    await clock.sleeping(100);
    // Who comes is shown what he wants without a wait.
    await watch(replica.docs$()).until((docs) => names(docs) === 'a 20-r20');
    await clock.sleeping(100);
    await clock.advance(100);
    await write(writer, 'a', `21-r21 ${ids.join(' ')}`);
    await doc.until((now) => now?._rev === '21-r21');
  });

  test('shows nobody what it has read before he came', async () => {
    const [reached, released] = [deferred(), deferred()];
    const inner = memoryKv();
    const kv = alteredKv(inner, {
      async read(keys) {
        const found = await inner.read(keys);
        if (keys.some((key) => key[2] === 'body')) {
          reached.resolve();
          await released.promise;
        }
        return found;
      },
    });
    const replica = await openReplica(kv, 'recipes');
    const writer = await openReplica(inner, 'recipes');
    await watch(replica.doc$('a')).until(() => true);
    await write(writer, 'a', '1-x');
    await reached.promise;
    await write(writer, 'a', '2-y x');
    const late = watch(replica.doc$('a'));
    released.resolve();
    expect(await late.until(() => true)).toMatchObject({ _rev: '2-y' });
  });

  test('tells everybody what makes it fail, and begins anew with who subscribes again', async () => {
    let failing = false;
    const inner = memoryKv();
    const kv = alteredKv(inner, {
      async read(keys) {
        if (failing) throw new StoreError('The store is busy', 'busy');
        return inner.read(keys);
      },
    });
    const replica = await openReplica(kv, 'recipes');
    const [doc, docs] = [watch(replica.doc$('a')), watch(replica.docs$())];
    const again = watch(replica.doc$('a').pipe(retry({ count: 1000 })));
    await Promise.all([doc, docs, again].map((one) => one.until(() => true)));
    failing = true;
    await write(await openReplica(inner, 'recipes'), 'a', '1-x');
    expect(await doc.failure).toMatchObject({ failure: 'busy' });
    expect(await docs.failure).toMatchObject({ failure: 'busy' });
    failing = false;
    await again.until((now) => now?._rev === '1-x');
    await watch(replica.doc$('a')).until((now) => now?._rev === '1-x');
  });

  test('ends when the store is closed', async () => {
    const kv = memoryKv();
    const replica = await openReplica(kv, 'recipes');
    const watched = [watch(replica.doc$('a')), watch(replica.docs$()), watch(replica.changes({ live: true }))];
    await Promise.all(watched.map((one) => one.until(() => true)));
    await kv.close();
    for (const { failure } of watched) expect(await failure).toMatchObject({ name: 'ClosedError' });
  });

  test('shows what another process writes', async () => {
    const directory = await temporaryDirectory();
    const kv = await fsKv(directory);
    onTestFinished(() => kv.close());
    const replica = await openReplica(kv, 'recipes');
    const child = startProgram(new URL('./live-writer-program.ts', import.meta.url), [directory]);
    expect(await child.line()).toBe('ready');
    const doc = watch(replica.doc$('a'));
    const docs = watch(replica.docs$({ limit: 2 }));
    await Promise.all([doc.until((now) => now === undefined), docs.until((now) => now.length === 0)]);
    child.tell('a');
    expect(await doc.until((now) => now !== undefined)).toMatchObject({ by: 'another process' });
    child.tell('b');
    await docs.until((now) => names(now) === 'a 1-a, b 1-a');
  });

  test('shows of any range what reading it gives, whatever is written and whenever it is looked at', async () => {
    const id = fc.integer({ min: 0, max: 9 }).map((number) => `d${number}`);
    const range = fc.record(
      {
        startKey: id,
        endKey: id,
        descending: fc.boolean(),
        limit: fc.integer({ min: 0, max: 5 }),
        conflicts: fc.boolean(),
      },
      { requiredKeys: [] },
    );
    const writes = fc.array(fc.tuple(id, fc.constantFrom('1-x', '1-x', '2-y x!', '2-y x!', '3-z y x', '2-w x')), {
      minLength: 4,
      maxLength: 12,
    });
    await fc.assert(
      fc.asyncProperty(
        fc.array(range, { minLength: 1, maxLength: 4 }),
        fc.array(writes, { minLength: 2, maxLength: 5 }),
        async (ranges, rounds) => {
          const clock = virtualClock();
          const kv = memoryKv();
          const replica = await openReplica(kv, 'recipes', { platform: clock.platform });
          const watched = ranges.map((one) => watch(replica.docs$(one)));
          for (const round of rounds) {
            for (const [document, path] of round) await write(replica, document, path);
            for (const [index, one] of ranges.entries()) {
              const expected: unknown[] = [];
              for await (const doc of replica.allDocs(one)) expected.push(doc);
              const isShown = (): boolean => isDeepStrictEqual(watched[index]?.values.at(-1), expected);
              for (let looks = 0; looks < 50 && !isShown(); looks += 1) await clock.advance(100);
              expect(watched[index]?.values.at(-1)).toEqual(expected);
            }
          }
          await replica.close();
        },
      ),
      { numRuns: 100 },
    );
  });
});
