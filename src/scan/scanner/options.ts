import type { Platform } from '../../core/platform.ts';
import type { Server } from '../../couch/server.ts';
import type { Kv } from '../../kv/kv.ts';
import type { Registry } from '../../registry/registry.ts';
import type { RateLimits } from '../limiter/limits.ts';
import type { SkipOptions } from '../pass/skip.ts';
import type { ScanPlugin } from '../plugin.ts';
import type { Penalties } from '../schedule/penalty.ts';
import type { Schedule } from '../schedule/schedule.ts';
import type { Scannable } from '../source/open-source.ts';

/** What a scanner is made of. */
export interface ScannerOptions extends SkipOptions {
  /** What it is called in its store: scanners of one id share their work. Letters, digits, `_` and `-`. Default `scanner`. */
  readonly id?: string;
  /** Where it keeps everything: its jobs, how far they have come, and what was found. */
  readonly kv: Kv;
  /** The server whose databases are scanned; or, in its place, `sources`. */
  readonly server?: Server;
  /** Databases, or local replicas. */
  readonly sources?: Scannable;
  /** Of a server, only these databases. */
  readonly databases?: readonly string[];
  /** What this process scans with. */
  readonly plugins?: readonly ScanPlugin[];
  /** Where more plugins are found, also those that come and go: see {@link scanPlugins}. */
  readonly registry?: Pick<Registry, 'view' | 'data$'>;
  /** When each plugin scans. By default once, when it is enabled. */
  readonly schedule?: Schedule;
  /** How fast the source may be read and written, by all workers together. Default: 25 databases, 50 pages and 1,000 documents a second. */
  readonly limits?: Partial<RateLimits>;
  /** Parts of scans that this process works on at the same time. Default 2. */
  readonly concurrency?: number;
  /** Documents of a part, about. Default 50,000. A database of more than twice as many is split. */
  readonly partSize?: number;
  /** Documents of a page, and between two commits. Default 1,000. */
  readonly batchSize?: number;
  /** How many objects a plugin may fail on before its run counts as crashed. Default 1,000. */
  readonly maxFailures?: number;
  /** How long a plugin that has crashed is left alone. */
  readonly penalties?: Penalties;
  /** How often it is asked whether the source is in maintenance, in milliseconds. Default 15,000. */
  readonly interval?: number;
  /** Clock and chance, for tests. */
  readonly platform?: Partial<Platform>;
}
