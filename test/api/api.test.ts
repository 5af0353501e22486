import { readFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { type ApiReport, describeApi, publicEntries, reportPath } from './report.ts';

const entries = await publicEntries();
const reports = new Map<string, ApiReport>();
for (const entry of entries) reports.set(entry, await describeApi(entry));

describe.each(entries)('the public types of %s', (entry) => {
  const report = reports.get(entry);

  test('are those of the checked-in report (npm run api)', async () => {
    expect(report?.text).toBe(await readFile(reportPath(entry), 'utf8'));
  });

  test('mention only types that a user can name', () => {
    const nameable = [reports.get('index'), report].flatMap((known) => exportedNames(known?.text ?? ''));
    expect(report?.unexported.filter((name) => !nameable.includes(name))).toEqual([]);
  });
});

function exportedNames(report: string): string[] {
  return [...report.matchAll(/^export (?:(?:abstract )?class|const|function|interface|type) (\w+)/gm)].map(
    ([, name]) => name ?? '',
  );
}
