import type { Platform } from '../../core/platform.ts';
import type { Sequence } from '../../couch/feed/sequence.ts';
import type { ScanCounts, ScanEvent } from '../events.ts';
import type { ScanSource } from '../source/scan-source.ts';
import type { Budget } from './budget.ts';
import type { KeptRun } from './kept-run.ts';
import type { SkipPatterns } from './skip.ts';

/** Waits until so much may be done to the source, and counts it. */
export interface RateLimit {
  take(kind: 'db' | 'doc' | 'write' | 'feed', amount: number, signal?: AbortSignal): Promise<void>;
}

/** One passage over the data, by several plugins at once. */
export interface Pass {
  readonly source: ScanSource;
  readonly runs: readonly KeptRun[];
  readonly skip: SkipPatterns;
  readonly limit: RateLimit;
  readonly budget: Budget;
  /** What is shown of documents, where others are shown the rest of them. */
  readonly only?: 'tombstones';
  /** Where a later scan begins in the database, where that is not where this one ends. */
  readonly markAt?: Sequence;
  /** Documents between two commits. */
  readonly batch: number;
  /** The longest time between two commits, in milliseconds. */
  readonly every: number;
  readonly counts: { -readonly [Name in keyof ScanCounts]: ScanCounts[Name] };
  /** When it was last told how far the scan has come, on the platform's steady clock. */
  toldAt: number;
  /** What is to be told next. */
  readonly outbox: ScanEvent[];
  readonly platform: Platform;
  readonly signal: AbortSignal;
}

/** Everything that is to be told now; the outbox is empty afterwards. */
export function drain({ outbox, counts }: Pass): ScanEvent[] {
  const told = outbox.splice(0);
  for (const { type } of told) {
    if (type === 'finding') counts.findings += 1;
    if (type === 'failure') counts.failures += 1;
  }
  return told;
}

/** So often is told how far a scan has come, at the most, in milliseconds. */
const PROGRESS = 250;

/** Tells how far the scan has come, if that was not told just now. */
export function tellProgress(pass: Pass, db: string, pending: number | undefined): void {
  const now = pass.platform.elapsed();
  if (now - pass.toldAt < PROGRESS) return;
  pass.toldAt = now;
  pass.outbox.push({ type: 'progress', ...pass.counts, db, ...(pending === undefined ? {} : { pending }) });
}

/** Keeps the runs that are due, or all of them. */
export async function commitRuns(pass: Pass, runs: readonly KeptRun[], isDue: boolean): Promise<void> {
  for (const kept of runs) {
    if (kept.run.outcome !== undefined) pass.outbox.push(...kept.leave());
    else {
      const isNow = isDue || kept.uncommitted >= pass.batch || kept.age >= pass.every;
      pass.outbox.push(...(isNow ? await kept.commit() : kept.tellUnkept()));
    }
  }
}
