import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { startServer } from '../../demo/server/index.ts';
import { runCli } from '../adapters/cli/run-cli.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

const demo = (name: string): string => fileURLToPath(new URL(`../../demo/rules/${name}`, import.meta.url));

test('demo/rules follows the rules of a file: new ones, broken ones, none, and good ones again', async () => {
  const file = join(await temporaryDirectory(), 'rules.json');
  await writeFile(file, await readFile(demo('rules.json')));
  const program = spawn(process.execPath, [demo('main.ts'), file], { stdio: ['ignore', 'pipe', 'inherit'] });
  onTestFinished(() => void program.kill('SIGKILL'));
  const lines = createInterface(program.stdout)[Symbol.asyncIterator]();
  const line = async (): Promise<string> => {
    const { done, value } = await lines.next();
    if (done) throw new Error('The program has ended');
    return value;
  };
  /** The next line that is no complaint, which there may be several of. */
  const rules = async (): Promise<string> => {
    for (;;) {
      const next = await line();
      if (!next.startsWith('The rules stay as they were')) return next;
    }
  };

  expect(await line()).toBe('0 rules; found: nothing');
  expect(await line()).toBe('2 rules; found: aws-access-key at /steps/0, password-in-url at /steps/0');
  await writeFile(file, '{"phone":{"pattern":"\\\\+[0-9 ]{8,}"},"card":{"pattern":"[0-9]{16}"}}');
  // A look at the file while it is written may see it empty, which is told as well.
  expect(await rules()).toBe('2 rules; found: phone at /steps/1');
  await writeFile(file, '{"phone":');
  expect(await line()).toMatch(
    /^The rules stay as they were: Plugin "rules-of-a-file" .* cannot be understood: It is not JSON/,
  );
  await rm(file);
  while (!/no such file/.test(await line()));
  await writeFile(file, '{"phone":{"pattern":"\\\\+[0-9 ]{8,}"}}');
  expect(await rules()).toBe('1 rules; found: phone at /steps/1');

  program.kill('SIGTERM');
  expect(await once(program, 'exit')).toEqual([0, null]);
});

test('the same plugin, loaded by the command line, is shown by plugins, and has scans look for its rules', async () => {
  const options = ['--plugin', './plugin.ts'];
  const { code, stdout } = await runCli(['plugins', ...options], { folder: demo('.') });
  expect([code, stdout]).toEqual([
    0,
    '1 plugin: rules-of-a-file\ndata couchtide/find-rules\n  rules-of-a-file: 2 entries\n',
  ]);
  const server = await startServer();
  onTestFinished(() => server.close());
  server.createDatabase('howtos').put({ _id: 'a', see: 'http://me:too@127.0.0.1/' });
  const scanned = await runCli(['scan', server.url, ...options], { folder: demo('.') });
  expect([scanned.code, scanned.stderr]).toEqual([1, '']);
  expect(scanned.stdout).toContain('find  "howtos" "a"  tag password-in-url, where /see\n');
});
