import { firstValueFrom, take, toArray } from 'rxjs';
import { describe, expect, test } from 'vitest';
import { Feed } from '../../src/core/feed.ts';
import { deferred } from '../support/deferred.ts';

/** A feed of batches of two numbers without an end, that says how far it was asked and whether it was closed. */
function endless(): {
  feed: Feed<number>;
  asked: () => number;
  closed: () => boolean;
  signal: () => AbortSignal | undefined;
} {
  let asked = 0;
  let closed = false;
  let seen: AbortSignal | undefined;
  const feed = new Feed<number>(async function* (signal) {
    seen = signal;
    try {
      for (;;) {
        asked += 2;
        yield [asked - 1, asked];
      }
    } finally {
      closed = true;
    }
  });
  return { feed, asked: () => asked, closed: () => closed, signal: () => seen };
}

/** A feed that waits for its signal. */
function silent(): { feed: Feed<number>; signal: Promise<AbortSignal>; ended: Promise<void> } {
  const opened = deferred<AbortSignal>();
  const ended = deferred<void>();
  const feed = new Feed<number>(async function* (signal) {
    opened.resolve(signal);
    try {
      await new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
      yield [];
    } finally {
      ended.resolve();
    }
  });
  return { feed, signal: opened.promise, ended: ended.promise };
}

describe('Feed', () => {
  test('does nothing before it is read, and works anew for each reader', async () => {
    let opened = 0;
    const feed = new Feed<string>(async function* () {
      opened += 1;
      yield ['a', 'b'];
      yield [];
      yield ['c'];
    });
    expect(opened).toBe(0);
    expect(await firstValueFrom(feed.pipe(toArray()))).toEqual(['a', 'b', 'c']);
    const values: string[] = [];
    for await (const value of feed) values.push(value);
    expect(values).toEqual(['a', 'b', 'c']);
    expect(opened).toBe(2);
  });

  test('is asked for no more than the loop takes', async () => {
    const { feed, asked, closed } = endless();
    let taken = 0;
    for await (const _ of feed) {
      taken += 1;
      // A slow consumer: other work gets its turn many times over.
      for (let turn = 0; turn < 10; turn += 1) await Promise.resolve();
      if (taken === 101) break;
    }
    expect(asked()).toBe(102);
    expect(closed()).toBe(true);
  });

  test('closes what it opened when the loop is left', async () => {
    const { feed, signal, closed } = endless();
    for await (const value of feed) if (value === 3) break;
    expect(closed()).toBe(true);
    expect(signal()?.aborted).toBe(true);
  });

  test('closes what it opened when the subscriber leaves', async () => {
    const { feed, closed, signal } = endless();
    expect(await firstValueFrom(feed.pipe(take(3), toArray()))).toEqual([1, 2, 3]);
    await Promise.resolve();
    expect(signal()?.aborted).toBe(true);
    await new Promise((resolve) => setImmediate(resolve));
    expect(closed()).toBe(true);
  });

  test('closes what it opened while nothing arrives', async () => {
    const { feed, signal, ended } = silent();
    const subscription = feed.subscribe({ error: () => expect.unreachable('leaving is no error') });
    expect((await signal).aborted).toBe(false);
    subscription.unsubscribe();
    expect((await signal).aborted).toBe(true);
    await ended;
  });

  test('return() ends a read that is waiting', async () => {
    const { feed, signal, ended } = silent();
    const iterator = feed[Symbol.asyncIterator]();
    const waiting = iterator.next();
    await signal;
    await iterator.return?.();
    await ended;
    expect(await waiting).toEqual({ done: true, value: undefined });
    expect(await iterator.next()).toEqual({ done: true, value: undefined });
  });

  test('reports an abort of the caller with the caller’s reason, to loops and to subscribers', async () => {
    for (const read of [
      async (feed: Feed<number>) => {
        for await (const _ of feed) expect.unreachable('nothing arrives');
      },
      async (feed: Feed<number>) => firstValueFrom(feed),
    ]) {
      const controller = new AbortController();
      const feed = new Feed<number>(
        async function* (signal) {
          await new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
          yield [];
        },
        { signal: controller.signal },
      );
      const reading = read(feed);
      await Promise.resolve();
      controller.abort(new Error('enough'));
      await expect(reading).rejects.toThrow('enough');
    }
  });

  test('has closed everything when a loop hears of the abort, also of one while it was busy with a value', async () => {
    const controller = new AbortController();
    let isClosed = false;
    const feed = new Feed<number>(
      async function* () {
        try {
          yield [1];
          yield [2];
        } finally {
          await new Promise((resolve) => setImmediate(resolve));
          isClosed = true;
        }
      },
      { signal: controller.signal },
    );
    const reading = (async () => {
      for await (const _ of feed) controller.abort(new Error('enough'));
    })();
    await expect(reading).rejects.toThrow('enough');
    expect(isClosed).toBe(true);
  });

  test('opens nothing when the signal has aborted before', async () => {
    const feed = new Feed<number>(() => expect.unreachable('must not open'), {
      signal: AbortSignal.abort(new Error('too late')),
    });
    await expect(firstValueFrom(feed)).rejects.toThrow('too late');
  });

  test('passes errors on, and ends with them', async () => {
    const feed = new Feed<number>(async function* () {
      yield [1];
      throw new Error('broken');
    });
    const values: number[] = [];
    await expect(
      (async () => {
        for await (const value of feed) values.push(value);
      })(),
    ).rejects.toThrow('broken');
    await expect(firstValueFrom(feed.pipe(toArray()))).rejects.toThrow('broken');
    expect(values).toEqual([1]);
  });

  test('takes its listener off the caller’s signal when it ends', async () => {
    const { signal } = new AbortController();
    let listeners = 0;
    const add = signal.addEventListener.bind(signal);
    const remove = signal.removeEventListener.bind(signal);
    signal.addEventListener = ((...args: Parameters<typeof add>) => {
      listeners += 1;
      add(...args);
    }) as typeof signal.addEventListener;
    signal.removeEventListener = ((...args: Parameters<typeof remove>) => {
      listeners -= 1;
      remove(...args);
    }) as typeof signal.removeEventListener;
    const feed = new Feed<number>(
      async function* () {
        yield [1, 2, 3];
      },
      { signal },
    );
    for await (const _ of feed);
    for await (const _ of feed) break;
    await firstValueFrom(feed.pipe(take(1)));
    expect(listeners).toBe(0);
  });
});
