import { compareIds } from '../../replica/document-key.ts';
import type { ScanEvent } from '../events.ts';
import type { SourceDatabase } from '../source/scan-source.ts';
import type { KeptRun } from './kept-run.ts';
import { commitRuns, drain, type Pass } from './pass.ts';
import { scanDatabase } from './scan-database.ts';

/** The runs that want to see more. */
export function goingRuns({ runs }: Pass): KeptRun[] {
  return runs.filter(({ run }) => run.isActive);
}

/** The databases that some run has not passed, in order. */
export async function* databasesAhead(pass: Pass): AsyncGenerator<readonly SourceDatabase[], void, undefined> {
  const [first] = goingRuns(pass)
    .map(({ position }) => position.db)
    .sort(compareIds);
  // A database that has been passed counts as one that comes right behind it.
  if (first !== undefined) yield* pass.source.databases(first.replace(/\0$/, ''), pass.signal);
}

/** The names of all databases. */
export async function namesIn({ source, signal }: Pick<Pass, 'source' | 'signal'>): Promise<ReadonlySet<string>> {
  const names = new Set<string>();
  for await (const databases of source.databases('', signal)) for (const { name } of databases) names.add(name);
  return names;
}

/**
 * Shows databases to the plugins that have not passed them, one by one in the order of names. What is yielded is to be told. When it
 * ends, each run has ended, or has seen everything, or the budget is spent.
 *
 * @returns whether everything was seen
 */
export async function* scanPass(
  pass: Pass,
  databases: AsyncIterable<readonly SourceDatabase[]> | readonly (readonly SourceDatabase[])[],
): AsyncGenerator<readonly ScanEvent[], boolean, undefined> {
  const { budget, counts } = pass;
  for await (const some of databases) {
    for (const db of some) {
      const riders = goingRuns(pass).filter((kept) => kept.isBefore(db.name));
      if (riders.length === 0) continue;
      if (budget.isSpent(counts.documents)) return false;
      if (!(yield* scanDatabase(pass, db, riders))) return false;
      await commitRuns(pass, riders, false);
      yield drain(pass);
    }
    if (goingRuns(pass).length === 0) break;
  }
  return true;
}
