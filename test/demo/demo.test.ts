import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

test('npm run demo -- --once shows a pull, a conflict and what happens live, and ends by itself', async () => {
  const main = fileURLToPath(new URL('../../demo/main.ts', import.meta.url));
  const { stdout, stderr } = await promisify(execFile)(process.execPath, [main, '--once']);
  expect(stderr).toBe('');
  expect(stdout).toMatch(/1,221 revisions in .* with 5 requests/);
  expect(stdout).toContain('On disk are 1,171 recipes and 30 tombstones');
  expect(stdout).toMatch(/Two people changed recipe-00030 at once.*\n.*serves 8\n.*serves 2|serves 2\n.*serves 8/);
  expect(stdout.match(/; here after /g)).toHaveLength(3);
  expect(stdout).toMatch(/ {2}\{"_id":"pancakes",.*"serves":5,.*"grains":1152921504606846977\}/);
});
