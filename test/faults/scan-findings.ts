import type { Finding } from '../../src/scan/events.ts';
import type { ScanTrace, TraceRun } from './scan-trace.ts';

/** What was scanned by several runs, some of which were broken off, and what is not as it should be. */
export interface Coverage {
  readonly complaints: readonly string[];
  /** Runs that were shown something that a later one was shown again. */
  readonly broken: number;
  /** How often something was shown again. */
  readonly again: number;
}

/**
 * Holds what was shown against what there is to be shown: all of it to each plugin, in one scan, and nothing of it twice but for at most one
 * batch of each run that was broken off.
 *
 * @param expected what an undisturbed scan was shown
 * @param batch documents between two commits
 */
export function coverageOf(trace: ScanTrace, expected: ScanTrace, batch: number): Coverage {
  const complaints: string[] = [];
  const last = new Map<string, TraceRun>();
  const repeated = new Map<TraceRun, number>();
  for (const run of trace.runs) {
    for (const object of run.shown) {
      const key = `${run.plugin} ${object}`;
      const before = last.get(key);
      if (before === run) complaints.push(`One run was shown ${key} twice`);
      else if (before !== undefined) repeated.set(before, (repeated.get(before) ?? 0) + 1);
      last.set(key, run);
    }
  }
  for (const [{ plugin, process }, count] of repeated) {
    if (count > batch) complaints.push(`Of what ${plugin} was shown in ${process}, ${count} came again`);
  }
  let there = 0;
  for (const { plugin, shown } of expected.runs) {
    there += shown.length;
    const missing = shown.filter((object) => !last.has(`${plugin} ${object}`));
    if (missing.length > 0) complaints.push(`${plugin} was not shown ${missing.length} objects, such as ${missing[0]}`);
  }
  if (last.size > there) complaints.push(`${last.size - there} objects were shown that are not there`);
  for (const plugin of new Set(expected.runs.map((run) => run.plugin))) {
    const isIts = (one: { readonly plugin: string }): boolean => one.plugin === plugin;
    const scans = new Set(trace.runs.filter((run) => isIts(run) && run.shown.length > 0).map(({ scan }) => scan));
    const completed = new Set(trace.completions.filter(isIts).map(({ scan }) => scan));
    const told = `${plugin} has scanned in ${[...scans].join(' and ')}, and completed ${[...completed].join(' and ')}`;
    if (scans.size !== 1 || [...scans].join() !== [...completed].join()) complaints.push(told);
  }
  const again = [...repeated.values()].reduce((sum, count) => sum + count, 0);
  return { complaints, broken: repeated.size, again };
}

/** Findings as texts, in order. */
export async function listed(findings: AsyncIterable<Finding>): Promise<string[]> {
  const texts: string[] = [];
  for await (const finding of findings) texts.push(JSON.stringify(finding));
  return texts;
}
