import { describe, expect, test } from 'vitest';
import { createRegistry } from '../../src/registry/create-registry.ts';
import { defineData } from '../../src/registry/data/data-key.ts';
import { series } from '../../src/registry/hook.ts';
import type { Registry } from '../../src/registry/registry.ts';
import { defineService } from '../../src/registry/service.ts';
import { constant } from '../../src/registry/sources/constant.ts';
import { poll } from '../../src/registry/sources/poll.ts';
import { virtualClock } from '../support/virtual-clock.ts';

describe('feature flags: data that the configuration and any plugin contribute', () => {
  const flags = defineData<string, boolean>('flags');
  const prefix = { prefix: true } as const;

  /** Who comes later overrides who comes before. */
  const isOn = (registry: Registry, subject: string): boolean => registry.view(flags).values(subject).at(-1) ?? false;

  test('have a default, rules for prefixes, exact rules, and rules that switch off', async () => {
    const clock = virtualClock();
    const registry = createRegistry(clock);
    let configured: [string, boolean, { prefix: true }?][] = [['', false, prefix]];
    registry.contribute(
      flags,
      poll(() => configured as [string, boolean][], 1000, clock),
      { source: 'configuration' },
    );
    registry.data$(flags).subscribe();
    registry.use({
      name: 'beta',
      setup: (own) =>
        void own.contribute(
          flags,
          constant([
            ['beta-', true, prefix],
            ['beta-billing', false],
          ]),
        ),
    });
    await clock.advance(0);
    const answers = (): boolean[] => ['recipes', 'beta-recipes', 'beta-billing'].map((name) => isOn(registry, name));
    expect(answers()).toEqual([false, true, false]);
    configured = [
      ['recipes', true],
      ['', false, prefix],
    ];
    await clock.advance(1000);
    expect(answers()).toEqual([true, true, false]);
  });
});

describe('routing: a service whose owner decides what the answers mean', () => {
  interface Route {
    readonly handler: string;
    readonly weight?: 'override' | 'default';
  }
  const routes = defineService('routes', { find: series<[segment: string], Route | undefined>({ sync: true }) });

  /** The handler of a path: an override wins, then the only plain one, then a default, then the fallback. */
  function route(registry: Registry, segment: string): string {
    const found = registry.call(routes.find, [segment]).flatMap(({ value }) => (value === undefined ? [] : [value]));
    const override = found.find(({ weight }) => weight === 'override');
    if (override !== undefined) return override.handler;
    const [plain, ...more] = found.filter(({ weight }) => weight === undefined);
    if (more.length > 0) throw new Error(`Two handlers for ${segment}`);
    return (plain ?? found[0])?.handler ?? 'fallback';
  }

  const plain = { handler: 'plain' };
  const override = { handler: 'override', weight: 'override' } as const;
  const second = { handler: 'second', weight: 'override' } as const;
  const byDefault = { handler: 'default', weight: 'default' } as const;

  test.each([
    ['an override wins', [plain, override], 'override'],
    ['the first override wins', [override, plain, second], 'override'],
    ['a default yields to a plain one', [byDefault, plain], 'plain'],
    ['a lone default replaces the fallback', [byDefault, undefined], 'default'],
    ['nobody has one', [undefined], 'fallback'],
  ] as const)('%s', (_, found, handler) => {
    const registry = createRegistry();
    for (const one of found) registry.provide(routes, { find: () => one });
    expect(route(registry, '_all_docs')).toBe(handler);
  });

  test('two plain ones are a mistake', () => {
    const registry = createRegistry();
    for (const one of [plain, { handler: 'other' }]) registry.provide(routes, { find: () => one });
    expect(() => route(registry, '_all_docs')).toThrow('Two handlers for _all_docs');
  });
});

describe('handlers by type: what a worker looks up for each job', () => {
  type Handler = (input: number) => number;
  const handlers = defineData<string, Handler>('handlers');
  const work = (registry: Registry, type: string, input: number) => registry.view(handlers).values(type)[0]?.(input);

  test('one that is replaced at run time takes effect for the next job, and the first to contribute has the say', () => {
    const registry = createRegistry();
    const own = registry.contribute(handlers, constant<string, Handler>({ double: (input) => input * 2 }));
    registry.contribute(handlers, constant<string, Handler>({ double: () => 0, halve: (n) => n / 2 }), {
      source: 'other',
    });
    expect([work(registry, 'double', 4), work(registry, 'halve', 4), work(registry, 'none', 4)]).toEqual([
      8,
      2,
      undefined,
    ]);
    own.replace(constant<string, Handler>({ double: (input) => input + input + 1 }));
    expect(work(registry, 'double', 4)).toBe(9);
  });
});
