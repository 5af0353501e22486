import type { Platform } from '../../core/platform.ts';
import type { Kv } from '../../kv/kv.ts';
import type { BodyReader } from '../body-reader.ts';
import type { Layout } from '../layout.ts';
import type { Blocks } from './blocks.ts';
import type { RunList } from './run-list.ts';

/** What work on the records of a replica needs. */
export interface Workshop {
  readonly kv: Kv;
  readonly layout: Layout;
  readonly blocks: Blocks;
  readonly runs: RunList;
  readonly bodies: BodyReader;
  readonly partBytes: number;
  readonly platform: Platform;
}

/** What one step may write: small enough for every store, and for a page not to falter. */
export function stepBytes({ limits }: Kv): number {
  return Math.min(256 * 1024, limits.bytesPerUpdate / 4, (limits.mutationsPerUpdate / 4) * 1024);
}

/** How many records one step may delete. */
export function stepRecords({ limits }: Kv): number {
  return Math.max(1, Math.min(500, limits.mutationsPerUpdate - 2, Math.floor(limits.keyBytesPerUpdate / 1024) - 2));
}
