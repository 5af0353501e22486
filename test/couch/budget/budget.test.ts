import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { platform } from '../../../src/core/platform.ts';
import { Budget, type Claim } from '../../../src/couch/budget/budget.ts';
import type { Slot } from '../../../src/couch/budget/slot.ts';
import { afterTurn } from '../../../src/couch/budget/turn.ts';
import { type VirtualClock, virtualClock } from '../../support/virtual-clock.ts';

let clock: VirtualClock;
let budget: Budget;
/** Who has got a connection, in order. */
let got: string[];
const mine = {};
const yours = {};

beforeEach(() => {
  clock = virtualClock();
  budget = new Budget(() => {});
  budget.restrict(6);
  got = [];
});
afterEach(() => {
  // Nothing is waited for any more.
  expect(clock.sleeps).toEqual([]);
});

/** Waits for a connection; `got` tells that it came. */
async function take(name: string, claim: Partial<Claim> = {}): Promise<Slot> {
  const on = platform(clock.platform);
  const slot = await budget.take({ lane: 'short', isResumable: false, owner: mine, platform: on, ...claim });
  got.push(name);
  return slot;
}
const feed = { lane: 'feed', isResumable: true } as const;
const names = (many: number, name: string): string[] => Array.from({ length: many }, (_, n) => `${name}${n + 1}`);

/** A connection that was given back is free after a turn of the event loop, and whoever gets it hears of it soon after. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 3; turn += 1) await afterTurn();
}
async function release(...slots: Slot[]): Promise<void> {
  for (const slot of slots) slot.release();
  await settle();
}

describe('A budget', () => {
  test('gives as many connections as there are, and the next when one is given back', async () => {
    const slots = await Promise.all(names(6, 'a').map((name) => take(name)));
    const last = take('last');
    await settle();
    expect(got).toEqual(names(6, 'a'));
    await release(...slots.slice(0, 1));
    expect(got.at(-1)).toBe('last');
    await release(...slots, await last);
    expect(budget.isIdle).toBe(true);
  });

  test('counts a connection as in use until the event loop has gone round', async () => {
    const slots = await Promise.all(names(6, 'a').map((name) => take(name)));
    for (const slot of slots) slot.release();
    const next = take('next');
    await Promise.resolve();
    expect(got).toHaveLength(6);
    expect(budget.isIdle).toBe(false);
    await release(await next);
    expect(got).toHaveLength(7);
  });

  test('takes a connection back once only', async () => {
    const slots = await Promise.all(names(6, 'a').map((name) => take(name)));
    const waiting = names(2, 'b').map((name) => take(name));
    slots[0]?.release();
    await release(...slots.slice(0, 1));
    expect(got.filter((name) => name.startsWith('b'))).toEqual(['b1']);
    await release(...slots);
    await release(...(await Promise.all(waiting)));
  });

  test('lets owners take turns', async () => {
    const slots = await Promise.all(names(6, 'a').map((name) => take(name)));
    got = [];
    const waiting = [...names(3, 'mine').map((name) => take(name)), take('yours', { owner: yours })];
    for (const slot of slots) await release(slot);
    expect(got).toEqual(['mine1', 'yours', 'mine2', 'mine3']);
    await release(...(await Promise.all(waiting)));
  });

  test('leaves who does not want to wait any longer, and is not kept awake by him', async () => {
    const slots = await Promise.all(names(6, 'a').map((name) => take(name)));
    const controller = new AbortController();
    const waiting = take('b', { signal: controller.signal });
    controller.abort(new Error('enough'));
    await expect(waiting).rejects.toThrow('enough');
    expect(clock.sleeps).toEqual([]);
    await expect(take('c', { signal: AbortSignal.abort(new Error('never')) })).rejects.toThrow('never');
    await release(...slots);
    expect(got).toEqual(names(6, 'a'));
  });

  test('keeps half of its connections for other things than feeds', async () => {
    const feeds = names(4, 'feed').map((name) => take(name, feed));
    await settle();
    expect(got).toEqual(names(3, 'feed'));
    const others = await Promise.all(names(3, 'a').map((name) => take(name)));
    expect(got).toHaveLength(6);
    await release(await (feeds[0] ?? take('')));
    expect(got.at(-1)).toBe('feed4');
    await release(...(await Promise.all(feeds)), ...others);
  });

  test('lets feeds and others take turns where both wait', async () => {
    budget.restrict(1);
    const first = await take('first');
    const waiting = [...names(2, 'feed').map((name) => take(name, feed)), ...names(2, 'a').map((name) => take(name))];
    let last = first;
    const settled: Slot[] = [];
    for (const slot of waiting) void slot.then((taken) => settled.push(taken));
    for (let n = 0; n < 4; n += 1) {
      await release(last);
      last = settled.at(-1) ?? first;
    }
    await release(last);
    expect(got).toEqual(['first', 'feed1', 'a1', 'feed2', 'a2']);
  });

  test('gives feeds that wait for changes what others can spare', async () => {
    const on = platform(clock.platform);
    const held = [budget.hold(on), budget.hold(on), budget.hold(on)];
    expect(held.every((slot) => slot !== undefined)).toBe(true);
    expect(budget.hold(on)).toBeUndefined();
    const catching = take('feed', feed);
    await settle();
    // It has to wait, and shows that there is less room.
    expect([got, budget.room]).toEqual([[], 2]);
    held[0]?.displace();
    expect(held[0]?.signal.reason).toMatchObject({ name: 'DisplacedError' });
    await release(await catching);
    expect(budget.room).toBe(3);
    for (const slot of held) slot?.release();
    await settle();
    expect(budget.isIdle).toBe(true);
  });
});

describe('A connection that is not read from', () => {
  test('is taken from a feed when another one waits, after it has rested from one look to the next', async () => {
    const [lazy, busy, third] = await Promise.all(names(3, 'feed').map((name) => take(name, feed)));
    const waiting = take('waiting', { ...feed, owner: yours });
    lazy?.pauseReading();
    busy?.pauseReading();
    await clock.sleeping(250);
    await clock.advance(250);
    await settle();
    busy?.goOnReading();
    busy?.pauseReading();
    expect(lazy?.signal.aborted).toBe(false);
    await clock.sleeping(250);
    await clock.advance(250);
    await settle();
    expect([lazy?.signal.aborted, busy?.signal.aborted]).toEqual([true, false]);
    expect(got.at(-1)).toBe('waiting');
    await release(...[busy, third].filter((slot) => slot !== undefined), await waiting);
  });

  test('is kept while another one, that is read from, will be free', async () => {
    budget.restrict(2);
    const [resting] = await Promise.all([take('feed', feed)]);
    const working = await take('a', { isResumable: true });
    resting?.pauseReading();
    const waiting = take('b');
    for (let look = 0; look < 8; look += 1) {
      await clock.sleeping(250);
      await clock.advance(250);
      await settle();
    }
    expect([resting?.signal.aborted, got]).toEqual([false, ['feed', 'a']]);
    // Then nothing will be, unless it is taken away.
    working.pauseReading();
    for (let look = 0; look < 2; look += 1) {
      await clock.sleeping(250);
      await clock.advance(250);
      await settle();
    }
    expect([resting?.signal.aborted, working.signal.aborted, got.at(-1)]).toEqual([true, false, 'b']);
    await release(working, await waiting);
  });

  test('is never taken from a reader that could not go on', async () => {
    budget.restrict(1);
    const only = await take('only');
    only.pauseReading();
    const waiting = take('waiting');
    for (let look = 0; look < 8; look += 1) {
      await clock.sleeping(250);
      await clock.advance(250);
      await settle();
    }
    expect(only.signal.aborted).toBe(false);
    await release(only);
    await release(await waiting);
  });

  test.each([
    ['another feed', feed],
    ['something else', {}],
  ])(
    'is given up by a feed that has had its time, once %s waits, but not by one that waits for changes',
    async (_who, claim) => {
      budget.restrict(3);
      const live = budget.hold(platform(clock.platform));
      expect(live).toBeDefined();
      live?.release();
      await settle();
      const [long] = await Promise.all([take('feed', feed), take('a1'), take('a2')]);
      await clock.advance(5000);
      expect([long?.isOverdue, live?.isOverdue]).toEqual([false, false]);
      const controller = new AbortController();
      const waiting = take('waiting', { ...claim, signal: controller.signal });
      expect([long?.isOverdue, live?.isOverdue]).toEqual([true, false]);
      controller.abort(new Error('enough'));
      await expect(waiting).rejects.toThrow('enough');
      expect(long?.isOverdue).toBe(false);
    },
  );
});

describe('After a refusal as one too many', () => {
  test('nothing is sent before the pause is over, then less at once', async () => {
    const slots = await Promise.all(names(4, 'a').map((name) => take(name)));
    const [first, ...others] = slots;
    if (first === undefined) throw new Error('There was no connection');
    budget.refused(first, 4, 30_000, platform(clock.platform));
    for (const slot of others) budget.answered(slot);
    await release(...slots);
    const controller = new AbortController();
    const waiting = names(4, 'b').map((name) => take(name, { signal: controller.signal }));
    await settle();
    expect(budget.pause(clock.platform.elapsed())).toBe(30_000);
    await clock.sleeping(30_000);
    await clock.advance(29_999);
    await settle();
    expect(got).toEqual(names(4, 'a'));
    await clock.advance(1);
    await settle();
    expect(got.slice(4)).toEqual(['b1', 'b2']);
    const [one, two] = await Promise.all(waiting.slice(0, 2));
    if (one === undefined || two === undefined) throw new Error('There was no connection');
    budget.answered(one);
    budget.answered(two);
    await release(one);
    // Two were answered: there may be three.
    expect(got.slice(4)).toEqual(['b1', 'b2', 'b3', 'b4']);
    await release(two, ...(await Promise.all(waiting)));
  });
});
