import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Kv } from '../../../src/kv/kv.ts';
import { memoryKv } from '../../../src/kv/memory.ts';
import type { Limiter } from '../../../src/scan/limiter/limiter.ts';
import type { RateLimits } from '../../../src/scan/limiter/limits.ts';
import { sharedLimiter } from '../../../src/scan/limiter/shared-limiter.ts';
import { virtualClock } from '../../support/virtual-clock.ts';
import { expectWithinRate, type Passed, startTaker, sumOf } from './takers.ts';

const ORIGIN = 'http://couch.example:5984';

/** A store that counts what it is asked, and several workers on it. */
function setUp(limits: Partial<RateLimits>) {
  const clock = virtualClock();
  const kv = memoryKv();
  const counts = { updates: 0, commits: 0 };
  const counted: Kv = Object.assign(Object.create(kv) as Kv, {
    update: ((guards, decide, options) => {
      counts.updates += 1;
      return kv.update(
        guards,
        (seen) => {
          const decision = decide(seen);
          if (decision.set !== undefined) counts.commits += 1;
          return decision;
        },
        options,
      );
    }) as Kv['update'],
  });
  const dice = { at: 0 };
  // Not all alike, or all workers would always look in the same moment.
  const random = (): number => {
    dice.at = (dice.at + 0.618) % 1;
    return dice.at;
  };
  const worker = (origin = ORIGIN): Limiter => sharedLimiter(counted, origin, limits, { ...clock.platform, random });
  return { clock, kv, counts, worker };
}

describe('Workers that share a limiter', () => {
  test.each([
    [1, 'doc', 1000, [1]],
    [4, 'doc', 1000, [1]],
    [8, 'doc', 1000, [100, 3, 500]],
    [8, 'db', 25, [1]],
    [3, 'feed', 2, [1]],
  ] as const)('%d of them hold the rate of %s, and nearly reach it', async (workers, kind, rate, counts) => {
    const { clock, worker } = setUp({ [kind]: rate });
    const takers = Array.from({ length: workers }, () => startTaker(worker(), kind, counts, clock));
    await clock.advance(20_000);
    for (const taker of takers) await taker.stop();
    const passed = takers.flatMap((taker) => taker.passed);
    expectWithinRate(passed, rate);
    expect(sumOf(passed, 5000)).toBeGreaterThanOrEqual(0.8 * rate * 15);
    for (const taker of takers) expect(sumOf(taker.passed)).toBeGreaterThan(0);
  });

  test('ask the store a few times a second and not for every token, and not at all when they are idle', async () => {
    const { clock, counts, worker } = setUp({ doc: 1000 });
    const taker = startTaker(worker(), 'doc', [1], clock);
    await clock.advance(5000);
    counts.updates = 0;
    await clock.advance(10_000);
    expect(sumOf(taker.passed, 5000)).toBeGreaterThan(5000);
    expect(counts.updates).toBeLessThan(100);
    await taker.stop();
    counts.updates = 0;
    await clock.advance(60_000);
    expect(counts.updates).toBe(0);
  });

  test('use what a dead one had leased as soon as its lease is over', async () => {
    const { clock, worker } = setUp({ doc: 1000 });
    const dying = startTaker(worker(), 'doc', [50], clock);
    await clock.advance(5000);
    await dying.stop();
    const heir = startTaker(worker(), 'doc', [50], clock);
    await clock.advance(5000);
    await heir.stop();
    expect(sumOf(heir.passed)).toBeGreaterThan(0.8 * 1000 * 4);
    expectWithinRate([...dying.passed, ...heir.passed], 1000);
  });

  test('cannot save what they have leased for later', async () => {
    const { clock, worker } = setUp({ doc: 1000 });
    const passed: Passed[] = [];
    const take = async (limiter: Limiter, count: number): Promise<void> => {
      await limiter.take('doc', count);
      passed.push({ at: clock.platform.elapsed(), count });
    };
    const workers = [1, 2, 3, 4, 5].map(() => worker());
    for (const one of workers) {
      // The second one finds the first lease used up, and leases twice as much.
      const taken = take(one, 100).then(() => take(one, 1));
      await clock.advance(600);
      await taken;
    }
    const others = [1, 2, 3, 4, 5].map(() => take(worker(), 100));
    const rest = [...workers.map((one) => take(one, 199)), ...others];
    await clock.advance(10_000);
    await Promise.all(rest);
    expect(passed).toHaveLength(20);
    expectWithinRate(passed, 1000);
  });

  test('that were refused something use nothing that they have leased', async () => {
    const { clock, worker } = setUp({ doc: 1000 });
    const limiter = worker();
    const taken = limiter.take('doc', 100).then(() => limiter.take('doc', 1));
    await clock.advance(100);
    await taken;
    limiter.slow({ retryAfter: 3000 });
    const waiting = [limiter.take('doc', 1), limiter.take('doc', 1)];
    let done = 0;
    for (const one of waiting) void one.then(() => (done += 1));
    await clock.advance(2900);
    expect(done).toBe(0);
    await clock.advance(500);
    await Promise.all(waiting);
  });

  test('hear of a refusal that one of them was given', async () => {
    const { clock, worker } = setUp({ doc: 1000 });
    const refused = worker();
    const taker = startTaker(worker(), 'doc', [20], clock);
    await clock.advance(10_000);
    refused.slow({ retryAfter: 3000 });
    const told = refused.take('doc', 1);
    await clock.advance(20_000);
    await told;
    await taker.stop();
    // What was leased before may still be used for half a second.
    expect(sumOf(taker.passed, 10_600, 12_990)).toBe(0);
    expect(sumOf(taker.passed, 14_000, 15_000)).toBeLessThan(800);
    expect(sumOf(taker.passed, 27_000, 30_000)).toBeGreaterThan(2400);
  });

  test('are delayed by nothing, and ask twice a second, where there is no limit', async () => {
    const { clock, counts, worker } = setUp({ doc: Number.POSITIVE_INFINITY });
    const taker = startTaker(worker(), 'doc', [1000], clock);
    await clock.advance(10_000);
    await taker.stop();
    expect(taker.passed.length).toBeGreaterThan(9000);
    expect(counts.updates).toBeLessThanOrEqual(21);
  });

  test('keep the origins apart', async () => {
    const { clock, worker } = setUp({ db: 1 });
    const first = worker().take('db', 1000);
    await clock.advance(20);
    await first;
    const other = worker('http://other.example').take('db', 1);
    await clock.advance(20);
    await other;
  });

  test('have changed limits at once', async () => {
    const { clock, worker } = setUp({ db: 0.01 });
    const limiter = worker();
    const first = limiter.take('db', 1);
    await clock.advance(20);
    await first;
    const second = limiter.take('db', 1);
    await clock.advance(1000);
    limiter.setLimits({ db: 100 });
    await clock.advance(500);
    await second;
  });

  test('go on after their clock was set back, and make a damaged account anew', async () => {
    const { clock, kv, worker } = setUp({ doc: 10 });
    const taker = startTaker(worker(), 'doc', [1], clock);
    await clock.advance(5000);
    clock.jump(-3_600_000);
    await clock.advance(10_000);
    expect(sumOf(taker.passed, 6000)).toBeGreaterThan(70);
    expectWithinRate(taker.passed, 10);
    const key = ['scan', 'limiter', ORIGIN];
    await kv.update([], () => ({ set: [[key, new TextEncoder().encode('{"at":7}')]], result: undefined }));
    await clock.advance(5000);
    await taker.stop();
    expect(sumOf(taker.passed, 16_000)).toBeGreaterThan(30);
  });

  test('are told when the store fails, and do not wait for ever', async () => {
    const { clock, kv, worker } = setUp({});
    await kv.close();
    const taken = worker().take('doc', 1);
    const failed = expect(taken).rejects.toMatchObject({ name: 'ClosedError' });
    await clock.advance(20);
    await failed;
  });

  test('keep to the rate whoever they are and whatever they take', async () => {
    const counts = fc.array(fc.integer({ min: 1, max: 300 }), { minLength: 1, maxLength: 4 });
    const property = fc.asyncProperty(
      fc.integer({ min: 1, max: 300 }),
      fc.array(counts, { minLength: 1, maxLength: 5 }),
      fc.array(fc.integer({ min: 0, max: 2000 }), { minLength: 5, maxLength: 5 }),
      async (rate, takers, pauses) => {
        const { clock, worker } = setUp({ doc: rate });
        const limiters = takers.map(() => worker());
        const passed: Passed[] = [];
        for (const pause of pauses) {
          const started = takers.map((taken, n) => startTaker(limiters[n] ?? worker(), 'doc', taken, clock));
          await clock.advance(1500);
          for (const taker of started) await taker.stop();
          passed.push(...started.flatMap((taker) => taker.passed));
          await clock.advance(pause);
        }
        expectWithinRate(passed, rate);
      },
    );
    await fc.assert(property, { numRuns: 50, verbose: true });
  });
});
