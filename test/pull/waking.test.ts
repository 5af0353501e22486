import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type CouchServer, startServer } from '../../demo/server/index.ts';
import { type Platform, platform } from '../../src/core/platform.ts';
import { couch } from '../../src/couch/couch.ts';
import { memoryKv } from '../../src/kv/memory.ts';
import type { PullOptions } from '../../src/pull/options.ts';
import { type Pull, pull } from '../../src/pull/pull.ts';
import { openReplica, type Replica } from '../../src/replica/replica.ts';
import { arrival, reaches } from '../support/pull-watch.ts';
import { createDatabase, type SourceDatabase } from '../support/source-database.ts';
import { virtualClock } from '../support/virtual-clock.ts';

let server: CouchServer;
let source: SourceDatabase;
let replica: Replica;
let running: Pull;
let on: Platform;
/** Who wants to know when the platform wakes. */
let listening: Set<() => void>;

beforeEach(async () => {
  server = await startServer();
  source = await createDatabase(server.url);
  await source.put({ _id: 'first', v: 1 });
  replica = await openReplica(memoryKv(), source.name);
  listening = new Set();
  const onWake = (wake: () => void): (() => void) => {
    listening.add(wake);
    return () => listening.delete(wake);
  };
  // Time stands still, so nothing happens by waiting.
  on = platform({ ...virtualClock().platform, onWake });
  running = start();
});
afterEach(async () => {
  await running.stop();
  await server.close();
});

function start(options: PullOptions = {}): Pull {
  return pull(couch.db(source.url, { platform: on }), replica, { mode: 'continuous', platform: on, ...options });
}

function wake(): void {
  for (const call of [...listening]) call();
}

describe('A continuous pull that wakes', () => {
  test('tries again at once what it would have waited for', async () => {
    await reaches(running, 'live');
    const gone = server.faults.add({ reset: true });
    wake();
    await reaches(running, 'offline');
    gone();
    await source.put({ _id: 'later', v: 1 });
    wake();
    await arrival(running, replica, 'later');
  });

  test('begins at once where it would have waited to begin', async () => {
    await running.stop();
    const gone = server.faults.add({ reset: true });
    running = start({ retry: { attempts: 1 } });
    await reaches(running, 'offline');
    gone();
    wake();
    await reaches(running, 'live');
  });

  test('asks what there is, as its connection may be dead', async () => {
    await reaches(running, 'live');
    const before = server.requests.count('GET', /_changes/) + server.requests.count('POST', /_changes/);
    wake();
    await source.put({ _id: 'later', v: 1 });
    await arrival(running, replica, 'later');
    const after = server.requests.count('GET', /_changes/) + server.requests.count('POST', /_changes/);
    expect(after).toBeGreaterThan(before);
  });

  test('leaves no listener behind', async () => {
    await reaches(running, 'live');
    await running.stop();
    expect(listening.size).toBe(0);
  });
});
