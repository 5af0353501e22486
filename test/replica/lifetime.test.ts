import { describe, expect, test } from 'vitest';
import { memoryKv } from '../../src/kv/memory.ts';
import { Lifetime } from '../../src/replica/lifetime.ts';
import { openReplica } from '../../src/replica/replica.ts';
import { alteredKv } from '../contract/altered-kv.ts';
import { denoKvLimits } from '../contract/memory.ts';
import { deferred } from '../support/deferred.ts';
import { revision } from '../support/revision.ts';

const reason = new Error('The user has signed out');
const closed = { name: 'ClosedError', message: 'The thing is closed', cause: reason };

describe('A lifetime', () => {
  test('lets nothing begin after its end, and the first reason counts', async () => {
    const lifetime = new Lifetime('The thing');
    expect(await lifetime.run(async () => 1)).toBe(1);
    await lifetime.end(reason);
    await lifetime.end(new Error('Another reason'));
    expect(() => lifetime.check()).toThrow(expect.objectContaining(closed));
    let begun = false;
    const run = lifetime.run(async () => {
      begun = true;
    });
    await expect(run).rejects.toMatchObject(closed);
    expect(begun).toBe(false);
  });

  test('has no cause where no reason was given', async () => {
    const lifetime = new Lifetime('The thing');
    await lifetime.end();
    const error: unknown = await lifetime.run(async () => {}).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ name: 'ClosedError' });
    expect(error).not.toHaveProperty('cause');
  });

  test('ends when what is under way has ended, be it well or not', async () => {
    const lifetime = new Lifetime('The thing');
    const [one, other] = [deferred<string>(), deferred()];
    const outcomes = [
      lifetime.run(() => one.promise),
      lifetime.run(async () => {
        await other.promise;
        throw new Error('Its store is gone');
      }),
    ];
    const settled = Promise.allSettled(outcomes);
    let isOver = false;
    const end = lifetime.end(reason).then(() => {
      isOver = true;
    });
    one.resolve('done');
    await outcomes[0];
    expect(isOver).toBe(false);
    other.resolve();
    await end;
    expect(await settled).toMatchObject([
      { status: 'fulfilled', value: 'done' },
      { status: 'rejected', reason: closed },
    ]);
  });

  test('passes errors on while it lasts', async () => {
    const lifetime = new Lifetime('The thing');
    await expect(lifetime.run(() => Promise.reject(new RangeError('x')))).rejects.toMatchObject({ name: 'RangeError' });
    await lifetime.end();
  });

  test('breaks off what goes through batches', async () => {
    const lifetime = new Lifetime('The thing');
    let isLeft = false;
    async function* numbers(): AsyncGenerator<number, void, undefined> {
      try {
        for (let n = 1; ; n += 1) yield n;
      } finally {
        isLeft = true;
      }
    }
    const seen: number[] = [];
    const reading = (async () => {
      for await (const n of lifetime.through(numbers())) {
        seen.push(n);
        if (n === 3) await lifetime.end(reason);
      }
    })();
    await expect(reading).rejects.toMatchObject(closed);
    expect([seen, isLeft]).toEqual([[1, 2, 3], true]);
  });
});

describe('A replica that is closed', () => {
  test('breaks a batch off that is written ahead of its commit, and keeps nothing of it', async () => {
    const kv = memoryKv({ limits: denoKvLimits });
    const [committing, go] = [deferred(), deferred()];
    let commits = 0;
    const held = alteredKv(kv, {
      async update(guards, decide, options) {
        commits += 1;
        if (commits === 3) {
          committing.resolve();
          await go.promise;
        }
        return kv.update(guards, decide, options);
      },
    });
    const replica = await openReplica(held, 'recipes');
    commits = 0;
    const revisions = Array.from({ length: 2000 }, (_, at) => revision(`doc ${at}`, 'a', { text: 'x'.repeat(1500) }));
    const writing = replica.writeBatch({ revisions, checkpoint: { id: 'pull', value: { at: 1 } } });
    const outcome = writing.catch((error: unknown) => error);
    await committing.promise;
    const end = replica.close(reason);
    go.resolve();
    await end;
    const total = commits;
    expect(await outcome).toMatchObject({ name: 'ClosedError', cause: reason });
    expect(commits).toBe(total);
    const again = await openReplica(kv, 'recipes');
    expect(await again.info()).toMatchObject({ docCount: 0, checkpoints: [] });
    const { written } = await again.writeBatch({ revisions });
    expect(written).toBe(2000);
    expect((await again.info()).docCount).toBe(2000);
  });

  test('breaks off what lists its documents', async () => {
    const replica = await openReplica(memoryKv(), 'recipes');
    await replica.writeBatch({ revisions: Array.from({ length: 500 }, (_, at) => revision(`doc ${at}`, 'a')) });
    let seen = 0;
    const listing = (async () => {
      for await (const _ of replica.allDocs()) {
        seen += 1;
        if (seen === 1) await replica.close(reason);
      }
    })();
    await expect(listing).rejects.toMatchObject({ name: 'ClosedError', cause: reason });
    expect(seen).toBeLessThan(500);
  });
});
