import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { beforeEach, describe, expect, test } from 'vitest';
import { temporaryDirectory } from '../../support/temporary-directory.ts';
import { runCli } from './run-cli.ts';

/** A plugin as somebody writes it who has couchtide installed. */
function pluginText(name: string, entries: object, how = 'export const plugin ='): string {
  const couchtide = JSON.stringify(new URL('../../../src/index.ts', import.meta.url).href);
  return `
    import { constant, defineData, defineService, series } from ${couchtide};
    const rules = defineData('kitchen/rules');
    const kitchen = defineService('kitchen', { cook: series() });
    ${how} {
      name: ${JSON.stringify(name)},
      setup(registry) {
        registry.contribute(rules, constant(${JSON.stringify(entries)}));
        registry.provide(kitchen, { cook: () => 'soup' });
      },
    };
  `;
}

let folder: string;
beforeEach(async () => {
  folder = await temporaryDirectory();
});

const plugins = (...args: string[]) => runCli(['plugins', ...args], { folder });

async function list(...modules: unknown[]): Promise<void> {
  await writeFile(join(folder, 'package.json'), JSON.stringify({ couchtide: { plugins: modules } }));
}

describe('couchtide plugins', () => {
  test('shows what the modules contribute that package.json lists, then those that are named', async () => {
    await writeFile(join(folder, 'nuts.mjs'), pluginText('nuts', { nut: 'nut|almond', pea: 'peanut' }));
    await writeFile(join(folder, 'milk.mjs'), pluginText('milk', { milk: 'milk' }, 'export default'));
    await list('./nuts.mjs');
    const { code, stdout, stderr } = await plugins('--plugin', './milk.mjs');
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toBe(
      [
        '2 plugins: nuts, milk',
        'service kitchen',
        '  cook (series): nuts, milk',
        'data kitchen/rules',
        '  nuts: 2 entries',
        '  milk: 1 entry',
        '',
      ].join('\n'),
    );
  });

  test('--json tells the same as one object', async () => {
    await writeFile(join(folder, 'nuts.mjs'), pluginText('nuts', { nut: 'nut|almond' }));
    const { code, lines } = await plugins('--json', '--plugin', pathToFileURL(join(folder, 'nuts.mjs')).href);
    expect(code).toBe(0);
    expect(lines).toEqual([
      {
        type: 'plugins',
        plugins: ['nuts'],
        services: [{ id: 'kitchen', hooks: [{ name: 'cook', mode: 'series', sync: false, plugins: ['nuts'] }] }],
        data: [
          { id: 'kitchen/rules', version: 1, sources: [{ source: 'nuts', plugin: 'nuts', entries: 1, stale: false }] },
        ],
        parts: [],
      },
    ]);
  });

  test('finds packages that the folder has installed, also such as are for import alone', async () => {
    const home = join(folder, 'node_modules', 'couchtide-nuts');
    await mkdir(home, { recursive: true });
    await writeFile(join(home, 'package.json'), '{"type":"module","exports":{".":{"import":"./main.js"}}}');
    await writeFile(join(home, 'main.js'), pluginText('nuts', {}, 'export default'));
    expect((await plugins('--plugin', 'couchtide-nuts')).stdout).toContain('1 plugin: nuts');
  });

  test('takes a module once that is listed and named', async () => {
    await writeFile(join(folder, 'nuts.mjs'), pluginText('nuts', {}));
    await list('./nuts.mjs');
    expect((await plugins('--plugin', './nuts.mjs')).stdout).toContain('1 plugin: nuts');
  });

  test('waits for sources, and tells of those that fail', async () => {
    const text = `
      import { defineData } from ${JSON.stringify(new URL('../../../src/index.ts', import.meta.url).href)};
      import { fromFile } from ${JSON.stringify(new URL('../../../adapters/fs/index.ts', import.meta.url).href)};
      const rules = defineData('kitchen/rules');
      export const plugin = {
        name: 'files',
        setup(registry) {
          registry.contribute(rules, fromFile(new URL('good.json', import.meta.url), { every: 1000 }), { source: 'good' });
          registry.contribute(rules, fromFile(new URL('bad.json', import.meta.url)), { source: 'bad' });
        },
      };`;
    await writeFile(join(folder, 'files.mjs'), text);
    await writeFile(join(folder, 'good.json'), '{"a":1,"b":2,"c":3}');
    await writeFile(join(folder, 'bad.json'), '{"a":');
    const { code, stdout, stderr } = await plugins('--plugin', './files.mjs');
    expect(code).toBe(0);
    expect(stdout).toContain('  good from files: 3 entries\n  bad from files: nothing yet, stale: The file ');
    expect(stderr).toMatch(/^Plugin "files" has a source "bad" that failed: The file ".*" cannot be understood/);
  });

  test('says what to do where there is none', async () => {
    expect(await plugins()).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^No plugins; give some with --plugin/),
    });
  });
});

describe('every command', () => {
  test('takes --plugin, and does nothing when one cannot be used', async () => {
    const commands = [
      ['pull', 'http://127.0.0.1:1/recipes', './replica'],
      ['export', './replica'],
      ['verify', './replica'],
      ['jobs', 'list', './store'],
      ['plugins'],
    ];
    for (const command of commands) {
      const { code, stderr } = await runCli([...command, '--plugin', './none.mjs'], { folder });
      expect([code, stderr]).toEqual([2, 'couchtide: Plugin module "./none.mjs" is not to be found; check the path\n']);
    }
  });
});

describe('a module that cannot be used is named', () => {
  test.each([
    ['none', undefined, '"none" is not to be found; install the package, or write ./ before the path of a file'],
    ['./broken.mjs', 'export const = 1;', '"./broken.mjs" cannot be loaded: '],
    ['./throws.mjs', 'throw new Error("no kitchen");', '"./throws.mjs" cannot be loaded: no kitchen'],
    ['./empty.mjs', 'export const rules = 1;', '"./empty.mjs" has no plugin: export one as default or as "plugin"'],
    [
      './fails.mjs',
      'export const plugin = { name: "a", setup() { throw new Error("no oven"); } };',
      '"./fails.mjs" cannot be used: Plugin "a" could not be set up: no oven',
    ],
    ['./nameless.mjs', 'export default { setup() {} };', '"./nameless.mjs" has no plugin'],
  ])('%s', async (name, text, message) => {
    if (text !== undefined) await writeFile(join(folder, name), text);
    const { code, stderr, lines } = await plugins('--json', '--plugin', name);
    expect(code).toBe(2);
    expect(stderr).toContain(`couchtide: Plugin module ${message}`);
    expect(lines).toEqual([
      { type: 'error', name: 'InputError', message: expect.stringContaining(`Plugin module ${message}`) },
    ]);
  });

  test('by the name that is taken', async () => {
    await writeFile(join(folder, 'a.mjs'), pluginText('nuts', {}));
    await writeFile(join(folder, 'b.mjs'), pluginText('nuts', {}));
    const { stderr } = await plugins('--plugin', './a.mjs', '--plugin', './b.mjs');
    expect(stderr).toContain('"./b.mjs" cannot be used: There is a plugin "nuts" already');
  });

  test.each([
    ['{', 'cannot be read: '],
    ['{"couchtide":{"plugins":"./a.mjs"}}', 'must be a list of modules, such as ["./rules.js"]'],
    ['{"couchtide":{"plugins":[1]}}', 'must be a list of modules'],
  ])('package.json with %s', async (text, message) => {
    await writeFile(join(folder, 'package.json'), text);
    const { code, stderr } = await plugins();
    expect(code).toBe(2);
    expect(stderr).toContain(message);
  });
});
