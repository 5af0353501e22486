import { stripVTControlCharacters } from 'node:util';

/** How many tests passed, failed and were skipped. */
export interface Tally {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

/** What the tally needs of the report that vitest writes (`--reporter=json`). */
interface VitestReport {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numPendingTests: number;
  readonly numTodoTests: number;
  readonly testResults: readonly { readonly status: string; readonly assertionResults: readonly unknown[] }[];
}

/** The tally of several suites together. */
export function sum(tallies: readonly Tally[]): Tally {
  const total = { passed: 0, failed: 0, skipped: 0 };
  for (const { passed, failed, skipped } of tallies) {
    total.passed += passed;
    total.failed += failed;
    total.skipped += skipped;
  }
  return total;
}

/** A tally as the line that ends every run: `12 passed, 0 failed`, and `, 1 skipped` where there are such. */
export function formatTally({ passed, failed, skipped }: Tally): string {
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`;
}

/** What a run that must be complete makes of its tally: what was skipped or left out has failed. */
export function withoutExcuses({ passed, failed, skipped }: Tally, leftOut: number): Tally {
  // One line about something left out may stand for several tests, or for a suite that could not even list its tests.
  return { passed, failed: failed + Math.max(skipped, leftOut), skipped: 0 };
}

/** The tally of a step that either works or does not. */
export function tallyOfExit(exitCode: number): Tally {
  return exitCode === 0 ? { passed: 1, failed: 0, skipped: 0 } : { passed: 0, failed: 1, skipped: 0 };
}

/** The tally in the last line that a suite printed. A missing line or a bad end is a failure. */
export function tallyOfOutput(output: string, exitCode: number): Tally {
  const line = stripVTControlCharacters(output).trimEnd().split('\n').at(-1) ?? '';
  const match = /^(\d+) passed, (\d+) failed(?:, (\d+) skipped)?$/.exec(line);
  if (match === null) return { passed: 0, failed: 1, skipped: 0 };
  const [passed = 0, failed = 0, skipped = 0] = match.slice(1).map((digits) => Number(digits ?? 0));
  return atLeastOneFailed({ passed, failed, skipped }, exitCode);
}

/**
 * The tally of vitest's report, `undefined` where vitest did not get as far as writing one. A file that could not be
 * loaded holds no tests and counts as one that failed; so does an error outside of tests, which only the exit code tells.
 */
export function tallyOfVitest(report: string | undefined, exitCode: number): Tally {
  if (report === undefined) return { passed: 0, failed: 1, skipped: 0 };
  const parsed: VitestReport = JSON.parse(report);
  const broken = parsed.testResults.filter((file) => file.status === 'failed' && file.assertionResults.length === 0);
  const tally = {
    passed: parsed.numPassedTests,
    failed: parsed.numFailedTests + broken.length,
    skipped: parsed.numPendingTests + parsed.numTodoTests,
  };
  return atLeastOneFailed(tally, exitCode);
}

function atLeastOneFailed(tally: Tally, exitCode: number): Tally {
  return exitCode !== 0 && tally.failed === 0 ? { ...tally, failed: 1 } : tally;
}
