/**
 * `npm test`: the checks, the build, and every suite on every runtime, with the tally as the last line.
 *
 * A suite that cannot run here says so in a line `left out: <suite>: <why>`, and those lines are repeated at the end.
 * With `--complete`, what was left out or skipped has failed.
 *
 * @module
 */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type Outcome, run } from './run/command.ts';
import { isThere, leftOutLine, leftOutLines } from './run/left-out.ts';
import {
  formatTally,
  sum,
  type Tally,
  tallyOfExit,
  tallyOfOutput,
  tallyOfVitest,
  withoutExcuses,
} from './run/tally.ts';

/** Programs for other runtimes than this Node.js; each prints its tally as its last line. */
const foreign = [
  {
    runtime: 'deno',
    args: ['run', '--no-lock', '--cached-only', '--unstable-kv', '-A'],
    suite: 'test/contract/run-deno.ts',
  },
  { runtime: 'bun', args: ['run'], suite: 'test/contract/run-bun.ts' },
  // They drive the browsers, and say by themselves which of them is not here.
  { runtime: 'node', args: [], suite: 'test/contract/run-browsers.ts' },
  { runtime: 'node', args: [], suite: 'test/browser/run.ts' },
];

const { values: options } = parseArgs({ options: { complete: { type: 'boolean', default: false } } });
const tallies: Tally[] = [];
const leftOut = new Set<string>();

console.log(`couchtide on Node.js ${process.version}, ${process.platform} ${process.arch}`);
for (const script of ['check:types', 'check:style', 'build']) await runScript(script);
await runVitest();
for (const { runtime, args, suite } of foreign) await runForeign(runtime, args, suite);
conclude();

async function runScript(script: string): Promise<void> {
  const outcome = await begin(script, 'npm', ['run', '--silent', script]);
  end(script, outcome, tallyOfExit(outcome.exitCode));
}

async function runVitest(): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'couchtide-test-'));
  try {
    const report = join(directory, 'report.json');
    const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
    const outcome = await begin('vitest', 'vitest', ['run', '--config', 'test/vitest.config.ts', ...reporters]);
    const written = await readFile(report, 'utf8').catch(() => undefined);
    end('vitest', outcome, tallyOfVitest(written, outcome.exitCode));
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

async function runForeign(runtime: string, args: readonly string[], suite: string): Promise<void> {
  if (!(await isThere(runtime))) {
    leftOut.add(leftOutLine(suite, runtime));
    tallies.push({ passed: 0, failed: 0, skipped: 1 });
    return;
  }
  const outcome = await begin(suite, runtime, [...args, suite]);
  end(suite, outcome, tallyOfOutput(outcome.stdout, outcome.exitCode));
}

async function begin(name: string, command: string, args: readonly string[]): Promise<Outcome> {
  console.log(`\n== ${name}`);
  return run(command, args);
}

function end(name: string, { stdout, stderr }: Outcome, tally: Tally): void {
  for (const line of leftOutLines(`${stdout}\n${stderr}`)) leftOut.add(line);
  tallies.push(tally);
  console.log(`-- ${name}: ${formatTally(tally)}`);
}

function conclude(): void {
  console.log(`\n${leftOut.size === 0 ? 'Nothing was left out.' : [...leftOut].join('\n')}`);
  const total = sum(tallies);
  const final = options.complete ? withoutExcuses(total, leftOut.size) : total;
  process.exitCode = final.failed === 0 ? 0 : 1;
  console.log(formatTally(final));
}
