import { describe, expect, test } from 'vitest';
import { platform } from '../../../src/core/platform.ts';
import { watchdog } from '../../../src/couch/request/watchdog.ts';

/** A clock that goes on when it is told to. */
function manualClock() {
  let now = 0;
  let timers: { at: number; resolve: () => void }[] = [];
  let set = 0;
  return {
    platform: platform({
      elapsed: () => now,
      sleep: (ms, signal) =>
        new Promise((resolve, reject) => {
          set += 1;
          timers.push({ at: now + ms, resolve });
          signal?.addEventListener('abort', () => reject(signal.reason));
        }),
    }),
    timersSet: () => set,
    async advance(ms: number) {
      now += ms;
      const due = timers.filter(({ at }) => at <= now);
      timers = timers.filter(({ at }) => at > now);
      for (const { resolve } of due) resolve();
      for (let turn = 0; turn < 5; turn += 1) await Promise.resolve();
    },
  };
}

describe('watchdog', () => {
  test('calls out once when a wait takes too long', async () => {
    const clock = manualClock();
    const timeouts: number[] = [];
    const dog = watchdog(clock.platform, (ms) => timeouts.push(ms));
    dog.start(1000);
    await clock.advance(999);
    expect(timeouts).toEqual([]);
    await clock.advance(1);
    await clock.advance(5000);
    expect(timeouts).toEqual([1000]);
  });

  test('lets any number of short waits pass, with few timers', async () => {
    const clock = manualClock();
    const dog = watchdog(clock.platform, () => expect.unreachable('every wait was short'));
    for (let wait = 0; wait < 1000; wait += 1) {
      dog.start(1000);
      await clock.advance(10);
      dog.rest();
    }
    expect(clock.timersSet()).toBeLessThan(25);
    dog.stop();
  });

  test('does not count the time between waits', async () => {
    const clock = manualClock();
    const timeouts: number[] = [];
    const dog = watchdog(clock.platform, (ms) => timeouts.push(ms));
    dog.start(1000);
    await clock.advance(500);
    dog.rest();
    await clock.advance(60_000);
    dog.start(1000);
    await clock.advance(999);
    expect(timeouts).toEqual([]);
    await clock.advance(1);
    expect(timeouts).toEqual([1000]);
  });

  test('keeps to a short limit after a long one', async () => {
    const clock = manualClock();
    const timeouts: number[] = [];
    const dog = watchdog(clock.platform, (ms) => timeouts.push(ms));
    dog.start(60_000);
    await clock.advance(10);
    dog.rest();
    dog.start(50);
    await clock.advance(50);
    expect(timeouts).toEqual([50]);
  });

  test('says nothing any more after stop', async () => {
    const clock = manualClock();
    const dog = watchdog(clock.platform, () => expect.unreachable('stopped'));
    dog.start(1000);
    dog.stop();
    await clock.advance(2000);
  });
});
