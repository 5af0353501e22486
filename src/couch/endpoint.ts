import type { Connection } from './connection.ts';
import type { RetryContext } from './retry.ts';

/** A url of a server, and the way to it: what every part of a handle works with. */
export interface Endpoint extends RetryContext {
  /** Without a slash at the end. */
  readonly url: string;
  readonly connection: Connection;
  /** What the server has turned out to be able to do; shared by all handles of it. */
  readonly capabilities: { bulkGet: boolean };
}
