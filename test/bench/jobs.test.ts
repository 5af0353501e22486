import { expect, test } from 'vitest';
import { run } from '../run/command.ts';

const bench = (...args: string[]) => run('node', ['test/bench/jobs.ts', ...args], { quiet: true });

test('npm run bench:jobs measures every store, with workers and processes, and among few and many jobs', {
  timeout: 240_000,
}, async () => {
  const small = ['--jobs', '12', '--workers', '1,3', '--processes', '2', '--pending', '2,30'];
  const { exitCode, stdout, stderr } = await bench(...small);
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
  const [rates = [], times = []] = stdout
    .split('### ')
    .slice(1)
    .map((table) => table.split('\n').filter((line) => /^\| (memory|fs) /.test(line)));
  const cellsOf = (line: string): string[] =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim());
  const rate = expect.stringMatching(/^\d+$/);
  expect(rates.map(cellsOf)).toEqual(
    [
      ['memory', '1 in one process'],
      ['memory', '3 in one process'],
      ['fs', '1 in one process'],
      ['fs', '3 in one process'],
      ['fs', '2 processes'],
    ].map((who) => [...who, rate, rate, rate]),
  );
  const time = expect.stringMatching(/^\d+\.\d\d$/);
  expect(times.map(cellsOf)).toEqual([
    ['memory', time, time],
    ['fs', time, time],
  ]);
});

test('npm run bench:jobs refuses what is no number, and says what there is', async () => {
  const { exitCode, stderr } = await bench('--jobs', 'many');
  expect(exitCode).toBe(1);
  expect(stderr).toContain('Option --jobs takes whole numbers from 1, not "many"');
  expect(stderr).toContain('--pending');
});
