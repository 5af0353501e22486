import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { run } from '../run/command.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

const DOCUMENTS = 60;

function bench(...args: string[]) {
  return run('node', ['test/bench/main.ts', ...args], { quiet: true });
}

/** The cells of every row of the tables in an output, heads and rules left out, by the titles of the tables. */
function tablesOf(output: string): Record<string, string[][]> {
  const [, ...sections] = output.split('\n### ');
  return Object.fromEntries(
    sections.map((section) => {
      const [title = '', ...lines] = section.split('\n');
      const [, , ...rows] = lines.filter((line) => line.startsWith('|'));
      return [
        title,
        rows.map((row) =>
          row
            .split('|')
            .slice(1, -1)
            .map((cell) => cell.trim()),
        ),
      ];
    }),
  );
}

describe('npm run bench', () => {
  test('measures what it is told to, and writes a table and every run', { timeout: 120_000 }, async () => {
    const json = join(await temporaryDirectory(), 'bench.json');
    const only = ['floor', 'couchtide-memory', 'couchtide-fs'];
    const what = ['--sets', 'a,c', '--latency', '0,5', '--rounds', '1', '--documents', String(DOCUMENTS)];
    const { exitCode, stdout, stderr } = await bench(...what, '--only', only.join(','), '--json', json);
    expect({ exitCode, stderr }).toMatchObject({ exitCode: 0, stderr: expect.not.stringContaining('failed') });
    expect(stdout).toContain('demo/server, which is not a CouchDB');
    const tables = tablesOf(stdout);
    expect(Object.keys(tables).map((title) => [title.slice(0, 1), title.split('; ').at(-1)])).toEqual(
      ['a', 'c'].flatMap((set) => [
        [set, '0 ms'],
        [set, '5 ms'],
      ]),
    );
    const figure = expect.stringMatching(/^\d+\.\d\d \(\d+\.\d\d to \d+\.\d\d\)$/);
    const number = expect.stringMatching(/^\d+(\.\d)?$/);
    for (const rows of Object.values(tables)) {
      expect(rows).toEqual(only.map((name) => [name, figure, figure, figure, number, number, number, '1 of 1']));
    }
    const requests = Object.entries(tables).map(([title, rows]) => [title[0], ...rows.map((row) => Number(row[4]))]);
    expect(requests).toEqual(
      // In c there are losers to be fetched, and histories.
      [
        ['a', 1, 2, 2],
        ['c', 2, 3, 3],
      ].flatMap((row) => [row, row]),
    );
    const { cells } = JSON.parse(await readFile(json, 'utf8'));
    expect(cells).toHaveLength(4);
    expect(cells[0]).toMatchObject({
      set: 'a',
      documents: DOCUMENTS,
      latency: 0,
      outcomes: { floor: [{ type: 'measured', value: { requests: 1 } }] },
    });
  });

  test.each([
    [['--sets', 'a,z'], 'There is no data set "z"'],
    [['--only', 'floor,nobody'], 'There is no contestant "nobody"'],
    [['--rounds', '0'], 'Option --rounds takes whole numbers from 1, not "0"'],
    [['--latency', '0,soon'], 'Option --latency takes whole numbers from 0, not "soon"'],
    [['--loud'], "Unknown option '--loud'"],
  ])('refuses %j, and says what there is', async (args, message) => {
    const { exitCode, stdout, stderr } = await bench(...args);
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
    expect(stderr).toContain(message);
    expect(stderr).toContain('npm run bench -- [options] [server url]');
  });
});
