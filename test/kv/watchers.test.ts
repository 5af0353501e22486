import type { Observable, Subscription } from 'rxjs';
import { take } from 'rxjs';
import { describe, expect, test } from 'vitest';
import { packKey } from '../../src/kv/key.ts';
import { Watchers } from '../../src/kv/watchers.ts';

const [apple, pear] = [packKey(['apple']), packKey(['pear'])];

function record(watch: Observable<void>): { readonly log: string[]; readonly subscription: Subscription } {
  const log: string[] = [];
  const subscription = watch.subscribe({ next: () => log.push('next'), complete: () => log.push('complete') });
  return { log, subscription };
}

describe('Watchers', () => {
  test('tell whoever watches a key: once at first, then of every change', () => {
    const watchers = new Watchers();
    const apples = [record(watchers.watch(apple)), record(watchers.watch(apple))];
    const pears = record(watchers.watch(pear));
    watchers.changed([apple, apple]);
    watchers.changed([packKey(['plum'])]);
    for (const { log } of apples) expect(log).toEqual(['next', 'next']);
    expect(pears.log).toEqual(['next']);
    watchers.anyChanged();
    expect([...apples, pears].map(({ log }) => log.length)).toEqual([3, 3, 2]);
  });

  test('follow the changes of others only while somebody watches', () => {
    const following: AbortSignal[] = [];
    const watchers = new Watchers((signal) => following.push(signal));
    const subscriptions = [apple, pear, pear].map((key) => watchers.watch(key).subscribe());
    expect(following.map(({ aborted }) => aborted)).toEqual([false]);
    for (const subscription of subscriptions.slice(1)) subscription.unsubscribe();
    expect(following.map(({ aborted }) => aborted)).toEqual([false]);
    subscriptions[0]?.unsubscribe();
    expect(following.map(({ aborted }) => aborted)).toEqual([true]);
    watchers.watch(apple).subscribe();
    expect(following.map(({ aborted }) => aborted)).toEqual([true, false]);
  });

  test('are left in time by whoever leaves at the first sign', () => {
    const following: AbortSignal[] = [];
    const watchers = new Watchers((signal) => following.push(signal));
    const { log } = record(watchers.watch(apple).pipe(take(1)));
    expect(log).toEqual(['next', 'complete']);
    expect(following.map(({ aborted }) => aborted)).toEqual([true]);
  });

  test('complete when they are closed, and do not begin afterwards', () => {
    const following: AbortSignal[] = [];
    const watchers = new Watchers((signal) => following.push(signal));
    const before = [record(watchers.watch(apple)), record(watchers.watch(apple)), record(watchers.watch(pear))];
    watchers.close();
    const after = record(watchers.watch(apple));
    watchers.anyChanged();
    for (const { log } of before) expect(log).toEqual(['next', 'complete']);
    expect(after.log).toEqual(['complete']);
    expect(following.map(({ aborted }) => aborted)).toEqual([true]);
  });
});
