import type { Observable } from 'rxjs';
import type { Key, Kv } from '../../../src/kv/kv.ts';
import { equal, ok } from '../assert.ts';
import type { StoreCase } from '../store-case.ts';
import { get, remove, says, set } from './actions.ts';

const key: Key = ['watched'];

/** What a watch tells. It may tell more than has happened, and later, so every wait here is for something to come. */
export const watching: readonly StoreCase[] = [
  {
    name: 'emits once when a watch begins, whether the key is there or not',
    async run(open) {
      const kv = await open();
      await follow(kv.watch(key)).reach(1);
      await set(kv, [key]);
      await follow(kv.watch(key)).reach(1);
    },
  },
  {
    name: 'emits after a key is set, set again, deleted and made anew',
    async run(open) {
      const kv = await open();
      await tellsChanges(kv, kv);
    },
  },
  {
    name: 'emits after another handle has changed the key',
    needs: 'several',
    async run(open) {
      await tellsChanges(await open(), await open());
    },
  },
  {
    name: 'brings whoever looks at each emission to the last of many quick changes',
    async run(open) {
      const kv = await open();
      await bringsToTheLast(kv, kv);
    },
  },
  {
    name: 'brings whoever looks at each emission to the last of many quick changes of another handle',
    needs: 'several',
    async run(open) {
      await bringsToTheLast(await open(), await open());
    },
  },
  {
    name: 'tells everybody who watches the same key, until he leaves',
    async run(open) {
      const kv = await open();
      const [staying, leaving] = [follow(kv.watch(key)), follow(kv.watch(key))];
      await Promise.all([staying.reach(1), leaving.reach(1)]);
      await set(kv, [key]);
      await Promise.all([staying.reach(2), leaving.reach(2)]);
      leaving.leave();
      const heard = leaving.emissions();
      const before = staying.emissions();
      await set(kv, [key]);
      await staying.reach(before + 1);
      equal(leaving.emissions(), heard, 'What was heard after leaving');
    },
  },
  {
    name: 'begins anew with every subscription of the same watch',
    async run(open) {
      const kv = await open();
      const watch = kv.watch(key);
      const first = follow(watch);
      await first.reach(1);
      first.leave();
      const second = follow(watch);
      await second.reach(1);
      await set(kv, [key]);
      await second.reach(2);
    },
  },
  {
    name: 'completes watches when the handle is closed, and those that begin afterwards',
    async run(open) {
      const kv = await open();
      const before = [follow(kv.watch(key)), follow(kv.watch(key)), follow(kv.watch(['other']))];
      await Promise.all(before.map((watch) => watch.reach(1)));
      const later = kv.watch(key);
      await kv.close();
      for (const watch of [...before, follow(later), follow(kv.watch(key))]) await watch.completed();
    },
  },
  {
    name: 'goes on telling one handle when another is closed',
    needs: 'several',
    async run(open) {
      const [staying, closing] = [await open(), await open()];
      const [watch, other] = [follow(staying.watch(key)), follow(closing.watch(key))];
      await Promise.all([watch.reach(1), other.reach(1)]);
      await closing.close();
      await other.completed();
      const before = watch.emissions();
      await set(staying, [key]);
      await watch.reach(before + 1);
      ok(!watch.isCompleted(), 'The watch of the other handle completed');
    },
  },
];

async function tellsChanges(watcher: Kv, writer: Kv): Promise<void> {
  const watch = follow(watcher.watch(key));
  await watch.reach(1);
  const changes = [() => set(writer, [key]), () => set(writer, [key]), () => remove(writer, [key])];
  for (const change of [...changes, ...changes]) {
    const before = watch.emissions();
    await change();
    await watch.reach(before + 1);
  }
}

async function bringsToTheLast(watcher: Kv, writer: Kv): Promise<void> {
  const watch = follow(watcher.watch(key));
  const write = async (): Promise<void> => {
    for (let round = 1; round <= 30; round += 1) await set(writer, [key], String(round));
  };
  const look = async (): Promise<void> => {
    let heard = 0;
    do {
      await watch.reach(heard + 1);
      // Counted before the look: what is emitted during it may be the last hint there is.
      heard = watch.emissions();
    } while (says(await get(watcher, key)) !== '30');
  };
  await Promise.all([write(), look()]);
}

/** A subscription that can be waited for. */
function follow(watch: Observable<void>) {
  let emissions = 0;
  let isCompleted = false;
  let failure: unknown;
  let wake = (): void => {};
  const subscription = watch.subscribe({
    next() {
      emissions += 1;
      wake();
    },
    complete() {
      isCompleted = true;
      wake();
    },
    error(error: unknown) {
      failure = error;
      wake();
    },
  });
  const until = async (isReached: () => boolean): Promise<void> => {
    while (!isReached()) {
      if (failure !== undefined) throw failure;
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  };
  return {
    emissions: () => emissions,
    isCompleted: () => isCompleted,
    /** Waits until there have been so many emissions. */
    reach: (number: number) => until(() => emissions >= number),
    completed: () => until(() => isCompleted),
    leave: () => subscription.unsubscribe(),
  };
}
