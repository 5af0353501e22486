import fc from 'fast-check';
import { beforeEach, describe, expect, test } from 'vitest';
import { encodeJson } from '../../src/kv/json.ts';
import type { Kv } from '../../src/kv/kv.ts';
import { list } from '../../src/kv/list.ts';
import { memoryKv } from '../../src/kv/memory.ts';
import { openReplica, type Replica, replicas } from '../../src/replica/replica.ts';
import type { RevisionToWrite } from '../../src/replica/target.ts';
import { alteredKv } from '../contract/altered-kv.ts';
import { revision } from '../support/revision.ts';

let kv: Kv;
let replica: Replica;

beforeEach(async () => {
  kv = memoryKv();
  replica = await openReplica(kv, 'recipes');
});

async function write(...revisions: RevisionToWrite[]): Promise<number> {
  return (await replica.writeBatch({ revisions })).written;
}

async function all<T>(feed: AsyncIterable<T>): Promise<T[]> {
  const values: T[] = [];
  for await (const value of feed) values.push(value);
  return values;
}

describe('Reading', () => {
  test('gives winners, named revisions, ancestry and conflicts', async () => {
    await write(
      revision('a', 'y x', { v: 'y' }),
      revision('a', 'z x', { v: 'z' }),
      revision('a', 'w x', {}, { deleted: true }),
    );
    expect(await replica.get('a')).toEqual({ _id: 'a', _rev: '2-z', v: 'z' });
    expect(await replica.get('a', { rev: '2-y', revs: true })).toEqual({
      _id: 'a',
      _rev: '2-y',
      v: 'y',
      _revisions: { start: 2, ids: ['y', 'x'] },
    });
    expect(await replica.get('a', { conflicts: true })).toMatchObject({ _conflicts: ['2-y'] });
    expect(await replica.get('a', { rev: '2-w' })).toEqual({ _id: 'a', _rev: '2-w', _deleted: true });
    expect(await replica.get('a', { rev: '1-x' })).toBeUndefined();
    expect(await replica.get('b')).toBeUndefined();
    expect(await replica.leaves('a', { revs: true })).toEqual([
      { rev: '2-z', deleted: false, revisions: { start: 2, ids: ['z', 'x'] } },
      { rev: '2-y', deleted: false, revisions: { start: 2, ids: ['y', 'x'] } },
      { rev: '2-w', deleted: true, revisions: { start: 2, ids: ['w', 'x'] } },
    ]);
    expect(await replica.leaves('b')).toEqual([]);
  });

  test('gives text as it came', async () => {
    const body = '{"n":12345678901234567890.5,"x":1.0,"é":"\\u0000"}';
    await write(revision('"q"', 'a', {}, { body, attachments: '{"f":{"stub":true}}' }));
    expect(await replica.text('"q"')).toBe(
      `{"_id":"\\"q\\"","_rev":"1-a",${body.slice(1, -1)},"_attachments":{"f":{"stub":true}}}`,
    );
    expect((await replica.info()).attachmentsMissing).toBe(1);
  });

  test('lists by id in the order of bytes, in ranges, from either end', async () => {
    const ids = [
      '',
      'a',
      'b',
      'ä',
      '\ue000',
      '\u{10000}',
      `x${'y'.repeat(600)}`,
      `x${'y'.repeat(600)}a`,
      `x${'y'.repeat(600)}b`,
      `x${'y'.repeat(200)}`,
    ].slice(1);
    await write(...[...ids].reverse().map((id) => revision(id, 'a')), revision('gone', 'd a', {}, { deleted: true }));
    const inOrder = [...ids].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
    const listed = async (range = {}): Promise<string[]> => (await all(replica.allDocs(range))).map(({ _id }) => _id);
    expect(await listed()).toEqual(inOrder);
    expect(await listed({ descending: true })).toEqual([...inOrder].reverse());
    for (const [from, startKey] of inOrder.entries()) {
      for (const [to, endKey] of inOrder.entries()) {
        expect(await listed({ startKey, endKey })).toEqual(inOrder.slice(from, to + 1));
        expect(await listed({ startKey: endKey, endKey: startKey, descending: true })).toEqual(
          inOrder.slice(from, to + 1).reverse(),
        );
      }
    }
    expect(await listed({ limit: 3 })).toEqual(inOrder.slice(0, 3));
    expect(await listed({ limit: 2, descending: true, startKey: 'b' })).toEqual(['b', 'a']);
    expect(await listed({ limit: 0 })).toEqual([]);
    expect((await all(replica.texts({ leaves: true }))).map(({ id }) => id)).toContain('gone');
  });

  test('reads many documents over several pages, whatever their order of arrival', async () => {
    const ids = Array.from({ length: 2500 }, (_, n) => `doc-${n.toString().padStart(4, '0')}`);
    for (let start = 0; start < 2500; start += 500) {
      await write(
        ...ids.filter((_, n) => n % 5 === start / 500).map((id) => revision(id, 'a', { id, pad: 'x'.repeat(100) })),
      );
    }
    const docs = await all(replica.allDocs());
    expect(docs.map(({ _id }) => _id)).toEqual(ids);
    expect(docs.every((doc) => doc['id'] === doc._id)).toBe(true);
    for await (const doc of replica.allDocs()) {
      expect(doc._id).toBe(ids[0]);
      break;
    }
  });
});

describe('Writing', () => {
  test('counts documents, tombstones and what is new', async () => {
    expect(
      await write(
        revision('a', 'x'),
        revision('b', 'x'),
        revision('b', 'y'),
        revision('c', 'x', {}, { deleted: true }),
      ),
    ).toBe(4);
    expect(await replica.info()).toMatchObject({ docCount: 2, docDelCount: 1, updateSeq: 3 });
    expect(await write(revision('a', 'x'), revision('b', 'y'))).toBe(0);
    expect(await replica.info()).toMatchObject({ updateSeq: 3 });
    expect(await write(revision('a', 'd x', {}, { deleted: true }), revision('c', 'r x'))).toBe(2);
    expect(await replica.info()).toMatchObject({ docCount: 2, docDelCount: 1 });
  });

  test('keeps the bodies of leaves, and with keep all of every revision that came', async () => {
    const other = await openReplica(kv, 'all', { keep: 'all' });
    for (const target of [replica, other]) {
      await target.writeBatch({ revisions: [revision('a', 'x', { v: 1 })] });
      await target.writeBatch({ revisions: [revision('a', 'y x', { v: 2 })] });
    }
    expect(await replica.get('a', { rev: '1-x' })).toBeUndefined();
    expect(await other.get('a', { rev: '1-x' })).toEqual({ _id: 'a', _rev: '1-x', v: 1 });
    expect(await other.get('a')).toMatchObject({ v: 2 });
  });

  test('takes ancestors that come later', async () => {
    await write(revision('a', 'c b', {}, { rev: '3-c', revisions: { start: 3, ids: ['c', 'b'] } }));
    expect(await write(revision('a', 'c b a'))).toBe(0);
    expect(await replica.leaves('a', { revs: true })).toEqual([
      { rev: '3-c', deleted: false, revisions: { start: 3, ids: ['c', 'b', 'a'] } },
    ]);
  });

  test('refuses for good what can never be stored, and stores the rest of the batch', async () => {
    const bad = [
      revision('', 'a'),
      revision('\ud800', 'a'),
      revision('x', 'a', {}, { rev: 'nonsense' }),
      revision('x', 'a', {}, { rev: '99999999999999999999-a' }),
      revision('x', 'a', {}, { rev: '2-b' }),
      revision('x', 'a', {}, { revisions: { start: 1, ids: [] } }),
      revision('x', 'a b c', {}, { rev: '1-a', revisions: { start: 1, ids: ['a', 'b', 'c'] } }),
    ];
    const { written, rejected } = await replica.writeBatch({ revisions: [...bad, revision('good', 'a')] });
    expect(written).toBe(1);
    expect(rejected).toHaveLength(bad.length);
    const hostile = { id: '\0'.repeat(600), rev: `1-${'\0'.repeat(600)}`, reason: 'x'.repeat(70_000) };
    await replica.writeBatch({ revisions: [], failures: [hostile] });
    expect(await all(replica.failed())).toContainEqual({ ...hostile, reason: 'x'.repeat(1000), attempts: 1 });
    await replica.writeBatch({ revisions: [], forget: [hostile] });
    expect((await all(replica.failed())).length).toBe(
      new Set(bad.map(({ id, rev }) => JSON.stringify([id, rev]))).size,
    );
  });

  test('two writers at once take turns and lose nothing', async () => {
    const other = await openReplica(kv, 'recipes');
    const writes = Array.from({ length: 40 }, (_, n) =>
      (n % 2 === 0 ? replica : other).writeBatch({
        revisions: [revision('shared', `leaf${n} root`, { n }), revision(`own-${n}`, 'a', { n })],
      }),
    );
    const results = await Promise.all(writes);
    expect(results.every(({ written }) => written === 2)).toBe(true);
    expect(await replica.leaves('shared')).toHaveLength(40);
    expect(await replica.info()).toMatchObject({ docCount: 41, updateSeq: 80 });
    for (let n = 0; n < 40; n += 1) expect(await replica.get('shared', { rev: `2-leaf${n}` })).toMatchObject({ n });
  });

  test('any batches, in any order, under tight limits: the same documents as under none', async () => {
    const tight = {
      keyBytes: 2048,
      valueBytes: 4096,
      keysPerRead: 10,
      guardsPerUpdate: 10,
      mutationsPerUpdate: 40,
      bytesPerUpdate: 60_000,
      keyBytesPerUpdate: 40_000,
    };
    const revisions = fc.record({
      id: fc.constantFrom('a', 'b', 'c', 'd', 'x'.repeat(700)),
      path: fc.constantFrom('a', 'b', 'c a', 'd a', 'e c a', 'f b'),
      size: fc.constantFrom(0, 10, 3000, 50_000),
      deleted: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(fc.array(revisions, { maxLength: 30 }), { maxLength: 4 }), async (batches) => {
        const results: unknown[] = [];
        for (const limits of [{}, tight]) {
          const target = await openReplica(memoryKv({ limits }), 'r');
          for (const batch of batches) {
            await target.writeBatch({
              revisions: batch.map(({ id, path, size, deleted }) =>
                revision(id, path, { id, path, text: 'é'.repeat(size) }, { deleted: deleted && path === 'f b' }),
              ),
              checkpoint: { id: 'p', value: { batch: batch.length } },
            });
          }
          const { docCount, docDelCount, updateSeq, checkpoints } = await target.info();
          results.push([
            await all(target.texts({ leaves: true, revs: true })),
            docCount,
            docDelCount,
            updateSeq,
            checkpoints,
          ]);
        }
        expect(results[1]).toEqual(results[0]);
      }),
      { numRuns: 30 },
    );
  });

  test('a checkpoint never comes without its documents, nor documents half', async () => {
    const fill = async (target: Replica): Promise<void> => {
      for (let n = 1; n <= 5; n += 1) {
        const revisions = Array.from({ length: 60 }, (_, at) =>
          revision(`${n}-${at}`, 'a', { n, text: 'x'.repeat(2000) }),
        );
        await target.writeBatch({ revisions, checkpoint: { id: 'p', value: { n } } });
      }
    };
    // Every update of the whole is made to fail once, as if the process had died there.
    const limits = { valueBytes: 4096, bytesPerUpdate: 60_000, mutationsPerUpdate: 40 };
    let updates = 0;
    const counting = memoryKv({ limits });
    const counted = alteredKv(counting, {
      update: (...args) => {
        updates += 1;
        return counting.update(...args);
      },
    });
    await fill(await openReplica(counted, 'r'));
    expect(updates).toBeGreaterThan(20);
    for (let dead = 2; dead < updates; dead += 3) {
      const store = memoryKv({ limits });
      let at = 0;
      const dying = alteredKv(store, {
        update: (...args) => (++at > dead ? Promise.reject(new Error('died')) : store.update(...args)),
      });
      await expect(openReplica(dying, 'r').then(fill)).rejects.toThrow('died');
      const after = await openReplica(store, 'r');
      const { checkpoints, docCount } = await after.info();
      const reached = Number(checkpoints[0]?.value['n'] ?? 0);
      const docs = await all(after.allDocs());
      expect(docs.length).toBe(docCount);
      expect(docs.every(({ text }) => text === 'x'.repeat(2000))).toBe(true);
      expect(docs.filter(({ n }) => Number(n) <= reached)).toHaveLength(reached * 60);
      await fill(after);
      expect(await after.info()).toMatchObject({ docCount: 300, updateSeq: 300 });
    }
  });
});

describe('A replica', () => {
  test('is found again by its name, among others', async () => {
    await write(revision('a', 'x'));
    const again = await openReplica(kv, 'recipes');
    expect((await again.info()).uuid).toBe((await replica.info()).uuid);
    expect(await again.get('a')).toBeDefined();
    await openReplica(kv, 'books');
    expect(await all(replicas(kv))).toEqual(['books', 'recipes']);
  });

  test('made by many at once is one', async () => {
    const opened = await Promise.all(Array.from({ length: 10 }, () => openReplica(kv, 'new')));
    const uuids = await Promise.all(opened.map(async (one) => (await one.info()).uuid));
    expect(new Set(uuids).size).toBe(1);
  });

  test('leaves nothing behind when it is destroyed, and others alone', async () => {
    const other = await openReplica(kv, 'recipes2');
    await other.writeBatch({ revisions: [revision('a', 'x')] });
    await write(...Array.from({ length: 1200 }, (_, n) => revision(`${n}`, 'a')));
    const handle = await openReplica(kv, 'recipes');
    await replica.destroy();
    await expect(handle.info()).rejects.toMatchObject({ name: 'StoreError', failure: 'missing' });
    await expect(handle.writeBatch({ revisions: [revision('b', 'x')] })).rejects.toMatchObject({ failure: 'missing' });
    await expect(replica.get('a')).rejects.toMatchObject({ name: 'ClosedError' });
    expect(await all(replicas(kv))).toEqual(['recipes2']);
    const { uuid } = await other.info();
    for await (const { key } of list(kv, { prefix: ['replica'] })) expect(key[1]).toBe(uuid);
    expect(await other.get('a')).toBeDefined();
    expect(await (await openReplica(kv, 'recipes')).info()).toMatchObject({ docCount: 0 });
  });

  test('refuses work after close', async () => {
    await replica.close();
    await expect(replica.get('a')).rejects.toMatchObject({ name: 'ClosedError' });
    expect(() => replica.allDocs()).toThrow(expect.objectContaining({ name: 'ClosedError' }));
  });

  test.each(['', 'x'.repeat(301)])('refuses the name %j', async (name) => {
    await expect(openReplica(kv, name)).rejects.toMatchObject({ name: 'InputError' });
  });

  test('of a newer couchtide, or a damaged one, is refused and left as it is', async () => {
    const put = (value: object): Promise<void> =>
      kv.update([], () => ({ set: [[['replicas', 'odd'], encodeJson(value)]], result: undefined }));
    await put({ format: 3, uuid: 'u', partBytes: 1 });
    await expect(openReplica(kv, 'odd')).rejects.toMatchObject({ name: 'StoreError', failure: 'newer' });
    await put({ format: 1, uuid: 'u', partBytes: 1 });
    await expect(openReplica(kv, 'odd')).rejects.toMatchObject({ name: 'StoreError', failure: 'corrupt' });
    await put({ something: 'else' });
    await expect(openReplica(kv, 'odd')).rejects.toMatchObject({ name: 'StoreError', failure: 'corrupt' });
  });

  test('says that it is damaged when a body is gone', async () => {
    await write(revision('a', 'x', { v: 1 }));
    for await (const { key } of list(kv, { prefix: ['replica', (await replica.info()).uuid, 'body'] })) {
      await kv.update([], () => ({ delete: [key], result: undefined }));
    }
    await expect(replica.get('a')).rejects.toMatchObject({ name: 'StoreError', failure: 'corrupt' });
    expect(await replica.leaves('a')).toHaveLength(1);
  });
});
