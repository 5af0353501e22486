import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { orderedMap } from '../../src/core/ordered-map.ts';

async function* count(to: number): AsyncGenerator<number> {
  for (let value = 0; value < to; value += 1) yield value;
}

async function turns(many: number): Promise<void> {
  for (let turn = 0; turn < many; turn += 1) await Promise.resolve();
}

describe('orderedMap', () => {
  test('keeps the order and the bound, however long each piece of work takes', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.nat(30), { maxLength: 30 }),
        fc.integer({ min: 1, max: 5 }),
        fc.nat(10),
        async (delays, ahead, slowness) => {
          let running = 0;
          let most = 0;
          const results: number[] = [];
          const work = async (value: number): Promise<number> => {
            running += 1;
            most = Math.max(most, running);
            await turns(delays[value] ?? 0);
            running -= 1;
            return value;
          };
          for await (const result of orderedMap(() => count(delays.length), work, { ahead })) {
            results.push(result);
            await turns(slowness);
          }
          expect(results).toEqual(delays.map((_, index) => index));
          expect(most).toBeLessThanOrEqual(ahead);
        },
      ),
    );
  });

  test('works while its results are being used', async () => {
    const begun: number[] = [];
    const results = orderedMap(
      () => count(10),
      async (value) => void begun.push(value),
      { ahead: 3 },
    );
    await results.next();
    await turns(20);
    expect(begun).toEqual([0, 1, 2, 3]);
    await results.return();
  });

  test('throws what failed in its place, and stops the rest', async () => {
    const results: number[] = [];
    const work = async (value: number, signal: AbortSignal): Promise<number> => {
      if (value === 2) throw new Error('two');
      if (value === 3) await new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
      return value;
    };
    await expect(
      (async () => {
        for await (const result of orderedMap(() => count(9), work, { ahead: 4 })) results.push(result);
      })(),
    ).rejects.toThrow('two');
    expect(results).toEqual([0, 1]);
  });

  test('throws a failure of the source after the results before it', async () => {
    async function* broken(): AsyncGenerator<number> {
      yield 1;
      throw new Error('source');
    }
    const results: number[] = [];
    await expect(
      (async () => {
        for await (const result of orderedMap(broken, async (value) => value, { ahead: 2 })) results.push(result);
      })(),
    ).rejects.toThrow('source');
    expect(results).toEqual([1]);
  });

  test('leaving early closes a source that is waiting', async () => {
    let closed = false;
    async function* waiting(signal: AbortSignal): AsyncGenerator<number> {
      try {
        yield 1;
        await new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
      } finally {
        closed = true;
      }
    }
    for await (const _ of orderedMap(waiting, async (value) => value, { ahead: 4 })) break;
    expect(closed).toBe(true);
  });
});
