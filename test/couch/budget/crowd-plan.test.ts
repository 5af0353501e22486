import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type CrowdMember,
  type CrowdView,
  PERIOD,
  periodOf,
  planCrowd,
  SPACING,
  type Standing,
  TENURE,
  WATCHED_PERIOD,
} from '../../../src/couch/budget/crowd-plan.ts';

interface Named extends CrowdMember {
  readonly name: string;
}

function member(name: string, more: Partial<CrowdMember> = {}): Named {
  const never = Number.NEGATIVE_INFINITY;
  return { name, standing: 'waiting', activeAt: never, askedAt: 0, isTold: false, isWatched: false, ...more };
}

/** The names in a plan. */
function plan(members: readonly Named[], now: number, more: Partial<CrowdView<Named>> = {}) {
  const view = { members, places: 2, atOnce: 3, lastAskedAt: Number.NEGATIVE_INFINITY, ...more };
  const { hold, yield: gone, ask, at } = planCrowd(view, now);
  const names = (those: readonly Named[]): string => those.map(({ name }) => name).join(' ');
  return { hold: names(hold), yield: names(gone), ask: names(ask), at };
}

const never = Number.POSITIVE_INFINITY;

describe('planCrowd', () => {
  test('has nothing to do without members', () => {
    expect(plan([], 0)).toEqual({ hold: '', yield: '', ask: '', at: never });
  });

  test('lets all hold a connection while there are enough, and none be asked', () => {
    expect(plan([member('a'), member('b')], 60_000)).toEqual({ hold: 'a b', yield: '', ask: '', at: never });
  });

  test('gives connections to the liveliest, and asks the others when it is time', () => {
    const members = [member('a'), member('b', { activeAt: 5 }), member('c', { activeAt: 9 }), member('d')];
    expect(plan(members, PERIOD - 1)).toEqual({ hold: 'c b', yield: '', ask: '', at: PERIOD });
    expect(plan(members, PERIOD)).toEqual({ hold: 'c b', yield: '', ask: 'a', at: PERIOD + SPACING });
    expect(plan(members, PERIOD, { lastAskedAt: PERIOD - 1 })).toMatchObject({ ask: '', at: PERIOD - 1 + SPACING });
  });

  test('takes connections from the quietest where there are fewer than before', () => {
    const held = { standing: 'holding' } as const;
    const members = [member('a', held), member('b', { ...held, activeAt: 5 }), member('c', { ...held, askedAt: 3 })];
    expect(plan(members, 100)).toMatchObject({ yield: 'c' });
    expect(plan(members, 100, { places: 0 })).toMatchObject({ yield: 'b a c' });
  });

  test('takes a connection from one that has been quiet for long when another has stirred, but not too soon', () => {
    const held = { standing: 'holding', askedAt: 100 } as const;
    const members = (activeAt: number) => [
      member('a', { ...held, activeAt: 100 }),
      member('b', { ...held, activeAt: 300 }),
      member('c', { activeAt, askedAt: 200 }),
    ];
    // Both are about equally lively.
    expect(plan(members(100 + TENURE), 101 + TENURE)).toMatchObject({ yield: '', hold: '' });
    const stirred = members(101 + TENURE).map((one) => ({ ...one, askedAt: 200 }));
    expect(plan(stirred, 199 + TENURE)).toMatchObject({ yield: '', hold: '', at: 200 + TENURE });
    expect(plan(stirred, 200 + TENURE)).toMatchObject({ yield: 'a', hold: '' });
  });

  test('asks who is said to have changed at once, whoever was asked when', () => {
    const members = [
      member('a'),
      member('b'),
      member('c', { isTold: true, askedAt: 99 }),
      member('d', { isTold: true }),
    ];
    expect(plan(members, 100, { places: 0, lastAskedAt: 100 })).toMatchObject({ ask: 'd c' });
    expect(plan(members, 100, { places: 0, atOnce: 1 })).toMatchObject({ ask: 'd', at: never });
  });

  test('asks those who would be told seldom', () => {
    const watched = { isWatched: true, askedAt: 50 };
    expect(plan([member('a', watched), member('b', watched)], PERIOD + 50, { places: 0 })).toEqual({
      hold: '',
      yield: '',
      ask: '',
      at: WATCHED_PERIOD + 50,
    });
  });

  test('asks no more than there is room for', () => {
    const members = [member('a', { standing: 'asking' }), member('b', { standing: 'away' }), member('c')];
    expect(plan(members, 10 * PERIOD, { places: 0, atOnce: 1 })).toMatchObject({ ask: '', at: never });
    expect(plan(members, 10 * PERIOD, { places: 0, atOnce: 2 })).toMatchObject({ ask: 'c' });
  });
});

/** A feed of a simulated crowd. */
class Simulated implements CrowdMember {
  readonly name: number;
  standing: Standing = 'waiting';
  activeAt = Number.NEGATIVE_INFINITY;
  askedAt = 0;
  isTold = false;
  isWatched = false;
  /** When a change was made of which it does not know yet. */
  changedAt: number | undefined;
  /** When it last gave a connection up. */
  endedAt = 0;
  /** When what it is busy with is over. */
  busyUntil = Number.POSITIVE_INFINITY;

  constructor(name: number) {
    this.name = name;
  }

  /** Learns of a change. */
  learn(now: number): void {
    if (this.changedAt === undefined) return;
    this.changedAt = undefined;
    this.activeAt = now;
  }
}

describe('A crowd', () => {
  test('starves nobody, takes no more connections than there are, and asks no oftener than it may', () => {
    const crowds = fc.record({
      size: fc.integer({ min: 1, max: 250 }),
      places: fc.integer({ min: 0, max: 5 }),
      atOnce: fc.integer({ min: 1, max: 4 }),
      isWatched: fc.boolean(),
      /** How long an answer takes. */
      latency: fc.integer({ min: 1, max: 40 }),
      changes: fc.array(fc.record({ at: fc.integer({ min: 0, max: 50_000 }), who: fc.nat() }), { maxLength: 200 }),
    });
    fc.assert(
      fc.property(crowds, ({ size, places, atOnce, isWatched, latency, changes }) => {
        const members = Array.from({ length: size }, (_, name) => new Simulated(name));
        for (const one of members) one.isWatched = isWatched;
        const pending = [...changes].sort((one, other) => one.at - other.at);
        const asked: number[] = [];
        let lastAskedAt = Number.NEGATIVE_INFINITY;
        for (let now = 0; now < (isWatched ? 2 : 10) * periodOf(isWatched, size); ) {
          for (let next = pending[0]; next !== undefined && next.at <= now; next = pending[0]) {
            pending.shift();
            const one = members[next.who % size];
            if (one === undefined) continue;
            one.changedAt ??= now;
            if (one.standing === 'holding') one.learn(now);
            else one.isTold = isWatched;
          }
          for (const one of members) {
            if (one.busyUntil > now) continue;
            if (one.standing === 'asking') one.learn(one.askedAt);
            one.busyUntil = Number.POSITIVE_INFINITY;
            one.standing = 'waiting';
          }
          const done = planCrowd({ members, places, atOnce, lastAskedAt }, now);
          for (const one of done.yield) Object.assign(one, { standing: 'away', busyUntil: now + 1, endedAt: now });
          for (const one of done.hold) {
            Object.assign(one, { standing: 'holding', askedAt: now, isTold: false });
            one.learn(now);
          }
          for (const one of done.ask) {
            if (!one.isTold) {
              lastAskedAt = now;
              asked.push(now);
            }
            Object.assign(one, { standing: 'asking', askedAt: now, busyUntil: now + latency, isTold: false });
          }
          const count = (standing: Standing): number => members.filter((one) => one.standing === standing).length;
          // Told changes come before all others: they may push everything back by as long as they take, and no longer.
          const told = isWatched ? changes.length * latency : 0;
          const longest = periodOf(isWatched, size) + told + size * Math.max(SPACING, latency) + 2 * latency + TENURE;
          const starving = members.filter(
            ({ standing, askedAt, endedAt, isTold, changedAt }) =>
              standing === 'waiting' &&
              (now - Math.max(askedAt, endedAt) > longest ||
                (isTold && now - Math.max(changedAt ?? now, endedAt) > told + 2 * latency)),
          );
          expect([count('holding') <= places, count('asking') <= atOnce, starving]).toEqual([true, true, []]);
          const events = [done.at, pending[0]?.at ?? never, ...members.map(({ busyUntil }) => busyUntil)];
          const next = Math.min(...events);
          expect(next).toBeGreaterThan(now);
          now = next;
        }
        for (let n = 20; n < asked.length; n += 1) {
          expect((asked[n] ?? 0) - (asked[n - 20] ?? 0)).toBeGreaterThanOrEqual(20 * SPACING);
        }
      }),
      { numRuns: 30 },
    );
  });
});
