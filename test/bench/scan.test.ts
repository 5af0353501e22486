import { expect, test } from 'vitest';
import { run } from '../run/command.ts';

const bench = (...args: string[]) => run('node', ['test/bench/scan.ts', ...args], { quiet: true });

test('npm run bench:scan measures scans with and without patterns, a second one, and their memory', {
  timeout: 240_000,
}, async () => {
  const { exitCode, stdout } = await bench('--documents', '300', '--rounds', '1', '--memory', '100,200');
  expect(exitCode).toBe(0);
  const [times = [], second = [], memory = []] = stdout
    .split('### ')
    .slice(1)
    .map((table) => table.split('\n').filter((line) => /^\| .*\d/.test(line)));
  const cellsOf = (line: string): string[] =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim());
  const spread = expect.stringMatching(/^\d+(\.\d+)? \(\d+(\.\d+)? to \d+(\.\d+)?\)$/);
  const peak = expect.stringMatching(/^\d+$/);
  expect(times.map(cellsOf)).toEqual(
    ['no work', '20 patterns given as text', '20 patterns as RegExp'].map((title) => [
      title,
      spread,
      spread,
      peak,
      '0',
    ]),
  );
  expect(second.map(cellsOf)).toEqual([
    ['seconds', spread, spread, spread],
    ['documents', '300', '3', ''],
  ]);
  expect(memory.map(cellsOf).slice(-2)).toEqual(['100', '200'].map((count) => [count, spread]));
});

test('npm run bench:scan refuses what is no number, and says what there is', async () => {
  const { exitCode, stderr } = await bench('--documents', 'many');
  expect(exitCode).toBe(1);
  expect(stderr).toContain('Option --documents takes whole numbers from 1, not "many"');
  expect(stderr).toContain('--memory');
});

test("npm run bench:scan says so where there is no scanner of CouchDB's own", async () => {
  const { exitCode, stderr } = await bench('--documents', '10', '--rounds', '1', '--own-scanner');
  expect(exitCode).toBe(1);
  expect(stderr).toContain('The server lets nobody configure a scanner: it answered 404');
});
