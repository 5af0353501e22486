import { Subject } from 'rxjs';
import { describe, expect, test } from 'vitest';
import { ClosedError, InputError, PluginError } from '../../src/core/errors.ts';
import { createRegistry } from '../../src/registry/create-registry.ts';
import { defineData } from '../../src/registry/data/data-key.ts';
import type { DataEntry } from '../../src/registry/data/entry.ts';
import { background, decide, parallel, series } from '../../src/registry/hook.ts';
import { defineParts } from '../../src/registry/parts.ts';
import type { Plugin, Registry } from '../../src/registry/registry.ts';
import { defineService } from '../../src/registry/service.ts';
import { constant } from '../../src/registry/sources/constant.ts';
import { poll } from '../../src/registry/sources/poll.ts';
import { virtualClock } from '../support/virtual-clock.ts';

const kitchen = defineService('kitchen', {
  cook: series<[], string>({ sync: true }),
  ring: background<[]>(),
});
const bar = defineService('bar', { pour: parallel<[], string>() });
const rules = defineData<string, number>('rules');
const limits = defineData<string, number>('limits');
const ovens = defineParts('ovens');

const cook = (name: string): Plugin => ({
  name,
  setup: (registry) => void registry.provide(kitchen, { cook: () => name }),
});
const dishes = (registry: Registry): string =>
  registry
    .call(kitchen.cook, [])
    .map(({ value }) => value)
    .join('');

describe('a plugin', () => {
  test('needs no more than a name', () => {
    const registry = createRegistry();
    registry.use({ name: 'a' });
    expect(registry.describe().plugins).toEqual(['a']);
  });

  test('has all that it registered taken back when it is disposed of, and nothing else', () => {
    const registry = createRegistry();
    const log: string[] = [];
    const used = registry.use({
      name: 'a',
      setup(own) {
        own.provide(kitchen, { cook: () => 'a' });
        own.contribute(rules, constant({ a: 1 }));
        own.part(ovens, 'grill', () => {});
        own.use(cook('nested'));
        return { dispose: () => void log.push('ended') };
      },
    });
    registry.use(cook('b'));
    registry.contribute(rules, constant({ b: 1 }));
    expect([dishes(registry), registry.describe().plugins]).toEqual(['anestedb', ['a', 'nested', 'b']]);
    used.dispose();
    used.dispose();
    expect([dishes(registry), registry.view(rules).keys()]).toEqual(['b', ['b']]);
    expect(registry.describe()).toMatchObject({ plugins: ['b'], parts: [] });
    expect(log).toEqual(['ended']);
    registry.use(cook('a'));
    expect(dishes(registry)).toBe('ba');
  });

  test('is replaced in one step, in its place, and data that are the same are no news', async () => {
    const registry = createRegistry();
    const log: string[] = [];
    const version = (dish: string): Plugin => ({
      name: 'a',
      setup(own) {
        own.provide(kitchen, { cook: () => dish });
        own.contribute(rules, constant({ a: 1 }));
        log.push(`begin ${dish}`);
        return () => void log.push(`end ${dish}`);
      },
    });
    const first = version('1');
    const used = registry.use(first);
    registry.use(cook('b'));
    await Promise.resolve();
    const changes: string[] = [];
    registry.changes$.subscribe(({ key }) => changes.push(key.id));
    used.replace(version('2'));
    expect(dishes(registry)).toBe('2b');
    expect(log).toEqual(['begin 1', 'begin 2', 'end 1']);
    await Promise.resolve();
    expect(changes).toEqual(['kitchen']);
    const failing: Plugin = {
      name: 'a',
      setup(own) {
        own.provide(kitchen, { cook: () => '3' });
        throw new Error('no gas');
      },
    };
    expect(() => used.replace(failing)).toThrow(PluginError);
    expect(dishes(registry)).toBe('2b');
    expect(log).toEqual(['begin 1', 'begin 2', 'end 1']);
    used.dispose();
    expect(() => used.replace(first)).toThrow(ClosedError);
  });

  test('may end itself, and register later, in its own place', () => {
    const registry = createRegistry();
    const faces: Registry[] = [];
    registry.use({ name: 'a', setup: (own) => void faces.push(own) });
    registry.use(cook('b'));
    const [own] = faces;
    own?.provide(kitchen, { cook: () => 'a' });
    expect(dishes(registry)).toBe('ab');
    own?.dispose();
    expect([dishes(registry), registry.describe().plugins]).toEqual(['b', ['b']]);
  });

  test('whose setup fails leaves nothing behind', () => {
    const registry = createRegistry();
    const cause = new Error('no gas');
    const failing: Plugin = {
      name: 'a',
      setup(own) {
        own.provide(kitchen, { cook: () => 'a' });
        own.use(cook('nested'));
        throw cause;
      },
    };
    expect(() => registry.use(failing)).toThrow(expect.objectContaining({ name: 'PluginError', plugin: 'a', cause }));
    expect([dishes(registry), registry.describe().plugins]).toEqual(['', []]);
    registry.use(cook('a'));
    expect(dishes(registry)).toBe('a');
  });

  test.each([
    [null, 'A plugin must be an object with a name'],
    [{}, 'A plugin must be an object with a name'],
    [{ name: '' }, 'A plugin must be an object with a name'],
    [{ name: 'b', setup: 1 }, 'A plugin must be an object with a name'],
    [{ name: 'a' }, 'There is a plugin "a" already'],
    [{ name: 'b', setup: async () => Promise.reject(new Error('unheard')) }, 'could not be set up: Its setup is async'],
  ])('%j is refused', (plugin, message) => {
    const registry = createRegistry();
    registry.use({ name: 'a' });
    expect(() => registry.use(plugin as never)).toThrow(message);
    expect(registry.describe().plugins).toEqual(['a']);
  });

  test('that cannot be ended is reported', async () => {
    const registry = createRegistry();
    const errors: string[] = [];
    registry.errors$.subscribe(({ message }) => errors.push(message));
    registry.use({ name: 'a', setup: () => () => Promise.reject(new Error('stuck')) }).dispose();
    await new Promise(setImmediate);
    expect(errors).toEqual(['Plugin "a" could not be ended: stuck']);
  });
});

describe('addAll', () => {
  test('takes the modules of a bundler, loaded or not, in the order of the list', async () => {
    const registry = createRegistry();
    await registry.addAll({
      './z.js': () => new Promise((resolve) => setImmediate(() => resolve({ plugin: cook('z') }))),
      './a.js': { default: cook('a') },
      './m.js': async () => ({ default: { default: cook('m') } }),
    });
    expect(dishes(registry)).toBe('zam');
  });

  test('adds modules that are there at once, and gives their handles', async () => {
    const registry = createRegistry();
    const adding = registry.addAll([cook('b'), { plugin: cook('a') }]);
    expect(dishes(registry)).toBe('ba');
    const [b] = await adding;
    b?.dispose();
    expect(dishes(registry)).toBe('a');
  });

  test.each([
    [{ './a.js': { rules: 1 } }, 'Module "./a.js" has no plugin: export one as default or as "plugin"'],
    [[cook('x'), { default: () => {} }], 'Module 2 of the list has no plugin'],
    [{ './a.js': () => Promise.reject(new Error('404')) }, 'Module "./a.js" cannot be loaded: 404'],
    [[cook('x'), cook('x')], 'There is a plugin "x" already'],
  ])('adds all or none', async (modules, message) => {
    const registry = createRegistry();
    await expect(registry.addAll(modules as never)).rejects.toThrow(message);
    expect(registry.describe().plugins).toEqual([]);
  });
});

describe('what is defined', () => {
  test('meets by id, also from two copies of a module, and is refused when it looks different', () => {
    const registry = createRegistry();
    registry.provide(kitchen, { cook: () => 'a' });
    const copy = defineService('kitchen', { ring: background<[]>(), cook: series<[], string>({ sync: true }) });
    expect(registry.call(copy.cook, [])).toEqual([{ plugin: 'application', value: 'a' }]);
    const other = defineService('kitchen', { cook: series<[], string>() });
    expect(() => registry.provide(other, {})).toThrow('Service "kitchen" is defined twice, with different hooks');
    expect(() => registry.isConfigured(other.cook)).toThrow(InputError);
    registry.contribute(rules, constant({ a: 1 }));
    expect(registry.view(defineData<string, number>('rules')).keys()).toEqual(['a']);
    const loose = defineData<string, number>('rules', { unordered: true });
    expect(() => registry.view(loose)).toThrow('Data "rules" are defined twice');
  });

  test('can be asked for before anybody contributes, and is answered by who does later', async () => {
    const registry = createRegistry();
    const seen: boolean[] = [];
    const views: string[] = [];
    registry.isConfigured$(bar.pour).subscribe((is) => seen.push(is));
    registry.data$(rules).subscribe((view) => views.push(view.keys().join()));
    expect(registry.view(limits).keys()).toEqual([]);
    const own = registry.provide(bar, { pour: () => 'tea' });
    registry.contribute(rules, constant({ a: 1 }));
    registry.contribute(limits, constant({ b: 1 }));
    await Promise.resolve();
    expect(await registry.call(bar.pour, [])).toEqual([{ plugin: 'application', value: 'tea' }]);
    registry.provide(bar, {});
    await Promise.resolve();
    own.dispose();
    await Promise.resolve();
    expect([seen, views, registry.view(limits).keys()]).toEqual([[false, true, false], ['', 'a'], ['b']]);
  });

  test('needs an id, and hooks that are not called like it', () => {
    expect(() => defineService('', {})).toThrow('The id of a service must be a text');
    expect(() => defineService('a', { dispose: series<[]>() } as never)).toThrow('"a" cannot call a hook "dispose"');
    expect(() => defineData('')).toThrow('The id of data must be a text');
    expect(() => defineParts('')).toThrow('The id of parts must be a text');
  });
});

describe('what is registered', () => {
  test.each([null, 'cook', { cook: 'soup' }])('%j is no provider', (provider) => {
    const registry = createRegistry();
    const own = registry.provide(kitchen, {});
    expect(() => registry.provide(kitchen, provider as never)).toThrow(InputError);
    expect(() => own.replace(provider as never)).toThrow(InputError);
  });

  test('needs a label of its own, and a plugin may have two', () => {
    const registry = createRegistry();
    registry.use({
      name: 'a',
      setup(own) {
        own.contribute(rules, constant({ x: 1 }));
        expect(() => own.contribute(rules, constant({ x: 2 }))).toThrow('Data "rules" have a source "a" already');
        own.contribute(rules, constant({ x: 3 }), { source: 'b' });
      },
    });
    expect(registry.view(rules).byKey('x')).toEqual([
      ['a', 1],
      ['b', 3],
    ]);
    expect(() => registry.contribute(rules, [['x', 1]] as never)).toThrow(
      'must be an observable; constant(...) makes one',
    );
  });

  test('cannot be replaced once it was taken back', () => {
    const registry = createRegistry();
    const provider = { cook: () => 'a' };
    const handles = [
      registry.provide(kitchen, provider),
      registry.contribute(rules, constant({})),
      registry.part(ovens, 'a', () => {}),
    ];
    for (const handle of handles) {
      handle.dispose();
      handle.dispose();
      expect(() => handle.replace(provider as never)).toThrow('was taken back');
    }
  });
});

describe('describe', () => {
  test('tells who provides what, in what order, as JSON', () => {
    const registry = createRegistry();
    registry.use(cook('z'));
    registry.use({
      name: 'a',
      setup(own) {
        own.provide(kitchen, { cook: () => 'a', ring: () => {} }, { order: -1 });
        own.contribute(rules, constant({ x: 1, y: 2 }));
        own.contribute(rules, new Subject<Iterable<DataEntry<string, number>>>(), { source: 'later' });
        own.part(ovens, 'grill', () => {});
      },
    });
    const description = registry.describe();
    expect(description).toEqual({
      plugins: ['z', 'a'],
      services: [
        {
          id: 'kitchen',
          hooks: [
            { name: 'cook', mode: 'series', sync: true, plugins: ['a', 'z'] },
            { name: 'ring', mode: 'background', sync: false, plugins: ['a'] },
          ],
        },
      ],
      data: [
        {
          id: 'rules',
          version: 1,
          sources: [
            { source: 'a', plugin: 'a', entries: 2, stale: false },
            { source: 'later', plugin: 'a', stale: false },
          ],
        },
      ],
      parts: [{ id: 'ovens', parts: [{ name: 'grill', plugin: 'a', override: false }] }],
    });
    expect(JSON.parse(JSON.stringify(description))).toEqual(description);
  });
});

describe('dispose', () => {
  test('leaves no timer and no subscription, completes streams, and refuses what comes later', async () => {
    const clock = virtualClock();
    const registry = createRegistry({ platform: clock.platform });
    const source = new Subject<Iterable<DataEntry<string, number>>>();
    const log: string[] = [];
    const poor = defineService('poor', { choose: decide<[], string>() });
    registry.provide(poor, { choose: () => new Promise(() => {}), dispose: () => void log.push('disposed') });
    void registry.call(poor.choose, []);
    registry.use({ name: 'a', setup: () => () => void log.push('ended'), notify: () => {} });
    registry.contribute(rules, source);
    registry.contribute(
      limits,
      poll(() => ({ a: 1 }), 1000, clock),
      { source: 'polled' },
    );
    registry.contribute(
      limits,
      poll(() => Promise.reject(new Error('gone')), 1000, clock),
      { source: 'failing' },
    );
    registry.data$(rules).subscribe({ complete: () => log.push('data$') });
    registry.data$(limits).subscribe({ complete: () => log.push('data$') });
    registry.isConfigured$(kitchen.cook).subscribe({ complete: () => log.push('isConfigured$') });
    registry.changes$.subscribe({ complete: () => log.push('changes$') });
    registry.errors$.subscribe({ complete: () => log.push('errors$') });
    await clock.advance(10);
    expect(clock.sleeps).toHaveLength(2);
    const waiting = registry.ready(rules);
    registry.dispose();
    registry.dispose();
    await clock.advance(0);
    await waiting;
    expect(clock.sleeps).toEqual([]);
    expect(source.observed).toBe(false);
    expect(log.sort()).toEqual(['changes$', 'data$', 'data$', 'disposed', 'ended', 'errors$', 'isConfigured$']);
    expect(() => registry.use({ name: 'b' })).toThrow(ClosedError);
    expect(() => registry.provide(kitchen, {})).toThrow(ClosedError);
    expect(() => registry.contribute(rules, constant({ a: 1 }))).toThrow(ClosedError);
    expect(() => registry.call(kitchen.cook, [])).toThrow(ClosedError);
    await expect(registry.call(poor.choose, [])).rejects.toThrow(ClosedError);
    await expect(registry.start(ovens, [])).rejects.toThrow(ClosedError);
    expect(registry.describe()).toEqual({ plugins: [], services: [], data: [], parts: [] });
  });
});
