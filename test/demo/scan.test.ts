import { execFile } from 'node:child_process';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

test('npm run demo:scan tells what a scanner finds in a cookbook, and ends by itself', async () => {
  const main = fileURLToPath(new URL('../../demo/scan/main.ts', import.meta.url));
  const { stdout, stderr } = await promisify(execFile)(process.execPath, [main]);
  expect(stderr).toBe('');
  const lines = stdout.trimEnd().split('\n');
  expect(lines.pop()).toBe('conflicts, find, view_lengths have finished');
  expect(lines.sort()).toEqual([
    expect.stringMatching(/^conflicts {2}"recipes" "recipe-00030" {2}conflicts \["2-/),
    expect.stringMatching(/^conflicts {2}"recipes" "recipe-00090" {2}conflicts \["2-/),
    expect.stringMatching(/^find {2}"recipes" "kitchen" {2}tag password, where \/network\/password/),
    expect.stringMatching(/^view_lengths {2}"recipes" "_design\/dishes" {2}characters \d+$/),
  ]);
  expect(stdout).not.toContain('quiet-Butter-7');
});
