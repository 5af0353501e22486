import { describe, expect, test } from 'vitest';
import { formatTally, sum, tallyOfExit, tallyOfOutput, tallyOfVitest, withoutExcuses } from './tally.ts';

describe('sum', () => {
  test('adds every count', () => {
    expect(
      sum([
        { passed: 1, failed: 2, skipped: 3 },
        { passed: 10, failed: 20, skipped: 30 },
      ]),
    ).toEqual({ passed: 11, failed: 22, skipped: 33 });
    expect(sum([])).toEqual({ passed: 0, failed: 0, skipped: 0 });
  });
});

describe('formatTally', () => {
  test('names what was skipped only where there is something', () => {
    expect(formatTally({ passed: 3, failed: 0, skipped: 0 })).toBe('3 passed, 0 failed');
    expect(formatTally({ passed: 3, failed: 1, skipped: 2 })).toBe('3 passed, 1 failed, 2 skipped');
  });
});

describe('withoutExcuses', () => {
  test('turns what was skipped or left out into failures, each once', () => {
    const tally = { passed: 3, failed: 1, skipped: 2 };
    expect(withoutExcuses(tally, 0)).toEqual({ passed: 3, failed: 3, skipped: 0 });
    expect(withoutExcuses(tally, 1)).toEqual({ passed: 3, failed: 3, skipped: 0 });
    expect(withoutExcuses(tally, 4)).toEqual({ passed: 3, failed: 5, skipped: 0 });
  });
});

describe('tallyOfExit', () => {
  test('is one test that passed or failed', () => {
    expect(tallyOfExit(0)).toEqual({ passed: 1, failed: 0, skipped: 0 });
    expect(tallyOfExit(2)).toEqual({ passed: 0, failed: 1, skipped: 0 });
  });
});

describe('tallyOfOutput', () => {
  test('reads the last line', () => {
    expect(tallyOfOutput('ok a\n1 passed, 9 failed\n12 passed, 0 failed\n', 0)).toEqual({
      passed: 12,
      failed: 0,
      skipped: 0,
    });
    expect(tallyOfOutput('5 passed, 1 failed, 2 skipped', 1)).toEqual({ passed: 5, failed: 1, skipped: 2 });
  });

  test.each(['', 'Killed', '12 passed, 0 failed\nerror: out of memory', '12 passed'])(
    'fails without a tally: %j',
    (output) => {
      expect(tallyOfOutput(output, 0)).toEqual({ passed: 0, failed: 1, skipped: 0 });
    },
  );

  test('does not believe a tally without failures of a program that failed', () => {
    expect(tallyOfOutput('12 passed, 0 failed', 1)).toEqual({ passed: 12, failed: 1, skipped: 0 });
  });
});

describe('tallyOfVitest', () => {
  const report = {
    numPassedTests: 7,
    numFailedTests: 0,
    numPendingTests: 2,
    numTodoTests: 1,
    testResults: [{ status: 'passed', assertionResults: [{}] }],
  };

  test('takes the counts, and skipped and unwritten tests together', () => {
    expect(tallyOfVitest(JSON.stringify(report), 0)).toEqual({ passed: 7, failed: 0, skipped: 3 });
  });

  test('counts a file that could not be loaded', () => {
    const broken = { ...report, testResults: [{ status: 'failed', assertionResults: [] }] };
    expect(tallyOfVitest(JSON.stringify(broken), 1)).toEqual({ passed: 7, failed: 1, skipped: 3 });
  });

  test('counts an error outside of tests, and a report that was never written', () => {
    expect(tallyOfVitest(JSON.stringify(report), 1)).toEqual({ passed: 7, failed: 1, skipped: 3 });
    expect(tallyOfVitest(undefined, 0)).toEqual({ passed: 0, failed: 1, skipped: 0 });
  });
});
