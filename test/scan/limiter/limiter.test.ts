import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createLimiter } from '../../../src/scan/limiter/limiter.ts';
import { virtualClock } from '../../support/virtual-clock.ts';
import { expectWithinRate, startTaker, sumOf } from './takers.ts';

/** Whether a promise is settled once so much time has passed. */
async function isDone(promise: Promise<void>, advance: Promise<void>): Promise<boolean> {
  let done = false;
  void promise.then(() => {
    done = true;
  });
  await advance;
  return done;
}

describe('A limiter', () => {
  test('has the limits of the original', () => {
    expect(createLimiter({}, virtualClock().platform).limits).toEqual({ db: 25, feed: 50, doc: 1000, write: 500 });
  });

  test.each(['db', 'doc', 'write', 'feed'] as const)('lets a first %s through after ten milliseconds', async (kind) => {
    const clock = virtualClock();
    const taken = createLimiter({}, clock.platform).take(kind, 1);
    expect(await isDone(taken, clock.advance(9))).toBe(false);
    expect(await isDone(taken, clock.advance(1))).toBe(true);
  });

  test.each([
    ['db', 25, [1]],
    ['doc', 1000, [1]],
    ['doc', 1000, [300, 7, 500]],
    ['write', 500, [100]],
    ['feed', 0.5, [1]],
  ] as const)('holds the rate of %s at %d a second, and nearly reaches it', async (kind, rate, counts) => {
    const clock = virtualClock();
    const limiter = createLimiter({ [kind]: rate }, clock.platform);
    const takers = [0, 1, 2, 3].map(() => startTaker(limiter, kind, counts, clock));
    await clock.advance(20_000);
    for (const taker of takers) await taker.stop();
    const passed = takers.flatMap((taker) => taker.passed);
    expectWithinRate(passed, rate);
    expect(sumOf(passed, 5000)).toBeGreaterThanOrEqual(0.85 * rate * 15);
  });

  test('lets through what is worth more than it has, and then nobody until that is paid', async () => {
    const clock = virtualClock();
    const limiter = createLimiter({ doc: 100 }, clock.platform);
    expect(await isDone(limiter.take('doc', 1000), clock.advance(20))).toBe(true);
    const next = limiter.take('doc', 1);
    expect(await isDone(next, clock.advance(9400))).toBe(false);
    expect(await isDone(next, clock.advance(200))).toBe(true);
  });

  test('counts classes apart', async () => {
    const clock = virtualClock();
    const limiter = createLimiter({}, clock.platform);
    expect(await isDone(limiter.take('doc', 1_000_000), clock.advance(10))).toBe(true);
    expect(await isDone(limiter.take('feed', 1), clock.advance(10))).toBe(true);
  });

  test('delays nothing of a class without a limit, and never runs out of it', async () => {
    const clock = virtualClock();
    const limiter = createLimiter({ doc: Number.POSITIVE_INFINITY }, clock.platform);
    for (let turn = 0; turn < 100; turn += 1) await limiter.take('doc', 1_000_000);
    expect(clock.platform.elapsed()).toBe(0);
  });

  test('has changed limits at once, also for those who wait', async () => {
    const clock = virtualClock();
    const limiter = createLimiter({ db: 0.01 }, clock.platform);
    await isDone(limiter.take('db', 1), clock.advance(10));
    const waiting = limiter.take('db', 1);
    expect(await isDone(waiting, clock.advance(60_000))).toBe(false);
    limiter.setLimits({ db: 100 });
    expect(limiter.limits).toEqual({ db: 100, feed: 50, doc: 1000, write: 500 });
    expect(await isDone(waiting, clock.advance(20))).toBe(true);
    const last = limiter.take('db', 1000);
    await clock.advance(1000);
    await last;
    limiter.setLimits({ db: Number.POSITIVE_INFINITY });
    expect(await isDone(limiter.take('db', 1), clock.advance(20))).toBe(true);
  });

  test('lets half as much through after a refusal, and more again as time goes by', async () => {
    const clock = virtualClock();
    const limiter = createLimiter({ doc: 1000 }, clock.platform);
    const taker = startTaker(limiter, 'doc', [10], clock);
    await clock.advance(10_000);
    // Of requests that were refused together, one counts.
    for (let refusal = 0; refusal < 5; refusal += 1) limiter.slow();
    await clock.advance(30_000);
    await taker.stop();
    const perSecond = (from: number, to: number): number => sumOf(taker.passed, from, to) / ((to - from) / 1000);
    expect(perSecond(5000, 10_000)).toBeGreaterThan(850);
    expect(perSecond(11_000, 13_000)).toBeGreaterThan(400);
    expect(perSecond(11_000, 13_000)).toBeLessThan(700);
    expect(perSecond(30_000, 40_000)).toBeGreaterThan(850);
  });

  test('lets a sixteenth through at least, however often it is refused', async () => {
    const clock = virtualClock();
    const limiter = createLimiter({ doc: 1600 }, clock.platform);
    for (let refusal = 0; refusal < 100; refusal += 1) {
      limiter.slow();
      await clock.advance(1000);
    }
    const taker = startTaker(limiter, 'doc', [1], clock);
    await clock.advance(3000);
    await taker.stop();
    expect(sumOf(taker.passed, 1000)).toBeGreaterThanOrEqual(200);
  });

  test('lets nothing through before the origin is ready again, but asks after ten minutes whatever it says', async () => {
    const clock = virtualClock();
    const limiter = createLimiter({ db: Number.POSITIVE_INFINITY }, clock.platform);
    limiter.slow({ retryAfter: 5000 });
    const first = limiter.take('db', 1);
    expect(await isDone(first, clock.advance(4999))).toBe(false);
    expect(await isDone(first, clock.advance(2))).toBe(true);
    limiter.slow({ retryAfter: 1e12 });
    const second = limiter.take('db', 1);
    expect(await isDone(second, clock.advance(599_000))).toBe(false);
    expect(await isDone(second, clock.advance(2000))).toBe(true);
  });

  test('lets go of who gives up before, and while he is delayed', async () => {
    const clock = virtualClock();
    const limiter = createLimiter({ db: 1 }, clock.platform);
    const reason = new Error('enough');
    await expect(limiter.take('db', 1, AbortSignal.abort(reason))).rejects.toBe(reason);
    const controller = new AbortController();
    const giveUp = async (taken: Promise<void>): Promise<void> => {
      const given = expect(taken).rejects.toBe(reason);
      controller.abort(reason);
      await given;
      expect(clock.sleeps).toEqual([]);
    };
    const delayed = limiter.take('db', 1, controller.signal);
    expect(clock.sleeps).toEqual([10]);
    await giveUp(delayed);
  });

  test('lets go of who gives up while he waits, and nobody else', async () => {
    const clock = virtualClock();
    const limiter = createLimiter({ db: 1 }, clock.platform);
    await isDone(limiter.take('db', 10), clock.advance(10));
    const controller = new AbortController();
    const waiting = limiter.take('db', 10, controller.signal);
    const other = limiter.take('db', 10);
    await clock.advance(100);
    const given = expect(waiting).rejects.toThrow('enough');
    controller.abort(new Error('enough'));
    await given;
    expect(clock.sleeps).toHaveLength(1);
    expect(await isDone(other, clock.advance(10_000))).toBe(true);
  });

  test.each([0, -1, Number.NaN, '5', null])('refuses the limit %j', (limit) => {
    const clock = virtualClock();
    expect(() => createLimiter({ db: limit as number }, clock.platform)).toThrow('Limit db must be a number above 0');
  });

  test('refuses limits of what it does not count, and counts that are none', async () => {
    const limiter = createLimiter({}, virtualClock().platform);
    expect(() => limiter.setLimits({ shard: 5 } as object)).toThrow(
      'There is no limit "shard"; there are db, feed, doc, write',
    );
    for (const count of [-1, Number.NaN, Number.POSITIVE_INFINITY]) {
      await expect(limiter.take('db', count)).rejects.toMatchObject({ name: 'InputError' });
    }
  });

  test('keeps to its rate whatever is taken, by whomever', async () => {
    const counts = fc.array(fc.integer({ min: 1, max: 400 }), { minLength: 1, maxLength: 5 });
    const property = fc.asyncProperty(
      fc.integer({ min: 1, max: 500 }),
      fc.array(counts, { minLength: 1, maxLength: 4 }),
      async (rate, takers) => {
        const clock = virtualClock();
        const limiter = createLimiter({ doc: rate }, clock.platform);
        const started = takers.map((taken) => startTaker(limiter, 'doc', taken, clock));
        await clock.advance(5000);
        for (const taker of started) await taker.stop();
        expectWithinRate(
          started.flatMap(({ passed }) => passed),
          rate,
        );
      },
    );
    await fc.assert(property, { numRuns: 50, verbose: true });
  });
});
