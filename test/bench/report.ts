import type { Run } from './compete.ts';
import type { Rounds } from './rounds.ts';
import { ratios, summarize } from './statistics.ts';

/** What one database at one latency came to. */
export interface Result {
  readonly title: string;
  /** How many rounds there were. */
  readonly rounds: number;
  /** How long each contestant had for all its rounds, in milliseconds. */
  readonly limit: number;
  /** By the names of the contestants. */
  readonly standings: ReadonlyMap<string, Rounds<Run>>;
}

/** What all others are held against, where they took part. */
const MEASURES = ['floor', 'couchtide-memory'] as const;

const MEBIBYTE = 1024 * 1024;

/** A result as a Markdown table that is as readable as it stands, and below it why runs failed. */
export function formatResult({ title, rounds, limit, standings }: Result): string[] {
  const head = [
    '',
    'seconds',
    ...MEASURES.map((name) => `to ${name}`),
    'requests',
    'MiB received',
    'peak MiB',
    'rounds',
  ];
  const rows = [...standings].map(([name, outcomes]) => {
    const runs = outcomes.flatMap((outcome) => (outcome.type === 'measured' ? [outcome.value] : []));
    const figure = (digits: number, pick: (run: Run) => number) => median(runs.map(pick), digits);
    const isLate = runs.length === 0 && outcomes.at(-1)?.type === 'late';
    return [
      name,
      isLate ? `> ${limit / 1000}` : spread(runs.map(({ seconds }) => seconds)),
      ...MEASURES.map((other) => spread(ratios(secondsOf(outcomes), secondsOf(standings.get(other))))),
      figure(0, ({ requests }) => requests),
      figure(1, ({ bytes }) => bytes / MEBIBYTE),
      figure(0, ({ peak }) => peak / MEBIBYTE),
      `${runs.length} of ${rounds}`,
    ];
  });
  return [`### ${title}`, '', ...formatTable([head, ...rows]), ...formatFailures(standings)];
}

function formatFailures(standings: Result['standings']): string[] {
  const lines = [...standings].flatMap(([name, outcomes]) => {
    const reasons = outcomes.flatMap((outcome) => (outcome.type === 'failed' ? [outcome.reason] : []));
    const again = reasons.length > 1 ? `, the first of ${reasons.length} failures` : '';
    return reasons.length === 0 ? [] : [`- ${name} failed: ${reasons[0]}${again}`];
  });
  return lines.length === 0 ? [] : ['', ...lines];
}

/** Round by round, undefined where it was not measured. */
function secondsOf(outcomes: Rounds<Run> = []): (number | undefined)[] {
  return outcomes.map((outcome) => (outcome.type === 'measured' ? outcome.value.seconds : undefined));
}

function spread(values: readonly number[]): string {
  const summary = summarize(values);
  if (summary === undefined) return '';
  return `${summary.median.toFixed(2)} (${summary.least.toFixed(2)} to ${summary.most.toFixed(2)})`;
}

function median(values: readonly number[], digits: number): string {
  return summarize(values)?.median.toFixed(digits) ?? '';
}

/** Every column is as wide as its widest cell: names to the left, figures to the right. The first row is the head. */
export function formatTable(rows: readonly (readonly string[])[]): string[] {
  const widths: number[] = [];
  for (const row of rows) {
    for (const [column, cell] of row.entries()) widths[column] = Math.max(widths[column] ?? 3, cell.length);
  }
  const lines = rows.map((row) => {
    const cells = row.map((cell, column) => {
      const width = widths[column] ?? 0;
      return column === 0 ? cell.padEnd(width) : cell.padStart(width);
    });
    return `| ${cells.join(' | ')} |`;
  });
  const rule = widths.map((width, column) => (column === 0 ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`));
  const [head = '', ...body] = lines;
  return [head, `| ${rule.join(' | ')} |`, ...body];
}
