import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir } from 'node:fs/promises';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, onTestFinished, test } from 'vitest';
import { sampleRecipes } from '../../demo/sample.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

const main = fileURLToPath(new URL('../../demo/jobs/main.ts', import.meta.url));

test('npm run demo:jobs kills a worker amid a pull, and another goes on', { timeout: 120_000 }, async () => {
  const { stdout, stderr } = await promisify(execFile)(process.execPath, [main]);
  expect(stderr).toBe('');
  const [before = '', after = ''] = stdout.split(' is killed, ');
  const victim = before.split(/\s/).at(-1);
  expect(before).toMatch(new RegExp(`Job recipes, running, ${victim}, attempt \\d[^]* [1-9]\\d* revisions written`));
  expect(before).not.toContain('finished');
  expect(after).toMatch(/^with [1-9]\d* revisions and their checkpoint on disk\n/);
  expect(after).not.toContain(`running, ${victim}`);
  expect(after).toContain('Job recipes, finished');
  const [, kept, fetched] = /(\d+) revisions were there, (\d+) were fetched by who went on/.exec(after) ?? [];
  expect(Number(kept)).toBeGreaterThan(0);
  // Nothing that was there is fetched again, and nothing is missing.
  expect(Number(kept) + Number(fetched)).toBe(sampleRecipes().length);
});

test.for(['the program', 'the program and its workers'])(
  'Ctrl-C ends npm run demo:jobs, sent to %s, and nothing is left',
  {
    timeout: 60_000,
  },
  async (whom) => {
    const directory = await temporaryDirectory();
    const env = { ...process.env, TMPDIR: directory };
    const demo = spawn(process.execPath, [main], { env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
    const pid = demo.pid ?? Number.NaN;
    onTestFinished(() => void demo.kill('SIGKILL'));
    let stderr = '';
    demo.stderr.on('data', (said) => {
      stderr += String(said);
    });
    let stdout = '';
    for await (const said of demo.stdout.iterator({ destroyOnReturn: false })) {
      stdout += String(said);
      // A worker is at work.
      if (stdout.includes('revisions written')) break;
    }
    expect(await readdir(directory)).toHaveLength(1);
    demo.stdout.resume();
    // To a group, as a terminal does it.
    process.kill(whom === 'the program' ? pid : -pid, 'SIGINT');
    const [code] = await once(demo, 'close');
    expect({ code, stderr, left: await readdir(directory) }).toEqual({ code: 0, stderr: '', left: [] });
  },
);
