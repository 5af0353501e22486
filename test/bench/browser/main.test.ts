import { expect, test } from 'vitest';
import { browserNames, placeOf } from '../../browser/browsers.ts';
import { run } from '../../run/command.ts';

const DOCUMENTS = 200;

const installed = browserNames.filter((name) => placeOf(name) !== undefined);

function bench(...args: string[]) {
  return run('node', ['test/bench/browser/main.ts', ...args], { quiet: true });
}

/** The lines of tables whose first cell is the name of a contestant. */
function rowsOf(output: string, name: string): string[][] {
  return output
    .split('\n')
    .filter((line) => line.startsWith(`| ${name} `))
    .map((line) => line.split('|').map((cell) => cell.trim()));
}

// Where there is no browser, there is nothing to be measured.
if (installed.length > 0) {
  test('npm run bench:browser measures pulls in the window and in a worker', { timeout: 300_000 }, async () => {
    const only = ['couchtide', 'couchtide-worker'];
    const what = ['--documents', String(DOCUMENTS), '--rounds', '1', '--browsers', installed.join(',')];
    const { exitCode, stdout, stderr } = await bench(...what, '--only', only.join(','));
    expect({ exitCode, stderr }).toMatchObject({ exitCode: 0, stderr: expect.not.stringContaining('failed') });
    expect(stdout).toContain(`First pull of ${DOCUMENTS} documents`);
    for (const name of only) {
      const rows = rowsOf(stdout, name);
      expect(rows).toHaveLength(installed.length);
      for (const row of rows) {
        expect(Number(row[2])).toBeGreaterThan(0);
        // The database, and all documents in one page of its feed.
        expect([row[7], row[8]]).toEqual(['2', '1 of 1']);
      }
    }
  });
}

test('npm run bench:browser says which contestants there are', async () => {
  const { exitCode, stderr } = await bench('--only', 'nobody');
  expect(exitCode).not.toBe(0);
  expect(stderr).toContain('couchtide, couchtide-worker, pouchdb, rxdb');
});
