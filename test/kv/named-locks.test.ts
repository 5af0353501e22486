import { describe, expect, test } from 'vitest';
import { isClosedError } from '../../src/core/errors.ts';
import { NamedLocks } from '../../src/kv/named-locks.ts';
import { deferred } from '../support/deferred.ts';

const nothing = async (): Promise<void> => {};

describe('NamedLocks', () => {
  test('lets in one at a time, in the order in which they asked', async () => {
    const locks = new NamedLocks();
    const log: string[] = [];
    const asked = ['a', 'b', 'c'].map((who) =>
      locks.run('lock', async () => {
        log.push(`${who} in`);
        await Promise.resolve();
        log.push(`${who} out`);
        return who;
      }),
    );
    expect(await Promise.all(asked)).toEqual(['a', 'b', 'c']);
    expect(log).toEqual(['a in', 'a out', 'b in', 'b out', 'c in', 'c out']);
  });

  test('keeps locks of different names apart', async () => {
    const locks = new NamedLocks();
    const held = deferred();
    const first = locks.run('one', () => held.promise);
    await locks.run('another', nothing);
    held.resolve();
    await first;
  });

  test('passes a lock on when its holder fails', async () => {
    const locks = new NamedLocks();
    const failing = locks.run('lock', () => Promise.reject(new Error('no')));
    const next = locks.run('lock', async () => 'next');
    await expect(failing).rejects.toThrow('no');
    expect(await next).toBe('next');
    expect(await locks.run('lock', async () => 'later')).toBe('later');
  });

  test('does not let the next one in while somebody before it holds, when one between gives up', async () => {
    const locks = new NamedLocks();
    const held = deferred();
    const impatient = new AbortController();
    const log: string[] = [];
    const holder = locks.run('lock', async () => {
      await held.promise;
      log.push('holder out');
    });
    const between = locks.run('lock', async () => log.push('between'), impatient.signal);
    impatient.abort(new Error('impatient'));
    await expect(between).rejects.toThrow('impatient');
    const last = locks.run('lock', async () => log.push('last'));
    await new Promise(setImmediate);
    held.resolve();
    await Promise.all([holder, last]);
    expect(log).toEqual(['holder out', 'last']);
  });

  test('does not run for a signal that is aborted already', async () => {
    const locks = new NamedLocks();
    const run = locks.run('lock', async () => expect.unreachable(), AbortSignal.abort(new Error('early')));
    await expect(run).rejects.toThrow('early');
    await locks.run('lock', nothing);
  });

  test('tells the holder of an abort by its own signal, and waits for it all the same', async () => {
    const locks = new NamedLocks();
    const controller = new AbortController();
    const held = deferred();
    const holder = locks.run(
      'lock',
      async (signal) => {
        await held.promise;
        return signal.reason;
      },
      controller.signal,
    );
    await Promise.resolve();
    controller.abort('stop');
    held.resolve();
    expect(await holder).toBe('stop');
  });

  test('closed, refuses those who wait and come, and tells those who run', async () => {
    const locks = new NamedLocks();
    const closed = deferred();
    const holder = locks.run('lock', async (signal) => {
      await closed.promise;
      return signal.reason;
    });
    const waiting = locks.run('lock', async () => expect.unreachable());
    locks.close();
    await expect(waiting).rejects.toSatisfy(isClosedError);
    await expect(locks.run('lock', async () => expect.unreachable())).rejects.toSatisfy(isClosedError);
    closed.resolve();
    expect(await holder).toSatisfy(isClosedError);
  });
});
