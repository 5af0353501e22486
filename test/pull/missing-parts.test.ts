import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { type CouchServer, startServer } from '../../demo/server/index.ts';
import { isNetworkError } from '../../src/core/errors.ts';
import { couch } from '../../src/couch/couch.ts';
import { memoryKv } from '../../src/kv/memory.ts';
import { pull } from '../../src/pull/pull.ts';
import { openReplica } from '../../src/replica/replica.ts';
import { smallDocuments } from '../support/documents.ts';
import { hasty } from '../support/hasty.ts';
import { arrival, reaches } from '../support/pull-watch.ts';
import { createDatabase, type SourceDatabase } from '../support/source-database.ts';

/** How often a part of the program cannot be had. */
const misses = vi.hoisted(() => ({ live: 0, lead: 0 }));

/** As in a browser: what could not be fetched is fetched again when it is asked for again. */
vi.mock('../../src/couch/feed/in-turn.ts', async (load) => miss('live', load));
vi.mock('../../src/pull/lead/lead.ts', async (load) => miss('lead', load));

function miss<T>(part: keyof typeof misses, load: () => Promise<T>): Promise<T> {
  misses[part] -= 1;
  if (misses[part] < 0) return load();
  throw new TypeError('Failed to fetch dynamically imported module');
}

let server: CouchServer;
let source: SourceDatabase;

beforeEach(async () => {
  server = await startServer();
  source = await createDatabase(server.url);
  await source.replicate(smallDocuments(20));
});
afterEach(() => server.close());

test('A continuous pull says that it is offline where a part of its program cannot be loaded, and goes on when it can', async () => {
  Object.assign(misses, { lead: 2, live: 3 });
  const replica = await openReplica(memoryKv(), 'pulled');
  const running = pull(couch.db(source.url), replica, { mode: 'continuous', platform: hasty });
  const errors: unknown[] = [];
  running.events$.subscribe((event) => {
    if (event.type === 'retry') errors.push(event.error);
  });
  await reaches(running, 'offline');
  await reaches(running, 'live');
  await source.put({ _id: 'later', v: 1 });
  await arrival(running, replica, 'later');
  await running.stop();
  expect((await replica.info()).docCount).toBe(21);
  // Two for want of the one, and some for want of the other: those missed in fetching it ahead are nobody's failures.
  expect(errors.length).toBeGreaterThan(2);
  expect(errors.every((error) => isNetworkError(error) && error.failure === 'unreachable')).toBe(true);
});
