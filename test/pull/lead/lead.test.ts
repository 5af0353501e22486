import { filter, firstValueFrom } from 'rxjs';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type CouchServer, startServer } from '../../../demo/server/index.ts';
import { ClosedError } from '../../../src/core/errors.ts';
import { couch } from '../../../src/couch/couch.ts';
import type { Kv } from '../../../src/kv/kv.ts';
import { list } from '../../../src/kv/list.ts';
import { memoryKv } from '../../../src/kv/memory.ts';
import type { PullOptions } from '../../../src/pull/options.ts';
import { type Pull, pull } from '../../../src/pull/pull.ts';
import type { PullState } from '../../../src/pull/state.ts';
import type { PullStatus } from '../../../src/pull/status.ts';
import { openReplica, type Replica } from '../../../src/replica/replica.ts';
import { alteredKv } from '../../contract/altered-kv.ts';
import { smallDocuments } from '../../support/documents.ts';
import { expectFaithful } from '../../support/faithful.ts';
import { arrival, reaches } from '../../support/pull-watch.ts';
import { createDatabase, type SourceDatabase } from '../../support/source-database.ts';

let server: CouchServer;
let source: SourceDatabase;
let kv: Kv;
let replica: Replica;
let pulls: Pull[];

beforeEach(async () => {
  server = await startServer();
  source = await createDatabase(server.url);
  await source.replicate(smallDocuments(20));
  kv = memoryKv();
  replica = await openReplica(kv, source.name);
  pulls = [];
});
afterEach(async () => {
  for (const running of pulls) await running.stop();
  await server.close();
});

/** As a tab does it: with a handle of its own. */
async function start(options: PullOptions = {}, store = kv): Promise<Pull> {
  const running = pull(couch.db(source.url), await openReplica(store, source.name), { mode: 'continuous', ...options });
  pulls.push(running);
  return running;
}

/** Waits until a pull that stands by hears that the leader is in a state. */
async function hears(running: Pull, state: PullState): Promise<PullStatus> {
  return firstValueFrom(running.status$.pipe(filter(({ leader }) => leader?.state === state)));
}

async function lead(): Promise<[leader: Pull, next: Pull]> {
  const leader = await start();
  await reaches(leader, 'live');
  const next = await start();
  await hears(next, 'live');
  return [leader, next];
}

describe('Continuous pulls of one id into one target', () => {
  test('agree on one that works; the others say how it stands', async () => {
    const leader = await start();
    await leader.caughtUp;
    const { total } = server.requests;
    const others = await Promise.all([start(), start()]);
    for (const other of others) {
      const { state, leader: told } = await hears(other, 'live');
      expect(state).toBe('standby');
      expect(told).toMatchObject({ docsWritten: 20, seq: leader.status().seq, pending: 0 });
      await other.caughtUp;
    }
    await source.put({ _id: 'later', v: 1 });
    for (const other of others) {
      await firstValueFrom(other.status$.pipe(filter((status) => status.leader?.docsWritten === 21)));
      expect(other.status().requests).toBe(0);
    }
    // The live request that may have been under way, and the revision.
    expect(leader.status().requests - total).toBeLessThanOrEqual(4);
    await expectFaithful(replica, source);
  });

  test('go on one after the other, each from where the one before it was', async () => {
    const [leader, next] = await lead();
    const last = await start();
    await hears(last, 'live');
    await leader.stop();
    await reaches(next, 'live');
    expect(next.status()).toMatchObject({ docsRead: 0, leader: undefined });
    await source.put({ _id: 'later', v: 1 });
    await arrival(next, replica, 'later');
    await firstValueFrom(last.status$.pipe(filter((status) => status.leader?.docsWritten === 1)));
    await next.stop();
    await reaches(last, 'live');
    await expectFaithful(replica, source);
  });

  test('are held and let go on by any of them', async () => {
    const [leader, next] = await lead();
    next.pause();
    await reaches(leader, 'paused');
    expect(await hears(next, 'paused')).toMatchObject({ state: 'standby' });
    await source.put({ _id: 'held', v: 1 });
    for (let turn = 0; turn < 100; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    expect(await replica.get('held')).toBeUndefined();
    next.resume();
    await arrival(leader, replica, 'held');
  });

  test('stay held when the one that was held ends', async () => {
    const [leader, next] = await lead();
    leader.pause();
    await hears(next, 'paused');
    await leader.stop();
    await reaches(next, 'paused');
    await source.put({ _id: 'held', v: 1 });
    next.resume();
    await arrival(next, replica, 'held');
  });

  test('are held by one that is paused before it knows of the other', async () => {
    const leader = await start();
    await reaches(leader, 'live');
    const next = await start();
    next.pause();
    await reaches(leader, 'paused');
    await hears(next, 'paused');
    next.resume();
    await reaches(leader, 'live');
  });

  test('that stand by can be waited for, and stopped', async () => {
    const [, next] = await lead();
    await source.put({ _id: 'later', v: 1 });
    await next.inSync();
    expect(await replica.get('later')).toBeDefined();
    await next.stop();
    expect(await next.done).toMatchObject({ state: 'stopped', docsRead: 0 });
    expect(next.status().state).toBe('stopped');
  });

  test('that stand by fail when the store is closed', async () => {
    const [leader, next] = await lead();
    await kv.close();
    await expect(next.done).rejects.toBeInstanceOf(ClosedError);
    await expect(leader.done).rejects.toBeInstanceOf(ClosedError);
  });

  test('write nothing for others as long as there are none', async () => {
    const leader = await start();
    await reaches(leader, 'live');
    const keys: unknown[] = [];
    for await (const { key } of list(kv, { prefix: ['pull'] })) keys.push(key);
    expect(keys).toEqual([]);
  });

  test('believe nothing that a leader has left behind', async () => {
    const [leader, next] = await lead();
    await next.stop();
    await leader.stop();
    const again = await start({ platform: {} });
    server.faults.add({ reset: true });
    await reaches(again, 'offline');
    const late = await start();
    const told: (PullState | undefined)[] = [];
    late.status$.subscribe((status) => told.push(status.leader?.state));
    await hears(late, 'offline');
    expect(told).not.toContain('live');
  });
});

describe('Pulls that do not share', () => {
  test.each<[string, () => Promise<PullOptions>]>([
    ['of another id', async () => ({ id: 'another' })],
    ['of another selection', async () => ({ docIds: ['doc-1'] })],
    ['that end by themselves', async () => ({ mode: 'oneshot' })],
  ])('%s work at once', async (_what, options) => {
    await reaches(await start(), 'live');
    const other = await start(await options());
    await other.caughtUp;
    expect(other.status().requests).toBeGreaterThan(0);
  });

  test('work side by side in a store without locks', async () => {
    const { exclusive: _, ...without } = alteredKv(kv, {});
    const both = [await start({}, without), await start({}, without)];
    for (const running of both) await reaches(running, 'live');
    await expectFaithful(replica, source);
  });
});
