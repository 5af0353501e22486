import { expect, test } from 'vitest';
import type { Run } from './compete.ts';
import { formatResult } from './report.ts';
import type { Outcome } from './rounds.ts';

const MEBIBYTE = 1024 * 1024;

function ran(seconds: number): Outcome<Run> {
  return {
    type: 'measured',
    value: { seconds, peak: 100.4 * MEBIBYTE, requests: 2, bytes: 1.25 * MEBIBYTE },
  };
}

test('formatResult shows medians, ratios round by round, and all that went wrong', () => {
  const standings = new Map<string, Outcome<Run>[]>([
    ['floor', [ran(1), ran(2), ran(4)]],
    ['couchtide-memory', [ran(2), ran(3), ran(4)]],
    ['half', [ran(4), { type: 'failed', reason: 'It has 1 leaves of 2' }, { type: 'late' }]],
    ['broken', [1, 2, 3].map((round) => ({ type: 'failed', reason: `lost ${round}` }))],
    ['slow', [{ type: 'late' }]],
  ]);
  const lines = formatResult({ title: 'a set', rounds: 3, limit: 300_000, standings });
  expect(lines).toMatchInlineSnapshot(`
    [
      "### a set",
      "",
      "|                  |             seconds |            to floor | to couchtide-memory | requests | MiB received | peak MiB | rounds |",
      "| ---------------- | ------------------: | ------------------: | ------------------: | -------: | -----------: | -------: | -----: |",
      "| floor            | 2.00 (1.00 to 4.00) | 1.00 (1.00 to 1.00) | 0.67 (0.50 to 1.00) |        2 |          1.3 |      100 | 3 of 3 |",
      "| couchtide-memory | 3.00 (2.00 to 4.00) | 1.50 (1.00 to 2.00) | 1.00 (1.00 to 1.00) |        2 |          1.3 |      100 | 3 of 3 |",
      "| half             | 4.00 (4.00 to 4.00) | 4.00 (4.00 to 4.00) | 2.00 (2.00 to 2.00) |        2 |          1.3 |      100 | 1 of 3 |",
      "| broken           |                     |                     |                     |          |              |          | 0 of 3 |",
      "| slow             |               > 300 |                     |                     |          |              |          | 0 of 3 |",
      "",
      "- half failed: It has 1 leaves of 2",
      "- broken failed: lost 1, the first of 3 failures",
    ]
  `);
});
