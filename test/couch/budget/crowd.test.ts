import { beforeEach, describe, expect, test } from 'vitest';
import { CouchError } from '../../../src/core/errors.ts';
import { platform } from '../../../src/core/platform.ts';
import { Budget } from '../../../src/couch/budget/budget.ts';
import { Crowd } from '../../../src/couch/budget/crowd.ts';
import type { Party, Seat, Watching } from '../../../src/couch/budget/seat.ts';
import type { Slot } from '../../../src/couch/budget/slot.ts';
import { afterTurn } from '../../../src/couch/budget/turn.ts';
import { type VirtualClock, virtualClock } from '../../support/virtual-clock.ts';

let clock: VirtualClock;
let budget: Budget;
let crowd: Crowd;
let feeds: TestFeed[];
/** Those that watch, in order, and how each is told that it is not wanted any more. */
let watching: { readonly by: string | undefined; readonly tells: Watching; readonly signal: AbortSignal }[];
/** What a server answers that does not tell. */
let refuse: (() => unknown) | undefined;

beforeEach(() => {
  clock = virtualClock();
  crowd = new Crowd(budgetOf(6), () => {});
  feeds = [];
  watching = [];
  refuse = undefined;
});

function budgetOf(connections: number): Budget {
  budget = new Budget(() => crowd.review());
  budget.restrict(connections);
  return budget;
}

/** A live feed that does what it is told, and notes it. */
class TestFeed {
  readonly seat: Seat;
  readonly #controller = new AbortController();
  slot: Slot | undefined;
  /** How often it was asked. */
  asked = 0;
  /** Called each time it is asked. */
  onAsked = (): void => {};

  constructor(party: Partial<Party>) {
    this.seat = crowd.join({ platform: platform(clock.platform), ...party });
    void this.#run();
  }

  leave(): void {
    this.#controller.abort();
  }

  async #run(): Promise<void> {
    const { signal } = this.#controller;
    while (!signal.aborted) {
      this.slot = await this.seat.turn(signal).catch(() => undefined);
      if (signal.aborted) break;
      const { slot } = this;
      if (slot === undefined) {
        this.asked += 1;
        this.onAsked();
      } else await aborted(slot.signal, signal);
      slot?.release();
      this.slot = undefined;
      this.seat.rest();
    }
    this.seat.leave();
  }
}

function aborted(...signals: AbortSignal[]): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of signals) signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

function join(count: number, group?: string): void {
  for (let n = 0; n < count; n += 1) {
    const database = `db${feeds.length}`;
    const watch = async (tells: Watching, signal: AbortSignal): Promise<void> => {
      watching.push({ by: group, tells, signal });
      // As a feed does that has been refused.
      if (refuse !== undefined) {
        tells.seat.leave();
        throw refuse();
      }
      await aborted(signal);
      tells.seat.leave();
    };
    feeds.push(new TestFeed(group === undefined ? {} : { database, group, watch }));
  }
}

async function settle(): Promise<void> {
  for (let turn = 0; turn < 2; turn += 1) await afterTurn();
}
/** Lets time pass in steps, so that what is asked has time to be answered. */
async function pass(ms: number): Promise<void> {
  for (let passed = 0; passed < ms; passed += 50) {
    await clock.advance(50);
    await settle();
  }
}

const holding = (): number[] => feeds.flatMap(({ slot }, n) => (slot === undefined ? [] : [n]));
const asked = (): number[] => feeds.map((feed) => feed.asked);

const missing = new CouchError('GET /_db_updates was refused with status 404', {
  status: 404,
  error: 'not_found',
  reason: 'Database does not exist.',
  request: 'GET /_db_updates',
  retryable: false,
});

describe('A crowd', () => {
  test('lets each of few feeds keep a connection, and sets no timer', async () => {
    join(3);
    await settle();
    expect([holding(), clock.sleeps]).toEqual([[0, 1, 2], []]);
    for (const feed of feeds) feed.leave();
    await settle();
    expect([crowd.isEmpty, budget.isIdle]).toEqual([true, true]);
  });

  test('lets some of many keep connections and asks the others, as often as it says, as long as there are many', async () => {
    join(5);
    await settle();
    expect(holding()).toHaveLength(2);
    await pass(20_200);
    expect(asked().filter((times) => times === 0)).toHaveLength(2);
    expect(asked().filter((times) => times === 4)).toHaveLength(3);
    feeds[0]?.leave();
    feeds[1]?.leave();
    await settle();
    expect([holding(), clock.sleeps]).toEqual([[2, 3, 4], []]);
    for (const feed of feeds) feed.leave();
    await settle();
    expect([crowd.isEmpty, clock.sleeps]).toEqual([true, []]);
  });

  test('gives a connection to a feed on which something has happened', async () => {
    join(6);
    await settle();
    const [last] = feeds.slice(-1);
    if (last === undefined) throw new Error('There is no feed');
    await pass(1000);
    last.onAsked = () => last.seat.stir();
    await pass(10_000);
    expect(holding()).toContain(5);
    expect(holding()).toHaveLength(2);
    for (const feed of feeds) feed.leave();
  });

  test('makes way for whoever waits for a connection, and comes back', async () => {
    join(3);
    await settle();
    const on = platform(clock.platform);
    const slot = await budget.take({ lane: 'feed', isResumable: true, owner: {}, platform: on });
    await settle();
    expect(holding()).toHaveLength(2);
    slot.release();
    await settle();
    expect(holding()).toEqual([0, 1, 2]);
    for (const feed of feeds) feed.leave();
  });

  test('asks all where there is but one connection, and holds the only feed of all while nobody else needs it', async () => {
    crowd = new Crowd(budgetOf(1), () => {});
    join(1);
    await settle();
    expect(holding()).toEqual([0]);
    const slot = await budget.take({
      lane: 'short',
      isResumable: false,
      owner: {},
      platform: platform(clock.platform),
    });
    await settle();
    expect(holding()).toEqual([]);
    slot.release();
    await settle();
    expect(holding()).toEqual([0]);
    join(1);
    await settle();
    expect(holding()).toEqual([]);
    await pass(10_100);
    expect(asked()).toEqual([2, 2]);
    for (const feed of feeds) feed.leave();
  });
});

describe('A watch over a crowd', () => {
  test('is kept only while there is a crowd, one for all, for the largest group, and never for who sees otherwise', async () => {
    join(2, 'few');
    join(1);
    await settle();
    expect(watching).toEqual([]);
    join(3, 'many');
    await settle();
    expect(watching.map(({ by }) => by)).toEqual(['many']);
    feeds.slice(3).map((feed) => feed.leave());
    await settle();
    expect(watching[0]?.signal.aborted).toBe(true);
    for (const feed of feeds) feed.leave();
    await settle();
    expect([watching.length, crowd.isEmpty]).toEqual([1, true]);
  });

  test('has databases asked at once that have changed, and the others seldom, once it has told of one', async () => {
    join(8, 'all');
    await settle();
    const watch = watching[0];
    const held = holding();
    const [told = -1, ...others] = feeds.map((_, n) => n).filter((n) => !held.includes(n));
    // Nothing has been told: it may be that nothing ever will be.
    await pass(10_500);
    const before = asked();
    expect(others.map((n) => before[n])).toEqual(others.map(() => 2));
    watch?.tells.onTold(`db${told}`);
    await settle();
    expect(asked()[told]).toBe(3);
    // One of another group, or of none, has not been told.
    watch?.tells.onTold('elsewhere');
    // Whoever was asked before is asked once more, as it may have changed unheard; then seldom.
    await pass(60_000);
    expect(others.map((n) => (asked()[n] ?? 0) - (before[n] ?? 0))).toEqual(others.map(() => 1));
    // When nothing is told for a while, they are asked as before.
    watch?.tells.onLost();
    await pass(10_500);
    expect(Math.min(...others.map((n) => (asked()[n] ?? 0) - (before[n] ?? 0)))).toBeGreaterThan(2);
    for (const feed of feeds) feed.leave();
  });

  test('is relied upon no more when a change is found that it has not told', async () => {
    join(8, 'all');
    await settle();
    const watch = watching[0];
    await pass(5500);
    watch?.tells.onTold('db7');
    await pass(7000);
    const [silent] = feeds.filter(({ slot }) => slot === undefined);
    if (silent === undefined) throw new Error('All feeds hold a connection');
    silent.onAsked = () => {
      silent.seat.stir();
      silent.onAsked = () => {};
    };
    await pass(121_000);
    await pass(10_500);
    expect(watch?.signal.aborted).toBe(true);
    // A server that does not tell is not asked for it again and again.
    await pass(60_000);
    expect(watching).toHaveLength(1);
    for (const feed of feeds) feed.leave();
  });

  test('that the server refuses does no harm, and is asked for again after an hour', async () => {
    refuse = () => missing;
    join(5, 'all');
    await settle();
    await pass(20_200);
    expect(asked().filter((times) => times === 4)).toHaveLength(3);
    expect(watching).toHaveLength(1);
    await clock.advance(3_600_000);
    await settle();
    expect(watching).toHaveLength(2);
    for (const feed of feeds) feed.leave();
  });
});
