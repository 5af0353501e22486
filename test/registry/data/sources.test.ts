import { Observable, Subject } from 'rxjs';
import { describe, expect, test } from 'vitest';
import { createRegistry } from '../../../src/registry/create-registry.ts';
import { type DataKey, defineData } from '../../../src/registry/data/data-key.ts';
import type { DataEntry } from '../../../src/registry/data/entry.ts';
import type { Registry } from '../../../src/registry/registry.ts';
import { constant } from '../../../src/registry/sources/constant.ts';
import { poll } from '../../../src/registry/sources/poll.ts';
import { type VirtualClock, virtualClock } from '../../support/virtual-clock.ts';

type Told = Iterable<DataEntry<string, number>>;

const stock = defineData<string, number>('stock');

interface Bed {
  readonly clock: VirtualClock;
  readonly registry: Registry;
  readonly errors: string[];
  /** What `data$` has told, as texts. */
  readonly told: string[];
  readonly listen: (data?: DataKey<string, number>) => () => void;
}

function setUp(): Bed {
  const clock = virtualClock();
  const registry = createRegistry({ platform: clock.platform });
  const errors: string[] = [];
  const told: string[] = [];
  registry.errors$.subscribe(({ message }) => errors.push(message));
  const listen = (data = stock) => {
    const following = registry.data$(data).subscribe((view) => told.push(JSON.stringify(view.bySource())));
    return () => following.unsubscribe();
  };
  return { clock, registry, errors, told, listen };
}

describe('a constant', () => {
  test('is there at once, also without anybody who listens, and changes when it is replaced', async () => {
    const { clock, registry, told, listen } = setUp();
    const eggs = registry.contribute(stock, constant({ eggs: 12 }), { source: 's' });
    expect(registry.view(stock).value('s', 'eggs')).toBe(12);
    listen();
    eggs.replace(constant(new Map([['eggs', 6]])));
    expect(registry.view(stock).value('s', 'eggs')).toBe(6);
    eggs.replace(constant([['eggs', 6]]));
    await clock.advance(0);
    expect(told).toEqual(['[["s",[["eggs",12]]]]', '[["s",[["eggs",6]]]]']);
    expect(registry.view(stock).version).toBe(2);
  });
});

describe('a poll', () => {
  test('reads as long as somebody listens, and tells what is new, once', async () => {
    const { clock, registry, told, listen } = setUp();
    let eggs = 1;
    let reads = 0;
    registry.contribute(
      stock,
      poll(
        () => {
          reads += 1;
          return { eggs };
        },
        1000,
        clock,
      ),
      { source: 's' },
    );
    await clock.advance(5000);
    expect(reads).toBe(0);
    const stop = listen();
    await clock.advance(3000);
    expect(reads).toBe(4);
    eggs = 2;
    await clock.advance(3000);
    expect(told).toEqual(['[]', '[["s",[["eggs",1]]]]', '[["s",[["eggs",2]]]]']);
    expect(registry.view(stock).version).toBe(2);
    stop();
    await clock.advance(5000);
    expect(reads).toBe(7);
    expect(clock.sleeps).toEqual([]);
  });

  test('keeps reading while one of two listens, and begins again for whoever comes later', async () => {
    const { clock, registry, told, listen } = setUp();
    let reads = 0;
    const read = () => {
      reads += 1;
      return { eggs: 1 };
    };
    registry.contribute(stock, poll(read, 1000, clock), { source: 's' });
    const [stopFirst, stopSecond] = [listen(), listen()];
    await clock.advance(1000);
    stopFirst();
    await clock.advance(1000);
    expect(reads).toBe(3);
    stopSecond();
    told.length = 0;
    listen();
    expect(told).toEqual(['[["s",[["eggs",1]]]]']);
    await clock.advance(0);
    expect(reads).toBe(4);
    expect(told).toHaveLength(1);
  });

  test('reads nothing while its version is the same', async () => {
    const { clock, registry, listen } = setUp();
    let version = 1;
    let reads = 0;
    const read = () => {
      reads += 1;
      return { eggs: reads };
    };
    registry.contribute(stock, poll(read, 1000, { version: async () => version, ...clock }), { source: 's' });
    listen();
    await clock.advance(3000);
    expect(reads).toBe(1);
    version = 2;
    await clock.advance(1000);
    expect(registry.view(stock).value('s', 'eggs')).toBe(2);
  });

  test('is asked at once when the registry is told to reload, and once without a time', async () => {
    const { clock, registry, told, listen } = setUp();
    let eggs = 1;
    const reading = registry.contribute(
      stock,
      poll(async () => ({ eggs }), 60_000, clock),
      { source: 'often' },
    );
    registry.contribute(
      stock,
      poll(() => ({ milk: eggs }), undefined, clock),
      { source: 'once' },
    );
    listen();
    await clock.advance(0);
    expect(clock.sleeps).toEqual([60_000]);
    eggs = 2;
    await reading.reload();
    expect(registry.view(stock).values('eggs')).toEqual([2]);
    expect(registry.view(stock).values('milk')).toEqual([1]);
    expect((await registry.reload(stock)).values('milk')).toEqual([2]);
    expect(clock.sleeps).toEqual([60_000]);
    expect(told.at(-1)).toBe('[["often",[["eggs",2]]],["once",[["milk",2]]]]');
  });

  test('can be reloaded without anybody who listens', async () => {
    const { clock, registry } = setUp();
    const reading = registry.contribute(
      stock,
      poll(() => ({ eggs: 1 }), 1000, clock),
    );
    await reading.reload();
    expect(registry.view(stock).values('eggs')).toEqual([1]);
    await clock.advance(0);
    expect(clock.sleeps).toEqual([]);
  });

  test.each([0, -1, Number.NaN])('refuses to read every %s milliseconds', (every) => {
    expect(() => poll(() => [], every)).toThrow('must be a number of milliseconds above 0');
  });
});

describe('a source that fails', () => {
  test('keeps what it said last, is stale, is tried again, and hinders nobody', async () => {
    const { clock, registry, errors, told, listen } = setUp();
    let answer: () => Told = () => [['eggs', 1]];
    registry.contribute(
      stock,
      poll(() => answer(), 1000, clock),
      { source: 'a' },
    );
    registry.contribute(stock, constant({ milk: 2 }), { source: 'b' });
    listen();
    await clock.advance(0);
    for (const failure of ['gone', 'unreadable']) {
      answer = () => {
        throw new Error(failure);
      };
      await clock.advance(2000);
      const view = registry.view(stock);
      expect([view.stale, view.values('eggs'), view.values('milk')]).toEqual([['a'], [1], [2]]);
      expect(registry.describe().data[0]?.sources[0]).toMatchObject({ stale: true, error: failure, entries: 1 });
    }
    expect(errors[0]).toBe('Plugin "application" has a source "a" that failed: gone');
    expect(told).toHaveLength(2);
    answer = () => [['eggs', 3]];
    await clock.advance(30_000);
    expect(registry.view(stock)).toMatchObject({ stale: [], version: 3 });
    expect(told).toHaveLength(3);
    expect(told.at(-1)).toBe('[["a",[["eggs",3]]],["b",[["milk",2]]]]');
  });

  test('and recovers with what it said before is no news', async () => {
    const { clock, registry, told, listen } = setUp();
    let isBroken = false;
    const read = (): Told => {
      if (isBroken) throw new Error('gone');
      return [['eggs', 1]];
    };
    registry.contribute(stock, poll(read, 1000, clock), { source: 'a' });
    listen();
    await clock.advance(0);
    isBroken = true;
    await clock.advance(1000);
    expect(registry.view(stock).stale).toEqual(['a']);
    isBroken = false;
    await clock.advance(30_000);
    expect(registry.view(stock)).toMatchObject({ stale: [], version: 1 });
    expect(told).toEqual(['[]', '[["a",[["eggs",1]]]]']);
  });

  test('is tried later and later, up to half a minute', async () => {
    const { clock, registry, listen } = setUp();
    const delays: number[] = [];
    registry.contribute(
      stock,
      poll(() => Promise.reject(new Error('gone')), 5, clock),
    );
    listen();
    for (let i = 0; i < 8; i += 1) {
      await clock.advance(0);
      delays.push(clock.next ?? 0);
      await clock.advance(clock.next ?? 0);
    }
    expect(delays).toEqual([500, 1000, 2000, 4000, 8000, 15_000, 15_000, 15_000]);
  });

  test('at first counts as empty, and is ready once it has failed', async () => {
    const { clock, registry, told, listen } = setUp();
    let calls = 0;
    const read = (): Told => {
      calls += 1;
      if (calls === 1) throw new Error('not yet');
      return [['eggs', 1]];
    };
    registry.contribute(stock, poll(read, 1000, clock), { source: 'a' });
    listen();
    const view = await registry.ready(stock);
    expect([view.stale, view.sources()]).toEqual([['a'], []]);
    await clock.advance(5000);
    expect(told).toEqual(['[]', '[["a",[["eggs",1]]]]']);
  });

  test('fails a reload, by name, and the others are read', async () => {
    const { clock, registry } = setUp();
    registry.contribute(
      stock,
      poll(() => Promise.reject(new Error('gone')), undefined, clock),
      { source: 'a' },
    );
    registry.contribute(
      stock,
      poll(() => ({ milk: 2 }), undefined, clock),
      { source: 'b' },
    );
    await expect(registry.reload(stock)).rejects.toThrow('Plugin "application" has a source that failed: gone');
    expect(registry.view(stock).values('milk')).toEqual([2]);
  });

  test('also when it throws as somebody subscribes', () => {
    const { registry, errors } = setUp();
    const broken = {
      subscribe(): never {
        throw new Error('no subscribers');
      },
    };
    registry.contribute(stock, broken, { source: 'a' });
    expect(errors).toEqual(['Plugin "application" has a source "a" that failed: no subscribers']);
  });
});

describe('any observable', () => {
  test('is a source: its lists replace each other, and a burst is told once', async () => {
    const { clock, registry, told, listen } = setUp();
    const source = new Subject<Told>();
    registry.contribute(stock, source, { source: 's' });
    listen();
    source.next([['eggs', 1]]);
    expect(registry.view(stock).values('eggs')).toEqual([1]);
    source.next([['eggs', 2]]);
    source.next([['eggs', 3]]);
    await clock.advance(0);
    expect(told).toEqual(['[]', '[["s",[["eggs",3]]]]']);
  });

  test('goes on after a list that cannot be used', async () => {
    const { clock, registry, errors, listen } = setUp();
    const source = new Subject<Told>();
    registry.contribute(stock, source, { source: 's' });
    listen();
    source.next([['eggs', 1]]);
    source.next([
      ['eggs', 2],
      ['eggs', 3],
    ]);
    expect(registry.view(stock)).toMatchObject({ stale: ['s'], version: 1 });
    source.next([['eggs', 4]]);
    await clock.advance(0);
    expect(registry.view(stock).values('eggs')).toEqual([4]);
    expect(errors).toEqual(['Plugin "application" has a source "s" that failed: The key "eggs" is there twice']);
  });

  test('says nothing new with another order, where order has no meaning', async () => {
    const loose = defineData<string, number>('loose', { unordered: true });
    const { registry } = setUp();
    for (const [data, version] of [
      [loose, 1],
      [stock, 2],
    ] as const) {
      const both = registry.contribute(
        data,
        constant([
          ['a', 1],
          ['b', 2],
        ]),
      );
      both.replace(
        constant([
          ['b', 2],
          ['a', 1],
        ]),
      );
      expect(registry.view(data).version).toBe(version);
    }
  });

  test('is compared as its data say', () => {
    const rough = defineData<string, number>('rough', { same: (a, b) => Math.round(a) === Math.round(b) });
    const { registry } = setUp();
    const own = registry.contribute(rough, constant({ a: 1 }));
    own.replace(constant({ a: 1.2 }));
    expect(registry.view(rough)).toMatchObject({ version: 1 });
    own.replace(constant({ a: 1.8 }));
    expect(registry.view(rough)).toMatchObject({ version: 2 });
  });

  test('that ends without a word has said that there is nothing', async () => {
    const { registry } = setUp();
    registry.contribute(stock, new Observable((subscriber) => subscriber.complete()), { source: 's' });
    expect((await registry.ready(stock)).sources()).toEqual(['s']);
  });

  test('keeps what was there until it has delivered, when it takes a place', async () => {
    const { registry, listen } = setUp();
    const own = registry.contribute(stock, constant({ eggs: 1 }), { source: 's' });
    listen();
    const next = new Subject<Told>();
    own.replace(next);
    expect(registry.view(stock).values('eggs')).toEqual([1]);
    next.next([['eggs', 2]]);
    expect(registry.view(stock).values('eggs')).toEqual([2]);
  });
});

describe('ready', () => {
  test('waits for all, also for those who come meanwhile, and gives up with its signal', async () => {
    const { clock, registry } = setUp();
    const [first, second] = [new Subject<Told>(), new Subject<Told>()];
    registry.contribute(stock, first, { source: 'a' });
    let view: unknown;
    const waiting = registry.ready(stock).then((ready) => {
      view = ready.sources();
    });
    registry.contribute(stock, second, { source: 'b' });
    first.next([['a', 1]]);
    await clock.advance(0);
    expect(view).toBe(undefined);
    const controller = new AbortController();
    const impatient = registry.ready(stock, controller);
    controller.abort(new Error('late'));
    await expect(impatient).rejects.toThrow('late');
    second.next([]);
    await waiting;
    expect(view).toEqual(['a', 'b']);
    expect([first.observed, second.observed]).toEqual([false, false]);
  });

  test('does not wait for what is taken back, nor does a reload', async () => {
    const { registry } = setUp();
    const own = registry.contribute(stock, new Subject<Told>());
    const [ready, reload] = [registry.ready(stock), own.reload()];
    own.dispose();
    expect((await ready).sources()).toEqual([]);
    await expect(reload).rejects.toThrow('What was waited for is not contributed any more');
    await registry.settled();
  });
});
