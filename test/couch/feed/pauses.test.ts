import { describe, expect, test } from 'vitest';
import { platform } from '../../../src/core/platform.ts';
import { withPauses } from '../../../src/couch/feed/pauses.ts';
import { type Deferred, deferred } from '../../support/deferred.ts';
import { type VirtualClock, virtualClock } from '../../support/virtual-clock.ts';

/** Values that come when a test gives them. */
function source() {
  const given: Deferred<Promise<string> | string>[] = [deferred()];
  let at = 0;
  const state = { left: false };
  const values = (async function* () {
    try {
      for (;;) {
        const value = await given[at++]?.promise;
        if (value === undefined || value === 'end') return;
        yield value;
      }
    } finally {
      state.left = true;
    }
  })();
  const give = (value: Promise<string> | string): void => {
    given.push(deferred());
    given.at(-2)?.resolve(value);
  };
  return { values, give, state };
}

function pausing(clock: VirtualClock, values: AsyncIterable<string>): AsyncGenerator<string> {
  return withPauses(values, { ms: 100, pause: '…', platform: platform(clock.platform) });
}

describe('withPauses', () => {
  test('passes on what comes in time, and says once that nothing does', async () => {
    const clock = virtualClock();
    const { values, give } = source();
    const read = pausing(clock, values);
    give('a');
    expect((await read.next()).value).toBe('a');
    let next = read.next();
    await clock.advance(99);
    give('b');
    expect((await next).value).toBe('b');
    next = read.next();
    await clock.advance(100);
    expect((await next).value).toBe('…');
    next = read.next();
    await clock.advance(10_000);
    give('c');
    expect((await next).value).toBe('c');
    give('end');
    expect((await read.next()).done).toBe(true);
    expect(clock.sleeps).toEqual([]);
  });

  test('does not call it a pause before anything has come', async () => {
    const clock = virtualClock();
    const { values, give } = source();
    const next = pausing(clock, values).next();
    await clock.advance(10_000);
    give('a');
    expect((await next).value).toBe('a');
  });

  test('throws what its source throws, in its place', async () => {
    const clock = virtualClock();
    const { values, give } = source();
    const read = pausing(clock, values);
    give('a');
    await read.next();
    const next = read.next();
    await clock.advance(100);
    expect((await next).value).toBe('…');
    give(Promise.reject(new Error('mine')));
    await expect(read.next()).rejects.toThrow('mine');
  });

  test('leaves its source when it is left', async () => {
    const clock = virtualClock();
    const { values, give, state } = source();
    const read = pausing(clock, values);
    give('a');
    await read.next();
    await read.return(undefined);
    expect(state.left).toBe(true);
    expect(clock.sleeps).toEqual([]);
  });
});
