import { describe, expect, test } from 'vitest';
import { DispatchError, InputError, PluginError } from '../../src/core/errors.ts';
import { createRegistry } from '../../src/registry/create-registry.ts';
import type { CallContext } from '../../src/registry/dispatch/call.ts';
import { allOf, anyOf, background, decide, parallel, pipe, series } from '../../src/registry/hook.ts';
import type { Registry } from '../../src/registry/registry.ts';
import { defineService } from '../../src/registry/service.ts';
import { decided, noDecision } from '../../src/registry/verdict.ts';
import { deferred } from '../support/deferred.ts';
import { virtualClock } from '../support/virtual-clock.ts';

const isNumber = (value: unknown): value is number => typeof value === 'number';

const kitchen = defineService('kitchen', {
  cook: series<[dish: string], string>(),
  cookNow: series<[dish: string], string>({ sync: true }),
  open: series<[]>(),
  serve: parallel<[dish: string], string>(),
  serveNow: parallel<[dish: string], string>({ sync: true }),
  ring: background<[times: number]>(),
  ringNow: background<[times: number]>({ sync: true }),
  season: pipe<number, [by: number]>(),
  seasonNow: pipe<number, [by: number]>({ sync: true, accepts: isNumber }),
  choose: decide<[dish: string], string>(),
  chooseNow: decide<[dish: string], string>({ sync: true }),
  isHot: anyOf<[dish: string]>(),
  isHotNow: anyOf<[dish: string]>({ sync: true }),
  isHotAll: anyOf<[dish: string]>({ all: true }),
  isClean: allOf<[pan: string]>(),
  isCleanAll: allOf<[pan: string]>({ all: true }),
});

/** A registry, and the messages of its errors. */
function setUp(): { registry: Registry; errors: string[] } {
  const registry = createRegistry();
  const errors: string[] = [];
  registry.errors$.subscribe(({ message }) => errors.push(message));
  return { registry, errors };
}

/** Adds plugins a, b, c … that provide the kitchen. */
function provide(registry: Registry, ...providers: Parameters<typeof registry.provide<typeof kitchen>>[1][]): void {
  for (const [i, provider] of providers.entries()) {
    registry.use({ name: 'abcdefgh'[i] ?? '', setup: (own) => void own.provide(kitchen, provider) });
  }
}

/** A value, after something was done. */
function then<T>(_done: unknown, value: T): T {
  return value;
}

function fail(what: string): never {
  throw new Error(what);
}

describe('nobody provides', () => {
  test('every mode has an answer of its own', async () => {
    const { registry } = setUp();
    expect(await registry.call(kitchen.cook, ['corn'])).toEqual([]);
    expect(registry.call(kitchen.cookNow, ['corn'])).toEqual([]);
    expect(await registry.call(kitchen.serve, ['corn'])).toEqual([]);
    expect(registry.call(kitchen.ring, [1])).toBe(undefined);
    expect(await registry.call(kitchen.season, [7, 1])).toBe(7);
    expect(registry.call(kitchen.seasonNow, [7, 1])).toBe(7);
    expect(await registry.call(kitchen.choose, ['corn'])).toEqual({ decided: false });
    expect(await registry.call(kitchen.choose, ['corn'], { otherwise: 'oven' })).toBe('oven');
    expect(await registry.call(kitchen.isHot, ['corn'])).toBe(false);
    expect(await registry.call(kitchen.isClean, ['pan'])).toBe(true);
  });

  test('of this hook: those who provide others are passed over', async () => {
    const { registry } = setUp();
    provide(registry, { isHot: () => true }, { cook: (dish) => dish });
    expect(await registry.call(kitchen.cook, ['corn'])).toEqual([{ plugin: 'b', value: 'corn' }]);
    expect(registry.isConfigured(kitchen.cook)).toBe(true);
    expect(registry.isConfigured(kitchen.serve)).toBe(false);
  });
});

describe('every call', () => {
  test('gives providers their arguments, none or many, and the context behind them', async () => {
    const { registry } = setUp();
    const seen: unknown[][] = [];
    provide(registry, {
      open: (...args) => void seen.push(args),
      season: (...args) => {
        seen.push(args);
        return args[0];
      },
    });
    await registry.call(kitchen.open, []);
    await registry.call(kitchen.season, [1, 2]);
    const context = { signal: expect.any(AbortSignal), depth: 1 };
    expect(seen).toEqual([[context], [1, 2, context]]);
  });

  test('has the provider as this, so that instances of classes can provide', async () => {
    class Stove {
      readonly #heat = 'hot';
      cook(dish: string): string {
        return `${this.#heat} ${dish}`;
      }
    }
    const { registry } = setUp();
    registry.provide(kitchen, new Stove());
    expect(await registry.call(kitchen.cook, ['corn'])).toEqual([{ plugin: 'application', value: 'hot corn' }]);
  });

  test('calls a provider once that two plugins have registered', async () => {
    const { registry } = setUp();
    const stove = { cook: (dish: string) => dish };
    provide(registry, stove, stove);
    expect(await registry.call(kitchen.cook, ['corn'])).toEqual([{ plugin: 'a', value: 'corn' }]);
  });
});

describe('series', () => {
  test('asks one after another and gives all answers', async () => {
    const { registry } = setUp();
    const first = deferred<string>();
    const log: string[] = [];
    provide(
      registry,
      { cook: () => then(log.push('a'), first.promise), cookNow: (dish) => `${dish} a` },
      { cook: () => then(log.push('b'), 'second'), cookNow: (dish) => `${dish} b` },
    );
    const answer = registry.call(kitchen.cook, ['corn']);
    await new Promise(setImmediate);
    expect(log).toEqual(['a']);
    first.resolve('first');
    expect(await answer).toEqual([
      { plugin: 'a', value: 'first' },
      { plugin: 'b', value: 'second' },
    ]);
    expect(registry.call(kitchen.cookNow, ['corn'])).toEqual([
      { plugin: 'a', value: 'corn a' },
      { plugin: 'b', value: 'corn b' },
    ]);
  });

  test.each(['cook', 'cookNow'] as const)('%s stops at the first failure, which says whose it is', async (hook) => {
    const { registry, errors } = setUp();
    let calls = 0;
    const cause = new RangeError('burnt');
    const burn = (): never => {
      throw cause;
    };
    provide(registry, { cook: burn, cookNow: burn }, { cook: () => `${calls++}`, cookNow: () => `${calls++}` });
    const error: unknown = await (async () => registry.call(kitchen[hook], ['corn']))().catch(
      (thrown: unknown) => thrown,
    );
    expect(error).toBeInstanceOf(PluginError);
    expect(error).toMatchObject({
      message: `Hook "kitchen.${hook}" failed in plugin "a": burnt`,
      plugin: 'a',
      key: 'kitchen',
      hook,
      cause,
    });
    expect(calls).toBe(0);
    expect(errors).toEqual([]);
  });

  test('collects failures where asked to, apart from answers', async () => {
    const { registry } = setUp();
    provide(registry, { cook: () => fail('burnt') }, { cook: () => 'corn' });
    const outcomes = await registry.call(kitchen.cook, ['corn'], { onError: 'collect' });
    expect(outcomes).toEqual([
      { plugin: 'a', ok: false, error: expect.any(PluginError) },
      { plugin: 'b', ok: true, value: 'corn' },
    ]);
  });

  test('skips and reports failures where asked to', async () => {
    const { registry, errors } = setUp();
    provide(registry, { cook: () => fail('burnt') }, { cook: () => 'corn' });
    expect(await registry.call(kitchen.cook, ['x'], { onError: 'skip' })).toEqual([{ plugin: 'b', value: 'corn' }]);
    expect(errors).toEqual(['Hook "kitchen.cook" failed in plugin "a": burnt']);
  });

  test('calls all at once where asked to', async () => {
    const { registry } = setUp();
    const first = deferred<string>();
    const second = deferred<string>();
    provide(registry, { cook: () => first.promise }, { cook: () => then(first.resolve('a'), second.promise) });
    const answer = registry.call(kitchen.cook, ['corn'], { concurrent: true });
    await first.promise;
    second.resolve('b');
    expect(await answer).toEqual([
      { plugin: 'a', value: 'a' },
      { plugin: 'b', value: 'b' },
    ]);
  });
});

describe('parallel', () => {
  test('has all run at once and gives the answers in order', async () => {
    const { registry } = setUp();
    const answers = [deferred<string>(), deferred<string>(), deferred<string>()] as const;
    const begun: number[] = [];
    provide(registry, ...answers.map(({ promise }, i) => ({ serve: () => then(begun.push(i), promise) })));
    const answer = registry.call(kitchen.serve, ['corn']);
    expect(begun).toEqual([0, 1, 2]);
    for (const i of [2, 0, 1] as const) answers[i].resolve(`answer ${i}`);
    expect((await answer).map(({ value }) => value)).toEqual(['answer 0', 'answer 1', 'answer 2']);
  });

  test('waits for all before it fails, and names all failures', async () => {
    const { registry } = setUp();
    const slow = deferred<string>();
    let isDone = false;
    provide(
      registry,
      { serve: () => fail('dropped') },
      {
        serve: () =>
          slow.promise.finally(() => {
            isDone = true;
          }),
      },
      { serve: () => Promise.reject(new Error('cold')) },
    );
    const answer = registry.call(kitchen.serve, ['corn']).catch((error: unknown) => error);
    await new Promise(setImmediate);
    slow.resolve('corn');
    const error = await answer;
    expect(isDone).toBe(true);
    expect(error).toBeInstanceOf(DispatchError);
    expect(error).toMatchObject({ failures: [{ plugin: 'a' }, { plugin: 'c' }] });
    const [first, second, third] = await registry.call(kitchen.serve, ['corn'], { onError: 'collect' });
    expect([first?.ok, second, third?.ok]).toEqual([false, { plugin: 'b', ok: true, value: 'corn' }, false]);
  });

  test('fails with the error itself where there is one, also at once', async () => {
    const { registry } = setUp();
    provide(registry, { serve: () => fail('dropped'), serveNow: () => fail('dropped') }, { serveNow: (dish) => dish });
    await expect(registry.call(kitchen.serve, ['corn'])).rejects.toThrow(PluginError);
    expect(() => registry.call(kitchen.serveNow, ['corn'])).toThrow('Hook "kitchen.serveNow" failed in plugin "a"');
    expect(registry.call(kitchen.serveNow, ['corn'], { onError: 'skip' })).toEqual([{ plugin: 'b', value: 'corn' }]);
  });
});

describe('background', () => {
  test('begins all, lets the caller go on, and reports failures', async () => {
    const { registry, errors } = setUp();
    const gate = deferred<void>();
    const log: string[] = [];
    let ended: Promise<void> | undefined;
    provide(
      registry,
      { ring: (times) => gate.promise.then(() => void log.push(`rang ${times}`)) },
      { ring: () => gate.promise.then(() => fail('cracked')) },
    );
    const result = registry.call(kitchen.ring, [3], {
      waitUntil: (promise) => {
        ended = promise;
      },
    });
    expect([result, log]).toEqual([undefined, []]);
    gate.resolve();
    await ended;
    expect(log).toEqual(['rang 3']);
    expect(errors).toEqual(['Hook "kitchen.ring" failed in plugin "b": cracked']);
  });

  test('keeps failures from the caller also where it is synchronous', () => {
    const { registry, errors } = setUp();
    const log: string[] = [];
    provide(registry, { ringNow: () => fail('cracked') }, { ringNow: (times) => void log.push(`rang ${times}`) });
    expect(registry.call(kitchen.ringNow, [3])).toBe(undefined);
    expect(log).toEqual(['rang 3']);
    expect(errors).toEqual(['Hook "kitchen.ringNow" failed in plugin "a": cracked']);
  });
});

describe('pipe', () => {
  test('gives each provider what the one before answered', async () => {
    const { registry } = setUp();
    const seen: number[][] = [];
    const add = {
      season: async (value: number, by: number) => {
        seen.push([value, by]);
        return value + by;
      },
      seasonNow: (value: number, by: number) => value + by,
    };
    provide(registry, add, { ...add });
    expect(await registry.call(kitchen.season, [2, 1])).toBe(4);
    expect(seen).toEqual([
      [2, 1],
      [3, 1],
    ]);
    expect(registry.call(kitchen.seasonNow, [2, 1])).toBe(4);
  });

  test('passes over a failure where asked to, and fails elsewhere', async () => {
    const { registry, errors } = setUp();
    const called: string[] = [];
    provide(
      registry,
      { season: (value) => then(called.push('a'), value + 1) },
      { season: () => then(called.push('b'), fail('spilt')) },
    );
    expect(await registry.call(kitchen.season, [2, 1], { onError: 'skip' })).toBe(3);
    expect(called).toEqual(['a', 'b']);
    expect(errors).toEqual(['Hook "kitchen.season" failed in plugin "b": spilt']);
    await expect(registry.call(kitchen.season, [2, 1])).rejects.toThrow('"kitchen.season" failed in plugin "b": spilt');
  });

  test('refuses what cannot go on, by name', async () => {
    const { registry, errors } = setUp();
    const forgetful = { season: () => undefined, seasonNow: () => 'salt' } as never;
    provide(registry, forgetful, { season: (value) => value * 2, seasonNow: (value) => value * 2 });
    await expect(registry.call(kitchen.season, [2, 1])).rejects.toThrow(
      'Hook "kitchen.season" failed in plugin "a": It answered undefined, a value that cannot go on',
    );
    expect(() => registry.call(kitchen.seasonNow, [2, 1])).toThrow(
      'Hook "kitchen.seasonNow" failed in plugin "a": It answered a value of type string, a value that cannot go on',
    );
    expect(registry.call(kitchen.seasonNow, [2, 1], { onError: 'skip' })).toBe(4);
    expect(errors).toHaveLength(1);
  });
});

describe('decide', () => {
  const yes = { choose: () => decided('grill'), chooseNow: () => decided('grill') };
  const no = { choose: () => noDecision, chooseNow: () => undefined };

  test.each([
    ['the first decides', [yes, no], { decided: true, value: 'grill' }],
    ['the second decides', [no, yes], { decided: true, value: 'grill' }],
    ['one declines', [no], { decided: false }],
    ['nobody is there', [], { decided: false }],
  ] as const)('%s', async (_, providers, verdict) => {
    const { registry } = setUp();
    provide(registry, ...providers.map((provider) => ({ ...provider })));
    expect(await registry.call(kitchen.choose, ['corn'])).toEqual(verdict);
    expect(registry.call(kitchen.chooseNow, ['corn'])).toEqual(verdict);
    const otherwise = await registry.call(kitchen.choose, ['corn'], { otherwise: undefined });
    expect(otherwise).toBe(verdict.decided ? 'grill' : undefined);
  });

  test('asks nobody after the one who decided', async () => {
    const { registry } = setUp();
    provide(registry, yes, { choose: () => fail('asked') });
    expect(await registry.call(kitchen.choose, ['corn'])).toEqual({ decided: true, value: 'grill' });
  });

  test.each(['grill', true, null, {}, { decided: 1 }, { decided: true }])('refuses the answer %j', async (answer) => {
    const { registry, errors } = setUp();
    provide(registry, { choose: () => answer } as never, yes);
    await expect(registry.call(kitchen.choose, ['corn'])).rejects.toThrow(
      /^Hook "kitchen.choose" failed in plugin "a": It answered .*, neither decided\(value\) nor noDecision$/,
    );
    expect(await registry.call(kitchen.choose, ['corn'], { onError: 'skip' })).toEqual({
      decided: true,
      value: 'grill',
    });
    expect(errors).toHaveLength(1);
  });
});

describe('anyOf and allOf', () => {
  const voter = (calls: string[], name: string, vote: boolean) => ({
    isHot: () => then(calls.push(name), vote),
    isHotNow: () => then(calls.push(name), vote),
    isHotAll: async () => then(calls.push(name), vote),
    isClean: async () => then(calls.push(name), vote),
    isCleanAll: () => then(calls.push(name), vote),
  });

  test.each([
    ['isHot', [false, true, false], true, 'ab'],
    ['isHotNow', [false, true, false], true, 'ab'],
    ['isHot', [false, false], false, 'ab'],
    ['isHotAll', [false, true, false], true, 'abc'],
    ['isClean', [true, false, true], false, 'ab'],
    ['isClean', [true, true], true, 'ab'],
    ['isCleanAll', [true, false, true], false, 'abc'],
  ] as const)('%s of %j is %s, and asks %s', async (hook, votes, result, asked) => {
    const { registry } = setUp();
    const calls: string[] = [];
    provide(registry, ...votes.map((vote, i) => voter(calls, 'abc'[i] ?? '', vote)));
    expect(await registry.call(kitchen[hook], ['corn'])).toBe(result);
    expect(calls.join('')).toBe(asked);
  });

  test('never take a failure for a yes', async () => {
    const { registry, errors } = setUp();
    provide(
      registry,
      { isHot: () => fail('lost'), isClean: () => fail('lost') },
      { isHot: () => true, isClean: () => true },
    );
    await expect(registry.call(kitchen.isHot, ['corn'])).rejects.toThrow('failed in plugin "a": lost');
    await expect(registry.call(kitchen.isClean, ['pan'])).rejects.toThrow('failed in plugin "a": lost');
    expect(await registry.call(kitchen.isHot, ['corn'], { onError: 'skip' })).toBe(true);
    expect(await registry.call(kitchen.isClean, ['pan'], { onError: 'skip' })).toBe(false);
    expect(errors).toHaveLength(2);
  });

  test('refuse what is neither true nor false', async () => {
    const { registry } = setUp();
    provide(registry, { isHot: () => 1 } as never);
    await expect(registry.call(kitchen.isHot, ['corn'])).rejects.toThrow(
      'It answered a value of type number, no boolean',
    );
  });
});

describe('what a mode has no use for', () => {
  test.each([
    ['season', [1, 1], { concurrent: true }],
    ['season', [1, 1], { onError: 'collect' }],
    ['choose', ['x'], { onError: 'collect' }],
    ['choose', ['x'], { concurrent: true }],
    ['serve', ['x'], { concurrent: true }],
    ['serve', ['x'], { onError: 'ignore' }],
    ['isHot', ['x'], { otherwise: true }],
    ['ring', [1], { onError: 'skip' }],
    ['cook', ['x'], { waitUntil: () => {} }],
    ['cookNow', ['x'], { timeout: 1 }],
    ['cook', ['x'], { timeout: 0 }],
  ] as const)('is refused before anybody is called: %s(%j) with %j', async (hook, args, options) => {
    const { registry } = setUp();
    let calls = 0;
    const count = (): void => {
      calls += 1;
    };
    provide(registry, { [hook]: count });
    const call = async (): Promise<unknown> => registry.call(kitchen[hook] as never, args as never, options as never);
    await expect(call()).rejects.toThrow(InputError);
    await expect(call()).rejects.toThrow(/^Option (onError|concurrent|otherwise|waitUntil|timeout) /);
    expect(calls).toBe(0);
  });

  test('a promise is no answer to a synchronous hook', async () => {
    const { registry, errors } = setUp();
    provide(registry, { cookNow: async () => fail('nobody hears this') } as never);
    expect(() => registry.call(kitchen.cookNow, ['corn'])).toThrow(
      'It answered a promise, and the hook is synchronous',
    );
    expect(registry.call(kitchen.cookNow, ['corn'], { onError: 'skip' })).toEqual([]);
    expect(errors).toHaveLength(1);
  });
});

describe('giving up', () => {
  test('ends a call with the reason of its signal, and tells the provider', async () => {
    const { registry } = setUp();
    const controller = new AbortController();
    let told: unknown;
    provide(
      registry,
      {
        cook: (_, { signal }) =>
          new Promise(() =>
            signal.addEventListener('abort', () => {
              told = signal.reason;
            }),
          ),
      },
      { cook: () => fail('called') },
    );
    const answer = registry.call(kitchen.cook, ['corn'], { signal: controller.signal, onError: 'collect' });
    const reason = new Error('no guests');
    controller.abort(reason);
    await expect(answer).rejects.toBe(reason);
    expect(told).toBe(reason);
    await expect(registry.call(kitchen.cook, ['corn'], { signal: controller.signal })).rejects.toBe(reason);
    expect(() => registry.call(kitchen.cookNow, ['corn'], { signal: controller.signal })).not.toThrow();
  });

  test('a provider that takes too long has failed, and is told', async () => {
    const clock = virtualClock();
    const registry = createRegistry({ platform: clock.platform });
    let told = false;
    provide(
      registry,
      { cook: (_, { signal }) => new Promise(() => signal.addEventListener('abort', () => (told = true))) },
      { cook: () => 'quick' },
    );
    const answer = registry.call(kitchen.cook, ['corn'], { timeout: 500, onError: 'collect' });
    await clock.advance(499);
    expect(told).toBe(false);
    await clock.advance(1);
    expect(await answer).toEqual([
      {
        plugin: 'a',
        ok: false,
        error: expect.objectContaining({ message: expect.stringContaining('longer than 500 ms') }),
      },
      { plugin: 'b', ok: true, value: 'quick' },
    ]);
    expect(told).toBe(true);
    expect(clock.sleeps).toEqual([]);
  });
});

describe('providers that come and go during a call', () => {
  test.each(['cook', 'serve', 'season'] as const)('%s ends with those that were there', async (hook) => {
    const { registry } = setUp();
    const gate = deferred<void>();
    const provider = (answer: number) => ({
      cook: () => gate.promise.then(() => `${answer}`),
      serve: () => gate.promise.then(() => `${answer}`),
      season: (value: number) => gate.promise.then(() => value * 10 + answer),
    });
    registry.provide(kitchen, provider(1));
    const second = registry.provide(kitchen, provider(2));
    const call = async (): Promise<string> => {
      if (hook === 'season') return String(await registry.call(kitchen.season, [0, 0]));
      return (await registry.call(kitchen[hook], ['corn'])).map(({ value }) => value).join('');
    };
    const during = call();
    second.replace(provider(3));
    registry.provide(kitchen, provider(4));
    gate.resolve();
    expect(await during).toBe('12');
    expect(await call()).toBe('134');
  });

  test('a provider may take itself back, register another one, and call the same hook', async () => {
    const { registry } = setUp();
    const own = registry.provide(kitchen, {
      cook: (dish) => {
        own.dispose();
        registry.provide(kitchen, { cook: () => 'the next' });
        return dish;
      },
    });
    registry.provide(kitchen, {
      cook: async (dish, context) => {
        if (context.depth > 2) return dish;
        const inner = await registry.call(kitchen.cook, [`${dish}!`], { within: context });
        return inner.map(({ value }) => value).join('+');
      },
    });
    const values = (await registry.call(kitchen.cook, ['a'])).map(({ value }) => value);
    expect(values).toEqual(['a', 'a!!+the next+the next']);
  });

  test.each(['cookNow', 'cook'] as const)('%s refuses to go round in circles', async (hook) => {
    const { registry } = setUp();
    let deepest = 0;
    const again = (context: CallContext): string => {
      deepest = Math.max(deepest, context.depth);
      return registry.call(kitchen.cookNow, ['corn'])[0]?.value ?? '';
    };
    registry.provide(kitchen, {
      cookNow: (_, context) => again(context),
      cook: async (_, context) => {
        deepest = context.depth;
        await undefined;
        return (await registry.call(kitchen.cook, ['corn'], { within: context }))[0]?.value ?? '';
      },
    });
    await expect((async () => registry.call(kitchen[hook], ['corn']))()).rejects.toThrow(
      `Hook "kitchen.${hook}" is called 64 calls deep: its providers call each other in a circle`,
    );
    expect(deepest).toBe(64);
    expect(registry.call(kitchen.ring, [1])).toBe(undefined);
  });

  test('a provider that was replaced is disposed of when its calls have ended', async () => {
    const { registry } = setUp();
    const gate = deferred<string>();
    const log: string[] = [];
    const stove = registry.provide(kitchen, { cook: () => gate.promise, dispose: () => void log.push('first') });
    registry.provide(kitchen, { cook: () => 'b', dispose: () => void log.push('second') }).dispose();
    expect(log).toEqual(['second']);
    const answer = registry.call(kitchen.cook, ['corn']);
    stove.replace({ cook: () => 'another' });
    expect(log).toEqual(['second']);
    gate.resolve('corn');
    await answer;
    expect(log).toEqual(['second', 'first']);
  });

  test('or when it has had its time', async () => {
    const clock = virtualClock();
    const registry = createRegistry({ platform: clock.platform });
    const disposals: number[] = [];
    const never = { cook: () => new Promise<string>(() => {}), dispose: () => void disposals.push(1) };
    const stove = registry.provide(kitchen, never);
    void registry.call(kitchen.cook, ['corn']);
    stove.dispose();
    await clock.advance(29_999);
    expect(disposals).toHaveLength(0);
    await clock.advance(1);
    expect(disposals).toHaveLength(1);
  });

  test('one that stays registered elsewhere is kept, and a dispose that fails is reported', async () => {
    const { registry, errors } = setUp();
    const stove = { cook: () => 'x', dispose: () => Promise.reject(new Error('stuck')) };
    const [first, second] = [registry.provide(kitchen, stove), registry.provide(kitchen, stove)];
    first.dispose();
    await new Promise(setImmediate);
    expect(errors).toEqual([]);
    second.dispose();
    await new Promise(setImmediate);
    expect(errors).toEqual(['Plugin "application" has a provider that could not be disposed of: stuck']);
  });
});
