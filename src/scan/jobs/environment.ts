import type { Platform } from '../../core/platform.ts';
import type { Job } from '../../jobs/job.ts';
import type { Queue } from '../../jobs/queue.ts';
import type { Kv } from '../../kv/kv.ts';
import type { ScanEvent } from '../events.ts';
import type { Limiter } from '../limiter/limiter.ts';
import type { SkipPatterns } from '../pass/skip.ts';
import type { ScanPlugin } from '../plugin.ts';
import type { Penalties } from '../schedule/penalty.ts';
import type { Schedule } from '../schedule/schedule.ts';
import type { ScanSource } from '../source/scan-source.ts';
import type { ScanLayout } from '../state/layout.ts';

/** What the jobs of a scanner have around them on a worker. */
export interface ScanEnvironment {
  readonly kv: Kv;
  readonly queue: Queue;
  readonly layout: ScanLayout;
  readonly source: ScanSource;
  /** A plugin as it is now; undefined where this worker has none of this name. */
  readonly plugin: (name: string) => ScanPlugin | undefined;
  readonly limit: Limiter;
  readonly skip: () => Promise<SkipPatterns>;
  readonly schedule: () => Promise<Schedule>;
  readonly penalties: Penalties;
  readonly partSize: number;
  readonly batchSize: number;
  readonly maxFailures: number;
  /** How often it is asked whether the source can be scanned, in milliseconds. */
  readonly lookEvery: number;
  readonly onEvent: (event: ScanEvent) => void;
  readonly platform: Platform;
}

/** A job under way. */
export interface ScanWork {
  readonly job: Job;
  readonly signal: AbortSignal;
}
