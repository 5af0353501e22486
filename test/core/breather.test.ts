import { describe, expect, test } from 'vitest';
import { breather } from '../../src/core/breather.ts';

/** A clock that a test sets. */
function clock(): { now: number; readonly elapsed: () => number } {
  const time = { now: 0, elapsed: () => time.now };
  return time;
}

/** Whether a task that was waiting came to its turn before a promise was settled. */
async function letsOthersIn(promise: Promise<void>): Promise<boolean> {
  let isIn = false;
  setImmediate(() => {
    isIn = true;
  });
  await promise;
  return isIn;
}

describe('breather', () => {
  test('goes on at once as long as little has been done', async () => {
    const time = clock();
    const breathe = breather(time);
    time.now = 7;
    expect(await letsOthersIn(breathe())).toBe(false);
  });

  test('lets others in when much has been done, and then begins anew', async () => {
    const time = clock();
    const breathe = breather(time);
    time.now = 8;
    expect(await letsOthersIn(breathe())).toBe(true);
    time.now = 15;
    expect(await letsOthersIn(breathe())).toBe(false);
    time.now = 16;
    expect(await letsOthersIn(breathe())).toBe(true);
  });
});
