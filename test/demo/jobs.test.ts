import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { sampleRecipes } from '../../demo/sample.ts';

test('npm run demo:jobs kills a worker amid a pull, and another goes on', { timeout: 120_000 }, async () => {
  const main = fileURLToPath(new URL('../../demo/jobs/main.ts', import.meta.url));
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
