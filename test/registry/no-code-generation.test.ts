import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

const program = `
  import { createRegistry, defineData, defineService, constant, series } from ${JSON.stringify(new URL('../../src/index.ts', import.meta.url).href)};
  const kitchen = defineService('kitchen', { cook: series() });
  const rules = defineData('rules');
  const registry = createRegistry();
  registry.use({
    name: 'a',
    setup(own) {
      own.provide(kitchen, { cook: (dish) => 'hot ' + dish });
      own.contribute(rules, constant({ a: 1 }));
    },
  });
  let isForbidden = false;
  try { new Function('return 1')(); } catch { isForbidden = true; }
  const [{ value }] = await registry.call(kitchen.cook, ['corn']);
  console.log(isForbidden, value, registry.view(rules).value('a', 'a'));
`;

test('a registry makes no code at run time, which edge runtimes and content security policies forbid', async () => {
  const args = ['--disallow-code-generation-from-strings', '--input-type=module', '--eval', program];
  const { stdout } = await promisify(execFile)(process.execPath, args, {
    cwd: fileURLToPath(new URL('.', import.meta.url)),
  });
  expect(stdout).toBe('true hot corn 1\n');
});
