import { describe, expect, test } from 'vitest';
import { isContentionError } from '../../src/core/errors.ts';
import { transact } from '../../src/kv/transact.ts';

/** A clock that only waiting moves, and the longest chance there is. */
function clock() {
  let now = 1000;
  const waits: number[] = [];
  return {
    waits,
    elapsed: () => now,
    random: () => 0.5,
    async sleep(ms: number, signal?: AbortSignal) {
      signal?.throwIfAborted();
      waits.push(ms);
      now += ms;
    },
  };
}

describe('transact', () => {
  test('gives the result of the first try that succeeds', async () => {
    const platform = clock();
    let tries = 0;
    const result = await transact(() => (++tries === 4 ? ['done'] : []), { platform });
    expect([result, tries]).toEqual(['done', 4]);
    expect(platform.waits).toEqual([2, 4, 8]);
  });

  test('takes undefined for a result', async () => {
    expect(await transact(() => [undefined], { platform: clock() })).toBeUndefined();
  });

  test('ends with a ContentionError when the time is over, after a last try', async () => {
    const platform = clock();
    let tries = 0;
    const attempt = (): [] => {
      tries += 1;
      return [];
    };
    const lost = transact(attempt, { platform, within: 30 });
    await expect(lost).rejects.toSatisfy(isContentionError);
    expect(platform.waits).toEqual([2, 4, 8, 16]);
    expect(tries).toBe(5);
  });

  test('ends with the error that it was given for that', async () => {
    const lost = transact(() => [], { platform: clock(), within: 0, lost: () => new Error('busy') });
    await expect(lost).rejects.toThrow('busy');
  });

  test('passes on what a try throws', async () => {
    await expect(transact(() => Promise.reject(new Error('full')), { platform: clock() })).rejects.toThrow('full');
  });

  test('gives up before the next try when the signal aborts', async () => {
    const controller = new AbortController();
    let tries = 0;
    const attempt = (): [] => {
      tries += 1;
      controller.abort(new Error('stop'));
      return [];
    };
    await expect(transact(attempt, { platform: clock(), signal: controller.signal })).rejects.toThrow('stop');
    expect(tries).toBe(1);
    await expect(transact(() => ['done'], { platform: clock(), signal: controller.signal })).rejects.toThrow('stop');
  });
});
