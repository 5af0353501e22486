import type { Connection } from './connection.ts';
import type { RetryContext } from './retry.ts';

/** A url of a server, and the way to it: what every part of a handle works with. */
export interface Endpoint extends RetryContext {
  /** Without a slash at the end. */
  readonly url: string;
  /** Of the server itself. */
  readonly server: string;
  /** The same for all that see the same of the server. */
  readonly group: string;
  readonly connection: Connection;
  /** Until when, by the steady clock, the server counts as lacking what it once did not have; shared by all handles of it. */
  readonly lacking: { bulkGetUntil: number; multipartUntil: number };
}
