import fc from 'fast-check';
import { config, Subject } from 'rxjs';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { RegistryChange } from '../../src/registry/announcements.ts';
import { createRegistry } from '../../src/registry/create-registry.ts';
import { defineData } from '../../src/registry/data/data-key.ts';
import type { DataEntry } from '../../src/registry/data/entry.ts';
import { series } from '../../src/registry/hook.ts';
import type { Plugin, Registry } from '../../src/registry/registry.ts';
import { defineService } from '../../src/registry/service.ts';
import { constant } from '../../src/registry/sources/constant.ts';
import { poll } from '../../src/registry/sources/poll.ts';
import { virtualClock } from '../support/virtual-clock.ts';

const kitchen = defineService('kitchen', { cook: series<[], string>({ sync: true }) });
const rules = defineData<string, number>('rules');

const told = () => Promise.resolve();

function follow(registry: Registry): RegistryChange[] {
  const changes: RegistryChange[] = [];
  registry.changes$.subscribe((change) => changes.push(change));
  return changes;
}

const entry = (key: string, value: number) => ({ key, value, prefix: false });
const dishes = (registry: Registry): string =>
  registry
    .call(kitchen.cook, [])
    .map(({ value }) => value)
    .join('');

describe('changes$', () => {
  test('tells what was added, replaced and removed, with what was there and what is', async () => {
    const registry = createRegistry();
    const changes = follow(registry);
    const [one, other] = [{ cook: () => '1' }, { cook: () => '2' }];
    const stove = registry.provide(kitchen, one);
    await told();
    stove.replace(other);
    await told();
    stove.dispose();
    await told();
    const key = { type: 'service', id: 'kitchen' };
    const plugin = 'application';
    expect(changes).toEqual([
      { key, version: 1, changes: [{ plugin, kind: 'added', old: [], new: [one] }] },
      { key, version: 2, changes: [{ plugin, kind: 'replaced', old: [one], new: [other] }] },
      { key, version: 3, changes: [{ plugin, kind: 'removed', old: [other], new: [] }] },
    ]);
  });

  test('tells of other hooks of the same names, and not of the same provider again', async () => {
    const registry = createRegistry();
    const provider = { cook: () => '1' };
    const stove = registry.provide(kitchen, provider);
    await told();
    const changes = follow(registry);
    stove.replace(provider);
    await told();
    expect(changes).toEqual([]);
    stove.replace({ cook: provider.cook });
    await told();
    expect(changes).toHaveLength(1);
  });

  test('tells of data, as their sources deliver them, and listens to them', async () => {
    const registry = createRegistry();
    const source = new Subject<Iterable<DataEntry<string, number>>>();
    registry.contribute(rules, source, { source: 'a' });
    const following = registry.changes$.subscribe((change) => changes.push(change));
    const changes: RegistryChange[] = [];
    source.next([['x', 1]]);
    await told();
    source.next([['x', 1]]);
    await told();
    source.next([['x', 2]]);
    await told();
    expect(
      changes.map(({ key, version, changes: [change] }) => [key.type, version, change?.kind, change?.old, change?.new]),
    ).toEqual([
      ['data', 1, 'added', [], [entry('x', 1)]],
      ['data', 2, 'replaced', [entry('x', 1)], [entry('x', 2)]],
    ]);
    following.unsubscribe();
    expect(source.observed).toBe(false);
  });

  test('tells in the next microtask, when what it tells of can be seen', async () => {
    const registry = createRegistry();
    const seen: string[] = [];
    registry.changes$.subscribe(() => seen.push(dishes(registry)));
    registry.provide(kitchen, { cook: () => '1' });
    expect(seen).toEqual([]);
    expect(dishes(registry)).toBe('1');
    await told();
    expect(seen).toEqual(['1']);
  });

  test('an observer that throws hinders neither the registry nor the next one', async () => {
    const unhandled: unknown[] = [];
    config.onUnhandledError = (error) => unhandled.push(error);
    onTestFinished(() => {
      config.onUnhandledError = null;
    });
    const registry = createRegistry();
    const failure = new Error('observer');
    registry.changes$.subscribe(() => {
      throw failure;
    });
    registry.data$(rules).subscribe(() => {
      throw failure;
    });
    const changes = follow(registry);
    registry.provide(kitchen, { cook: () => '1' });
    registry.contribute(rules, constant({ a: 1 }));
    await told();
    await new Promise((resolve) => setTimeout(resolve));
    expect(changes).toHaveLength(2);
    expect(dishes(registry)).toBe('1');
    expect(unhandled).toContain(failure);
  });

  test('old is what new was before, and versions grow, whatever happens', async () => {
    const action = fc.record({
      plugin: fc.constantFrom('a', 'b'),
      act: fc.constantFrom('set', 'remove', 'add'),
      value: fc.integer({ min: 0, max: 2 }),
      isTold: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(action), async (actions) => {
        const registry = createRegistry();
        const changes = follow(registry);
        const handles = new Map<string, ReturnType<typeof registry.contribute<string, number>>>();
        for (const { plugin, act, value, isTold } of actions) {
          const handle = handles.get(plugin);
          const source = constant<string, number>(value === 0 ? [] : [['x', value]]);
          if (act === 'remove') {
            handle?.dispose();
            handles.delete(plugin);
          } else if (handle !== undefined) handle.replace(source);
          else if (act === 'add') handles.set(plugin, registry.contribute(rules, source, { source: plugin }));
          if (isTold) await told();
        }
        await told();
        let known: readonly unknown[] = [];
        let last = 0;
        for (const {
          version,
          changes: [change, ...more],
        } of changes) {
          expect(more).toEqual([]);
          expect(change?.old).toEqual(known);
          expect(version).toBeGreaterThan(last);
          known = change?.new ?? [];
          last = version;
        }
        expect(known).toEqual(
          registry
            .view(rules)
            .entries()
            .map(({ source: _, ...rest }) => rest),
        );
      }),
    );
  });
});

describe('notify', () => {
  /** A plugin that notes what it is told of. */
  function noting(name: string, value: () => number, clock = virtualClock()): Plugin & { readonly notes: unknown[][] } {
    const notes: unknown[][] = [];
    return {
      name,
      notes,
      setup(registry) {
        registry.contribute(
          rules,
          poll(() => ({ [name]: value() }), 1000, clock),
        );
      },
      notify: (key, old, now) => void notes.push([key.id, old, now]),
    };
  }

  test('is told of the own data of a plugin, old and new, though nobody else listens', async () => {
    const clock = virtualClock();
    const registry = createRegistry(clock);
    let value = 1;
    const a = noting('a', () => value, clock);
    const b = noting('b', () => 7, clock);
    registry.use(a);
    registry.use(b);
    await clock.advance(5000);
    expect(a.notes).toEqual([['rules', [], [entry('a', 1)]]]);
    value = 2;
    await clock.advance(5000);
    expect(a.notes.slice(1)).toEqual([['rules', [entry('a', 1)], [entry('a', 2)]]]);
    expect(b.notes).toHaveLength(1);
    registry.dispose();
    await clock.advance(0);
    expect(clock.sleeps).toEqual([]);
  });

  test('is told of the own providers, after the swap', async () => {
    const registry = createRegistry();
    const notes: unknown[][] = [];
    const first = { cook: () => '1' };
    const second = { cook: () => '2' };
    let replace = (): void => {};
    registry.use({
      name: 'a',
      setup(own) {
        const stove = own.provide(kitchen, first);
        replace = () => stove.replace(second);
      },
      notify: ({ type, id }, old, now) => void notes.push([type, id, old, now, dishes(registry)]),
    });
    await told();
    replace();
    await told();
    expect(notes).toEqual([
      ['service', 'kitchen', [], [first], '1'],
      ['service', 'kitchen', [first], [second], '2'],
    ]);
  });

  test.each([
    [
      'throws',
      () => {
        throw new Error('deaf');
      },
    ],
    ['rejects', () => Promise.reject(new Error('deaf'))],
  ])('that %s is reported, and changes nothing', async (_, notify) => {
    const registry = createRegistry();
    const errors: string[] = [];
    registry.errors$.subscribe(({ message }) => errors.push(message));
    registry.use({ name: 'a', setup: (own) => void own.provide(kitchen, { cook: () => '1' }), notify });
    const changes = follow(registry);
    await told();
    await told();
    expect(errors).toEqual(['Plugin "a" could not be notified: deaf']);
    expect([dishes(registry), changes.length]).toEqual(['1', 1]);
  });
});

describe('batch', () => {
  test('makes many changes one: none is seen before all are, and they are told once', async () => {
    const registry = createRegistry();
    const stoves = ['1', '2', '3'].map((dish) => registry.provide(kitchen, { cook: () => dish }));
    const views: string[] = [];
    registry.data$(rules).subscribe((view) => views.push(view.keys().join('')));
    await told();
    const changes = follow(registry);
    const result = registry.batch(() => {
      for (const [i, stove] of stoves.entries()) stove.replace({ cook: () => 'abc'[i] ?? '' });
      registry.contribute(rules, constant({ x: 1 }), { source: 'x' });
      registry.batch(() => registry.contribute(rules, constant({ y: 1 }), { source: 'y' }));
      return `${dishes(registry)}${registry.view(rules).keys().join('')}`;
    });
    expect(result).toBe('123');
    expect(dishes(registry)).toBe('abc');
    await told();
    expect(changes.map(({ key }) => key.id)).toEqual(['kitchen', 'rules']);
    expect(views).toEqual(['', 'xy']);
  });

  test('that throws has never been', async () => {
    const registry = createRegistry();
    const log: string[] = [];
    const stove = registry.provide(kitchen, { cook: () => '1', dispose: () => void log.push('disposed') });
    const source = new Subject<Iterable<DataEntry<string, number>>>();
    registry.contribute(rules, constant({ x: 1 }));
    const used = registry.use({ name: 'a', setup: () => () => void log.push('a ended') });
    await told();
    const changes = follow(registry);
    const fail = (): never => {
      throw new Error('no');
    };
    expect(() =>
      registry.batch(() => {
        stove.replace({ cook: () => '2' });
        stove.dispose();
        registry.contribute(rules, source, { source: 'b' });
        used.replace({ name: 'b', setup: () => () => void log.push('b ended') });
        fail();
      }),
    ).toThrow('no');
    await told();
    expect([dishes(registry), registry.view(rules).keys(), registry.describe().plugins]).toEqual(['1', ['x'], ['a']]);
    expect([changes, source.observed, log]).toEqual([[], false, ['b ended']]);
    stove.replace({ cook: () => '3' });
    expect(dishes(registry)).toBe('3');
  });

  test('cannot be async, and one that fails inside of another takes back its own alone', () => {
    const registry = createRegistry();
    const fail = (): never => {
      throw new Error('no');
    };
    expect(() => registry.batch(async () => registry.provide(kitchen, { cook: () => '1' }))).toThrow('cannot be async');
    registry.batch(() => {
      registry.provide(kitchen, { cook: () => 'a' });
      try {
        registry.batch(() => {
          registry.provide(kitchen, { cook: () => 'b' });
          fail();
        });
      } catch {
        registry.provide(kitchen, { cook: () => 'c' });
      }
    });
    expect(dishes(registry)).toBe('ac');
  });

  test('is all or nothing for whoever looks, whatever is changed in it', () => {
    const change = fc.record({ slot: fc.nat({ max: 2 }), act: fc.constantFrom('provide', 'replace', 'dispose') });
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.array(change), fc.boolean())), (batches) => {
        const registry = createRegistry();
        const slots: (ReturnType<typeof registry.provide<typeof kitchen>> | undefined)[] = [];
        let model: (string | undefined)[] = [];
        let count = 0;
        for (const [changes, fails] of batches) {
          const [before, slotsBefore, modelBefore] = [dishes(registry), [...slots], [...model]];
          const run = (): void => {
            for (const { slot, act } of changes) {
              count += 1;
              const dish = `${count};`;
              const handle = slots[slot];
              if (act === 'provide' && handle === undefined) {
                slots[slot] = registry.provide(kitchen, { cook: () => dish }, { order: slot });
                model[slot] = dish;
              } else if (act === 'replace' && handle !== undefined) {
                handle.replace({ cook: () => dish });
                model[slot] = dish;
              } else if (act === 'dispose') {
                handle?.dispose();
                slots[slot] = model[slot] = undefined;
              }
              expect(dishes(registry)).toBe(before);
            }
            if (fails) throw new Error('undone');
          };
          if (fails) {
            expect(() => registry.batch(run)).toThrow('undone');
            slots.splice(0, slots.length, ...slotsBefore);
            model = modelBefore;
          } else registry.batch(run);
          expect(dishes(registry)).toBe(model.filter((dish) => dish !== undefined).join(''));
        }
      }),
    );
  });
});
