import { describe, expect, test } from 'vitest';
import { DispatchError, PluginError } from '../../src/core/errors.ts';
import { createRegistry } from '../../src/registry/create-registry.ts';
import { defineParts } from '../../src/registry/parts.ts';

const ovens = defineParts<[log: string[]]>('ovens');

/** A part that notes when it begins and ends. */
const part = (name: string) => (log: string[]) => {
  log.push(`+${name}`);
  return () => void log.push(`-${name}`);
};

describe('parts', () => {
  test('begin in order, those of plugins among them, and end the other way round', async () => {
    const registry = createRegistry();
    const log: string[] = [];
    registry.part(ovens, 'stove', part('stove'));
    registry.use({ name: 'a', setup: (own) => void own.part(ovens, 'grill', part('grill')) });
    registry.part(ovens, 'light', async (noted) => part('light')(noted), { order: -1 });
    registry.part(ovens, 'timer', (noted) => ({ dispose: () => void noted.push('-timer') }));
    registry.part(ovens, 'sign', () => {});
    const running = await registry.start(ovens, [log]);
    expect(running.names).toEqual(['light', 'stove', 'grill', 'timer', 'sign']);
    expect(log).toEqual(['+light', '+stove', '+grill']);
    log.length = 0;
    await running.stop();
    await running.stop();
    expect(log).toEqual(['-timer', '-grill', '-stove', '-light']);
  });

  test('are overridden in their place by those who say so, until these are gone', async () => {
    const registry = createRegistry();
    for (const name of ['stove', 'grill']) registry.part(ovens, name, part(name));
    const plugin = registry.use({
      name: 'a',
      setup: (own) => void own.part(ovens, 'stove', part('better stove'), { override: true, order: 9 }),
    });
    const begun = async (): Promise<string[]> => {
      const log: string[] = [];
      await (await registry.start(ovens, [log])).stop();
      return log.filter((line) => line.startsWith('+'));
    };
    expect(await begun()).toEqual(['+better stove', '+grill']);
    expect(registry.describe().parts[0]?.parts.find(({ plugin: name }) => name === 'a')).toEqual({
      name: 'stove',
      plugin: 'a',
      override: true,
    });
    plugin.dispose();
    expect(await begun()).toEqual(['+stove', '+grill']);
  });

  test('clash only on purpose', () => {
    const registry = createRegistry();
    registry.part(ovens, 'stove', part('stove'));
    expect(() => registry.part(ovens, 'stove', part('other'))).toThrow(
      'Plugin "application" has part "stove" of "ovens" already; give another name, or override: true to replace it',
    );
    expect(() => registry.part(ovens, 'grill', part('grill'), { override: true })).toThrow(
      'There is no part "grill" of "ovens" to override',
    );
  });

  test('that are replaced count from the next start on', async () => {
    const registry = createRegistry();
    const log: string[] = [];
    const stove = registry.part(ovens, 'stove', part('1'));
    const running = await registry.start(ovens, [log]);
    stove.replace(part('2'));
    await running.stop();
    await (await registry.start(ovens, [log])).stop();
    expect(log).toEqual(['+1', '-1', '+2', '-2']);
  });

  test('end when one after them does not begin, and all end although one fails to', async () => {
    const registry = createRegistry();
    const log: string[] = [];
    registry.part(ovens, 'stove', part('stove'));
    const sticky = registry.part(ovens, 'sticky', () => () => Promise.reject(new Error('stuck')));
    const broken = registry.part(ovens, 'broken', () => {
      throw new Error('no gas');
    });
    await expect(registry.start(ovens, [log])).rejects.toThrow(DispatchError);
    expect(log).toEqual(['+stove', '-stove']);
    sticky.replace(() => {});
    const failure = registry.start(ovens, [log]);
    await expect(failure).rejects.toThrow(PluginError);
    await expect(failure).rejects.toThrow(
      'Part "broken" of "ovens" from plugin "application" could not be begun: no gas',
    );
    broken.dispose();
    sticky.replace(() => () => Promise.reject(new Error('stuck')));
    log.length = 0;
    const running = await registry.start(ovens, [log]);
    await expect(running.stop()).rejects.toThrow('could not be ended: stuck');
    expect(log).toEqual(['+stove', '-stove']);
  });
});
