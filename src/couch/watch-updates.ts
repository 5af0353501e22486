import type { Watching } from './budget/seat.ts';
import { follow } from './feed/live.ts';
import { planFeed } from './feed/timing.ts';
import type { Endpoint } from './request/endpoint.ts';
import { parseUpdate } from './updates.ts';

/**
 * Follows `_db_updates` from now on, for the live feeds of the server's databases: see `Party.watch`. What goes over the
 * wire for this is counted nowhere.
 */
export async function watchUpdates(
  { server, ...endpoint }: Endpoint,
  { seat, onTold, onLost }: Watching,
  signal: AbortSignal,
): Promise<void> {
  const connection = { ...endpoint.connection, traffic: { requests: 0, bytes: 0 } };
  const source = {
    endpoint: { ...endpoint, url: server, server, connection, onRetry: onLost },
    request: { url: `${server}/_db_updates` },
    parse: parseUpdate,
    since: 'now',
    limit: undefined,
  };
  const plan = planFeed('live', {}, endpoint.retry);
  const options = { plan, timing: {}, isSelective: false, countsPending: true, seat };
  for await (const events of follow(source, options, signal)) {
    for (const event of events) if ('dbName' in event) onTold(event.dbName);
  }
}
