import { DatabaseHandle } from '../pass/handle.ts';
import type { RateLimit } from '../pass/pass.ts';
import type { Partition, ScanPlugin } from '../plugin.ts';
import { illegal } from '../run/answers.ts';
import type { PluginRun } from '../run/plugin-run.ts';
import type { ScanSource, SourceDatabase } from '../source/scan-source.ts';
import type { PartScope } from './run-record.ts';

/** How a scan is split. */
export interface PlanOptions {
  /** Documents of a part, about. A database of more than twice as many is split itself. */
  readonly partSize: number;
  /** Whether all of each database is looked at: otherwise nothing is split, as little of it has changed. */
  readonly isFull: boolean;
  readonly limit: RateLimit;
  readonly signal: AbortSignal;
}

/** Databases of one part at the most. */
const MOST_DATABASES = 100;

/**
 * The parts of a scan. One plugin that has data and cannot merge them gets a single part. Costs a request for each database, and one
 * for each part of a large one, by which the server walks over its ids.
 */
export async function planParts(
  source: ScanSource,
  run: PluginRun,
  { partSize, isFull, limit, signal }: PlanOptions,
): Promise<PartScope[]> {
  const { plugin } = run;
  if (!isSplittable(plugin)) return [{ kind: 'everything' }];
  const scopes: PartScope[] = [];
  let names: string[] = [];
  let documents = 0;
  const close = (): void => {
    if (names.length > 0) scopes.push({ kind: 'databases', names });
    [names, documents] = [[], 0];
  };
  for await (const databases of source.databases('', signal)) {
    for (const db of databases) {
      const info = isFull ? await infoOf(db, limit, signal) : undefined;
      if (info !== undefined && plugin.doc !== undefined && info.docCount > 2 * partSize) {
        const ranges = await chosen(run, db, await db.partitions(partSize, signal), signal);
        scopes.push({ kind: 'rest', db: db.name, markAt: info.updateSeq });
        for (const range of ranges) scopes.push({ kind: 'range', db: db.name, ...range });
        continue;
      }
      names.push(db.name);
      documents += (info?.docCount ?? 0) + (info?.docDelCount ?? 0);
      if (documents >= partSize || names.length >= MOST_DATABASES) close();
    }
  }
  close();
  return scopes;
}

/** Whether parts of it can be put together again. */
export function isSplittable({ checkpoint, complete, merge }: ScanPlugin): boolean {
  return merge !== undefined || (checkpoint === undefined && complete === undefined);
}

/** A database that cannot be asked is told of by who scans it. */
async function infoOf(
  db: SourceDatabase,
  limit: RateLimit,
  signal: AbortSignal,
): Promise<Awaited<ReturnType<SourceDatabase['info']>> | undefined> {
  await limit.take('db', 1, signal);
  try {
    return await db.info(signal);
  } catch {
    signal.throwIfAborted();
    return undefined;
  }
}

/** Those parts that the plugin wants, in its order. */
async function chosen(
  run: PluginRun,
  db: SourceDatabase,
  parts: readonly Partition[],
  signal: AbortSignal,
): Promise<readonly Partition[]> {
  const { plugin } = run;
  if (plugin.partitions === undefined) return parts;
  const handle = new DatabaseHandle(db, signal);
  const answer = await run.ask('partitions', { db: db.name }, (state, context) =>
    plugin.partitions?.(state, handle, parts, context),
  );
  const given = answer?.['parts'];
  if (given === undefined) return parts;
  const isKnown = (part: unknown): part is Partition => parts.includes(part as Partition);
  if (Array.isArray(given) && given.every(isKnown) && new Set(given).size === given.length) return given;
  throw illegal(plugin.name, 'partitions', 'gave other parts than it was given');
}
