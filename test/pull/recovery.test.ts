import { filter, firstValueFrom } from 'rxjs';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type CouchServer, startServer } from '../../demo/server/index.ts';
import { platform } from '../../src/core/platform.ts';
import { couch } from '../../src/couch/couch.ts';
import { memoryKv } from '../../src/kv/memory.ts';
import type { PullOptions } from '../../src/pull/options.ts';
import { type Pull, pull } from '../../src/pull/pull.ts';
import type { PullState } from '../../src/pull/state.ts';
import type { PullEvent } from '../../src/pull/status.ts';
import { openReplica, type Replica } from '../../src/replica/replica.ts';
import { generations, smallDocuments } from '../support/documents.ts';
import { expectFaithful } from '../support/faithful.ts';
import { createDatabase, type SourceDatabase } from '../support/source-database.ts';
import { virtualClock } from '../support/virtual-clock.ts';

let server: CouchServer;
let source: SourceDatabase;
let replica: Replica;
let running: Pull;

beforeEach(async () => {
  server = await startServer();
  source = await createDatabase(server.url);
  replica = await openReplica(memoryKv(), source.name);
});
afterEach(async () => {
  await running.stop();
  await server.close();
});

function start(options: PullOptions = {}): void {
  const on = platform(options.platform);
  running = pull(couch.db(source.url, { platform: on }), replica, { mode: 'continuous', ...options });
}

function next<T extends PullEvent['type']>(type: T): Promise<Extract<PullEvent, { type: T }>> {
  const events = running.events$.pipe(filter((event): event is Extract<PullEvent, { type: T }> => event.type === type));
  return firstValueFrom(events);
}

async function isNow(state: PullState): Promise<void> {
  await firstValueFrom(running.status$.pipe(filter((status) => status.state === state)));
}

/** An abort signal that knows who listens to it. */
function countedSignal(): { readonly signal: AbortSignal; readonly listeners: () => number } {
  const { signal } = new AbortController();
  const listeners = new Set<unknown>();
  const add = signal.addEventListener.bind(signal);
  const remove = signal.removeEventListener.bind(signal);
  signal.addEventListener = (...[type, listener, options]: Parameters<typeof add>) => {
    listeners.add(listener);
    add(type, listener, options);
  };
  signal.removeEventListener = (...[type, listener, options]: Parameters<typeof remove>) => {
    listeners.delete(listener);
    remove(type, listener, options);
  };
  return { signal, listeners: () => listeners.size };
}

describe('A continuous pull', () => {
  test('begins as soon as there is somebody to pull from', async () => {
    await source.replicate([...smallDocuments(20), ...generations]);
    const gone = server.faults.add({ reset: true });
    const clock = virtualClock();
    start({ platform: clock.platform });
    await isNow('offline');
    expect(running.status()).toMatchObject({ docsRead: 0, docsFailed: 0 });
    gone();
    const caughtUp = next('caught-up');
    await clock.advance(1000);
    await caughtUp;
    await expectFaithful(replica, source);
  });

  test('survives a hundred failures, waits ten minutes at the most, and leaves nothing of them behind', async () => {
    await source.replicate(smallDocuments(5));
    const clock = virtualClock();
    const { signal, listeners } = countedSignal();
    start({ platform: clock.platform, retry: { attempts: 1 }, signal, interval: 5000 });
    await next('caught-up');
    await clock.sleeping(5000);
    const before = { listeners: listeners(), sleeps: clock.sleeps.length };

    const busy = server.faults.add({ answer: { status: 503 } });
    const delays: number[] = [];
    for (let wait = 5000; delays.length < 100; wait = delays.at(-1) ?? 0) {
      await clock.sleeping(wait);
      const retried = next('retry');
      await clock.advance(wait);
      const { delay, failures } = await retried;
      delays.push(delay);
      expect(failures).toBe(delays.length);
    }
    await clock.sleeping(300_000);
    expect(delays.slice(0, 4)).toEqual([500, 1000, 2000, 4000]);
    expect(Math.max(...delays)).toBe(300_000);
    expect(listeners()).toBe(before.listeners);
    expect(clock.sleeps).toHaveLength(before.sleeps);

    busy();
    const caughtUp = next('caught-up');
    await clock.advance(300_000);
    await caughtUp;
    server.faults.add({ answer: { status: 503 } });
    const retried = next('retry');
    await clock.sleeping(5000);
    await clock.advance(5000);
    expect(await retried).toMatchObject({ failures: 1, delay: 500 });
    await running.stop();
    expect(listeners()).toBe(0);
    expect(clock.sleeps).toEqual([]);
  });

  test('goes on where one to the end has stopped, and shares its place', async () => {
    await source.replicate([...smallDocuments(50), ...generations]);
    const { seq } = await pull(couch.db(source.url), replica).done;
    server.requests.reset();
    start();
    await running.caughtUp;
    expect(running.status()).toMatchObject({ docsRead: 0, docsWritten: 0, seq });
    expect(server.requests.count('POST')).toBe(0);
    await source.put({ _id: 'new', v: 1 });
    await running.inSync();
    await running.stop();
    expect(await pull(couch.db(source.url), replica).done).toMatchObject({ docsRead: 0, requests: 2 });
    expect((await replica.info()).checkpoints).toHaveLength(1);
  });

  test('says once that it has caught up, and once more after every burst', async () => {
    await source.replicate(smallDocuments(50));
    start();
    const seen: string[] = [];
    running.events$.subscribe(({ type }) => {
      if (type === 'caught-up' || (type === 'batch' && seen.at(-1) !== 'batch')) seen.push(type);
    });
    await running.caughtUp;
    for (const burst of [1, 2, 3]) {
      await isNow('live');
      const caughtUp = next('caught-up');
      await source.replicate(smallDocuments(20, `burst-${burst}`));
      await caughtUp;
      expect((await replica.info()).docCount).toBe(50 + 20 * burst);
      expect(running.status()).toMatchObject({ state: 'live', pending: 0 });
    }
    expect(seen).toEqual(Array.from({ length: 4 }, () => ['batch', 'caught-up']).flat());
  });
});

test('A session that ends while the feed is open is begun anew for the next request, and the feed goes on', async () => {
  const real = platform();
  let ahead = 0;
  await server.close();
  server = await startServer({ admins: { reader: 'secret' }, platform: { now: () => real.now() + ahead } });
  source = await createDatabase(server.url.replace('://', '://reader:secret@'));
  await source.replicate(smallDocuments(5));
  // So old that it may be renewed; for all that the client knows, it has not ended.
  let older = 0;
  const on = { elapsed: () => real.elapsed() + older, now: () => real.now() + older };
  const auth = { session: { username: 'reader', password: 'secret' } };
  const database = couch.db(source.url.replace('reader:secret@', ''), { auth, platform: on });
  running = pull(database, replica, { mode: 'continuous' });
  await isNow('live');
  while (server.requests.count('GET', /feed=continuous/) === 0) await new Promise((resolve) => setImmediate(resolve));
  ahead = 700_000;
  older = 6_000;
  const first = await source.put({ _id: 'later', v: 1 });
  await source.put({ _id: 'later', _rev: first, v: 2 });
  await running.inSync();
  expect(await replica.get('later')).toMatchObject({ v: 2 });
  expect(server.requests.count('POST', '/_session')).toBe(2);
  expect(server.requests.count('GET', /feed=continuous/)).toBe(1);
  expect(running.status()).toMatchObject({ docsFailed: 0 });
});
