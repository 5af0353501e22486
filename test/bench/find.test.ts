import { expect, test } from 'vitest';
import { run } from '../run/command.ts';

const bench = (...args: string[]) => run('node', ['test/bench/find.ts', ...args], { quiet: true });

test('npm run bench:find measures every kind of rule, which all find the same', async () => {
  const { exitCode, stdout, stderr } = await bench('--documents', '100', '--rounds', '1');
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
  const rows = stdout.split('\n').filter((line) => /^\|.*\d/.test(line));
  const cells = rows.map((row) =>
    row
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
  const time = expect.stringMatching(/^\d+\.\d$/);
  expect(cells).toEqual([
    ['JSON.parse', time, time, time, '0'],
    ['20 patterns given as text', time, time, time, '2'],
    ['20 patterns as RegExp', time, time, time, '2'],
    ['secretRules', time, time, time, '2'],
  ]);
});

test('npm run bench:find refuses what is no number', async () => {
  const { exitCode, stderr } = await bench('--documents', 'many');
  expect(exitCode).toBe(1);
  expect(stderr).toContain('Option --documents takes a whole number from 1, not "many"');
});
