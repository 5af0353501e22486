import { describe, expect, onTestFinished, test } from 'vitest';
import { isClosedError } from '../../src/core/errors.ts';
import type { Feed } from '../../src/core/feed.ts';
import type { JobState } from '../../src/jobs/job-record.ts';
import type { JobView } from '../../src/jobs/job-view.ts';
import { alteredKv } from '../contract/altered-kv.ts';
import { AlteredStore } from './altered-store.ts';
import { everythingIn } from './invariants.ts';
import { TYPE, timedQueue, turns } from './timed-queue.ts';

/** Longer than the pause between two looks. */
const LOOK = 100;

interface Followed<T> {
  readonly told: T[];
  isComplete: boolean;
  error: unknown;
  leave(): void;
}

function follow<T>(feed: Feed<T>): Followed<T> {
  const followed: Followed<T> = {
    told: [],
    isComplete: false,
    error: undefined,
    leave: () => subscription.unsubscribe(),
  };
  const subscription = feed.subscribe({
    next: (value) => void followed.told.push(value),
    error: (error: unknown) => {
      followed.error = error;
    },
    complete: () => {
      followed.isComplete = true;
    },
  });
  onTestFinished(async () => {
    subscription.unsubscribe();
    await turns();
  });
  return followed;
}

const statesOf = (told: readonly (JobView | undefined)[]) => told.map((view) => view?.state ?? 'gone');

describe('Following a job', () => {
  test('tells it as it is, after each change, and completes when it has ended', async () => {
    const { queue, pass } = await timedQueue();
    await queue.add(TYPE, 'a', { size: 1 });
    const followed = follow(queue.state$(TYPE, 'a'));
    await pass(LOOK);
    const job = await queue.accept(TYPE);
    await pass(LOOK);
    await job?.update({ done: 1 });
    await pass(LOOK);
    await job?.finish({ done: 2 });
    await pass(LOOK);
    expect(followed.told.map((view) => [view?.state, view?.info, view?.epoch])).toEqual([
      ['pending', {}, 0],
      ['running', {}, 1],
      ['running', { done: 1 }, 1],
      ['finished', { done: 2 }, 1],
    ]);
    const seqs = followed.told.map((view) => view?.seq ?? 0);
    expect(seqs).toEqual([...new Set(seqs)].sort((a, b) => a - b));
    expect(followed.isComplete).toBe(true);
    await queue.add(TYPE, 'a', {});
    await pass(LOOK);
    expect(followed.told).toHaveLength(4);
  });

  test.each<[string, JobState]>([
    ['finished', 'finished'],
    ['cancelled', 'cancelled'],
    ['dead', 'dead'],
  ])('that is %s tells that, and completes', async (_, state) => {
    const { queue, pass } = await timedQueue({ type: { maxAttempts: 1 } });
    await queue.add(TYPE, 'a', {});
    if (state === 'cancelled') await queue.cancel(TYPE, 'a');
    else {
      const job = await queue.accept(TYPE);
      await (state === 'dead' ? job?.fail('No') : job?.finish());
    }
    const followed = follow(queue.state$(TYPE, 'a'));
    await pass(LOOK);
    expect([statesOf(followed.told), followed.isComplete]).toEqual([[state], true]);
  });

  test('that is not there, in whatever type, says so and completes', async () => {
    const { queue, pass } = await timedQueue();
    const all = [follow(queue.state$(TYPE, 'a')), follow(queue.state$('other', 'a'))];
    await pass(LOOK);
    for (const { told, isComplete } of all) expect([told, isComplete]).toEqual([[undefined], true]);
  });

  test.each([['pending'], ['running']])('that is removed while it is %s tells so once, and no more', async (state) => {
    const { queue, pass } = await timedQueue();
    await queue.add(TYPE, 'a', {});
    if (state === 'running') await queue.accept(TYPE);
    const followed = follow(queue.state$(TYPE, 'a'));
    await pass(LOOK);
    await queue.remove(TYPE, 'a');
    await pass(LOOK);
    await queue.add(TYPE, 'a', {});
    await pass(LOOK);
    expect([statesOf(followed.told), followed.isComplete]).toEqual([[state, 'gone'], true]);
  });

  test('by several tells each the same, and none of them anything once it has left', async () => {
    const { queue, pass } = await timedQueue();
    await queue.add(TYPE, 'a', {});
    const [stays, leaves] = [follow(queue.state$(TYPE, 'a')), follow(queue.state$(TYPE, 'a'))];
    await pass(LOOK);
    const job = await queue.accept(TYPE);
    // A look is under way when it leaves.
    leaves.leave();
    await pass(LOOK);
    await job?.finish();
    await pass(LOOK);
    expect(statesOf(stays.told)).toEqual(['pending', 'running', 'finished']);
    expect([statesOf(leaves.told), leaves.isComplete]).toEqual([['pending'], false]);
  });

  test('does not tell of heartbeats, and writes nothing', async () => {
    const { queue, pass, kv } = await timedQueue();
    await queue.add(TYPE, 'a', {});
    const job = await queue.accept(TYPE);
    const followed = follow(queue.state$(TYPE, 'a'));
    for (let beat = 0; beat < 5; beat += 1) {
      await job?.update();
      await pass(LOOK);
    }
    const before = await everythingIn(kv);
    await pass(60_000);
    expect(statesOf(followed.told)).toEqual(['running']);
    expect(await everythingIn(kv)).toEqual(before);
  });

  test('tells the end that came between its first look and its watch', async () => {
    const { queue, pass, kv, on } = await timedQueue();
    await queue.add(TYPE, 'a', {});
    const job = await queue.accept(TYPE);
    let isFirst = true;
    const slow = alteredKv(kv, {
      read: async (keys) => {
        const entries = await kv.read(keys);
        // Whoever reads is told only after everything is over, and nothing else happens then.
        if (isFirst) await job?.finish();
        isFirst = false;
        return entries;
      },
    });
    const followed = follow(on({ kv: slow }).state$(TYPE, 'a'));
    await pass(LOOK);
    expect([statesOf(followed.told), followed.isComplete]).toEqual([['running', 'finished'], true]);
  });

  test('tells what has come of it within 30 seconds when signals are lost', async () => {
    const { queue, pass, on, kv } = await timedQueue();
    const store = new AlteredStore(kv);
    store.isDeaf = true;
    await queue.add(TYPE, 'a', {});
    const followed = follow(on({ kv: store.kv }).state$(TYPE, 'a'));
    await pass(LOOK);
    await queue.cancel(TYPE, 'a');
    await pass(30_000);
    expect(statesOf(followed.told)).toEqual(['pending', 'cancelled']);
  });

  test('ends with an error when the store is closed', async () => {
    const { queue, pass, kv } = await timedQueue();
    await queue.add(TYPE, 'a', {});
    const all = [follow(queue.state$(TYPE, 'a')), follow(queue.jobs$(TYPE)), follow(queue.workers$(TYPE))];
    await pass(LOOK);
    await kv.close();
    await pass(10_000);
    expect(all.map(({ error }) => isClosedError(error))).toEqual([true, true, true]);
  });
});

describe('Waiting for a job', () => {
  test('ends with it, or in the state that is waited for', async () => {
    const { queue, wait } = await timedQueue();
    await queue.add(TYPE, 'a', {});
    const [running, ended] = [queue.wait(TYPE, 'a', ['running']), queue.wait(TYPE, 'a')];
    const job = await queue.accept(TYPE);
    expect((await wait(running))?.state).toBe('running');
    await job?.finish({ done: 1 });
    expect(await wait(ended)).toMatchObject({ state: 'finished', info: { done: 1 } });
    expect(await wait(queue.wait(TYPE, 'a'))).toMatchObject({ state: 'finished' });
  });

  test('ends without it when it is not there, or is removed', async () => {
    const { queue, wait } = await timedQueue();
    expect(await wait(queue.wait(TYPE, 'a'))).toBeUndefined();
    await queue.add(TYPE, 'a', {});
    const waiting = queue.wait(TYPE, 'a');
    await turns();
    await queue.remove(TYPE, 'a');
    expect(await wait(waiting)).toBeUndefined();
  });

  test('ends with the reason of its signal', async () => {
    const { queue, wait } = await timedQueue();
    await queue.add(TYPE, 'a', {});
    const ending = new AbortController();
    const waiting = queue.wait(TYPE, 'a', ['dead'], { signal: ending.signal });
    waiting.catch(() => {});
    await turns();
    ending.abort(new Error('The page is left'));
    await expect(wait(waiting)).rejects.toThrow('The page is left');
  });
});

describe('Following all jobs of a type', () => {
  test('tells each as it is, then each that changes or is removed, and none of another type', async () => {
    const { queue, pass } = await timedQueue();
    await queue.defineType('other');
    await queue.add(TYPE, 'a', {});
    await queue.add(TYPE, 'b', {});
    const followed = follow(queue.jobs$(TYPE));
    const take = () =>
      followed.told
        .splice(0)
        .map((event) => (event.type === 'job' ? `${event.job.id} ${event.job.state}` : `${event.id} gone`));
    await pass(LOOK);
    expect(take()).toEqual(['a pending', 'b pending']);
    await queue.cancel(TYPE, 'b');
    await queue.add('other', 'c', {});
    await pass(LOOK);
    expect(take()).toEqual(['b cancelled']);
    await queue.remove(TYPE, 'a');
    await queue.add(TYPE, 'c', {});
    await pass(LOOK);
    expect(take().sort()).toEqual(['a gone', 'c pending']);
    await pass(60_000);
    expect(take()).toEqual([]);
  });

  test('comes to what there is, however much changes at once', async () => {
    const { queue, pass } = await timedQueue();
    const followed = follow(queue.jobs$(TYPE));
    for (let at = 0; at < 120; at += 1) {
      await queue.add(TYPE, `${at % 40}`, { at });
      if (at % 7 === 0) await queue.remove(TYPE, `${(at * 3) % 40}`);
    }
    await pass(1000);
    const known = new Map<string, JobView>();
    for (const event of followed.told) {
      if (event.type === 'job') known.set(event.job.id, event.job);
      else known.delete(event.id);
    }
    const byId = (a: JobView, b: JobView) => (a.id < b.id ? -1 : 1);
    expect([...known.values()].sort(byId)).toEqual((await queue.list(TYPE, { limit: 1000 })).sort(byId));
  });
});
