/**
 * `npm run soak`: the tests of faults and of memory at their full size, by a seed that is printed. SEED runs one again, ROUNDS
 * says how many runs by chance there are, and names of test files after `--` choose among them. `test/browser/run.ts` there
 * chooses those in browsers, and may be followed by the browsers and suites that are to run.
 *
 * @module
 */
import process from 'node:process';
import { run } from '../run/command.ts';

const BROWSERS = 'test/browser/run.ts';
/** The suites in browsers that are larger here than in `npm test`. */
const LARGE_SUITES = ['kill', 'film', 'jobs'];

const named = process.argv.slice(2);
const isEverything = named.length === 0;
const isInBrowsers = named[0] === BROWSERS;
process.env['SOAK'] = '1';
// Every test file draws from the same seed.
process.env['SEED'] ??= String(Math.floor(Math.random() * 2 ** 31));
console.log(`SEED=${process.env['SEED']} npm run soak${isEverything ? '' : ` -- ${named.join(' ')}`}`);
if (!isInBrowsers) {
  const files = isEverything ? ['test/faults', 'test/bench'] : named;
  await soak('vitest', ['run', '--config', 'test/vitest.config.ts', ...files]);
}
if (isEverything || isInBrowsers) await soak('node', isEverything ? [BROWSERS, ...LARGE_SUITES] : named);

async function soak(command: string, args: readonly string[]): Promise<void> {
  const { exitCode } = await run(command, args);
  if (exitCode !== 0) process.exitCode = exitCode;
}
