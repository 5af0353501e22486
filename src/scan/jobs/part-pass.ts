import { childController } from '../../core/abort.ts';
import type { ScanEvent } from '../events.ts';
import { Budget } from '../pass/budget.ts';
import type { KeptRun } from '../pass/kept-run.ts';
import type { Pass } from '../pass/pass.ts';
import { databasesAhead, scanPass } from '../pass/scan-pass.ts';
import { scanRange } from '../pass/scan-range.ts';
import type { ScanEnvironment } from './environment.ts';
import type { PartData } from './run-record.ts';

/** How often it is told how far a part has come, in milliseconds. */
const TOLD = 1000;

/** The longest time between two commits, in milliseconds. */
const EVERY = 1000;

/** Takes what is to be told, and how far the part has come where that is due. */
type Tell = (events: readonly ScanEvent[], progress: Readonly<Record<string, unknown>> | undefined) => Promise<void>;

/**
 * Shows a plugin what a part is about, from where it stands.
 *
 * @returns whether all of it was seen; not, when the source cannot be scanned for a while
 */
export async function scanScope(
  env: ScanEnvironment,
  kept: KeptRun,
  { scope }: PartData,
  signal: AbortSignal,
  tell: Tell,
): Promise<boolean> {
  const { source, platform, limit, batchSize } = env;
  const counts = { databases: 0, designDocs: 0, documents: 0, bodies: 0, findings: 0, failures: 0 };
  const budget = new Budget({}, platform, () => source.requests());
  const pass: Pass = {
    source,
    runs: [kept],
    skip: await env.skip(),
    limit,
    budget,
    batch: batchSize,
    every: EVERY,
    counts,
    toldAt: Number.NEGATIVE_INFINITY,
    outbox: [],
    platform,
    signal,
    ...(scope.kind === 'rest' ? { only: 'tombstones' as const, markAt: scope.markAt } : {}),
  };
  let toldAt = platform.elapsed();
  const watching = watchSource(env, budget, signal);
  try {
    return await drive(passing(pass, kept, scope), async (events) => {
      const isDue = platform.elapsed() - toldAt >= TOLD;
      if (isDue) toldAt = platform.elapsed();
      await tell(events, isDue ? { ...counts, db: kept.position.db.replace(/\0$/, '') } : undefined);
    });
  } finally {
    watching.release();
  }
}

/** The passage over what the part is about. */
function passing(
  pass: Pass,
  kept: KeptRun,
  scope: PartData['scope'],
): AsyncGenerator<readonly ScanEvent[], boolean, undefined> {
  const { source } = pass;
  if (scope.kind === 'everything') return scanPass(pass, databasesAhead(pass));
  const names = scope.kind === 'databases' ? scope.names : [scope.db];
  const databases = names.flatMap((name) => source.open(name) ?? []);
  const [db] = databases;
  if (scope.kind === 'range' && db !== undefined) return scanRange(pass, db, scope, kept);
  return scanPass(pass, [databases]);
}

async function drive(
  passing: AsyncGenerator<readonly ScanEvent[], boolean, undefined>,
  tell: (events: readonly ScanEvent[]) => Promise<void>,
): Promise<boolean> {
  try {
    for (;;) {
      const step = await passing.next();
      if (step.done) return step.value;
      await tell(step.value);
    }
  } finally {
    // What it holds open is closed, also where nobody can be told.
    await passing.return(false);
  }
}

/** Breaks the run off where the source cannot be scanned for a while. */
function watchSource(env: ScanEnvironment, budget: Budget, signal: AbortSignal): { release(): void } {
  const ending = childController(signal);
  const watch = async (): Promise<void> => {
    for (;;) {
      await env.platform.sleep(env.lookEvery, ending.signal);
      // Where it cannot be asked, the scan itself finds out.
      if (!(await env.source.isUp(ending.signal).catch(() => true))) budget.spend();
    }
  };
  // It ends with the sleep that is aborted.
  watch().catch(() => {});
  return {
    release() {
      ending.abort();
      ending.release();
    },
  };
}
