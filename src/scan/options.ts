import type { Platform } from '../core/platform.ts';
import type { Kv } from '../kv/kv.ts';
import type { Finding } from './events.ts';
import type { ScanBudget } from './pass/budget.ts';
import type { RateLimit } from './pass/pass.ts';
import type { SkipOptions } from './pass/skip.ts';

/** How a scan is done. */
export interface ScanOptions extends SkipOptions {
  /** Where the scan keeps how far it has come, and its findings: one that is broken off goes on from there. */
  readonly store?: Kv;
  /** What the scan is called in the store. Default `scan`. */
  readonly id?: string;
  /**
   * `last`: only what has changed since the last scan that has ended, and with another configuration of a plugin what that
   * makes necessary; the findings in the store are kept up to date. Or the `token` of an earlier scan, whose place this one takes; then there is no store. By default
   * everything is scanned, unless a scan was broken off, which is gone on with.
   */
  readonly since?: string;
  /** `continuous`: when everything has been scanned, goes on with what changes, as it changes, without an end. */
  readonly feed?: 'normal' | 'continuous';
  /** How much this run may take. What is left, the next one goes on with. */
  readonly budget?: ScanBudget;
  /** How fast the source may be read. By default as fast as it answers. */
  readonly limit?: RateLimit;
  /** Documents of a page, and between two commits. Default 1,000. */
  readonly batchSize?: number;
  /** How many objects a plugin may fail on before its run ends. Default 1,000. */
  readonly maxFailures?: number;
  /** Findings that are known, and neither told nor kept: such as those of a {@link baseline}. */
  readonly isKnown?: (finding: Finding) => boolean;
  readonly signal?: AbortSignal;
  /** Clock and chance, for tests. */
  readonly platform?: Partial<Platform>;
}
