import { filter, firstValueFrom } from 'rxjs';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type CouchServer, startServer } from '../../demo/server/index.ts';
import { platform } from '../../src/core/platform.ts';
import { couch } from '../../src/couch/couch.ts';
import { memoryKv } from '../../src/kv/memory.ts';
import type { PullOptions } from '../../src/pull/options.ts';
import { type Pull, pull } from '../../src/pull/pull.ts';
import type { PullState } from '../../src/pull/state.ts';
import { openReplica, type Replica } from '../../src/replica/replica.ts';
import { generations, smallDocuments } from '../support/documents.ts';
import { expectFaithful } from '../support/faithful.ts';
import { createDatabase, type SourceDatabase } from '../support/source-database.ts';

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

/** Long waits are cut short: what is tested is that there are some, and what happens after them. */
const hasty = platform({ sleep: (ms, signal) => platform().sleep(ms >= 20_000 ? ms : Math.min(ms, 5), signal) });

function start(options: PullOptions = {}): Pull {
  running = pull(couch.db(source.url, { platform: hasty }), replica, {
    mode: 'continuous',
    platform: hasty,
    ...options,
  });
  return running;
}

async function until(state: PullState): Promise<void> {
  await firstValueFrom(running.status$.pipe(filter((status) => status.state === state)));
}

async function untilHere(id: string, rev?: string): Promise<void> {
  await firstValueFrom(running.events$.pipe(filter((event) => event.type === 'caught-up')));
  while ((await replica.get(id, rev === undefined ? {} : { rev })) === undefined) {
    await firstValueFrom(running.events$.pipe(filter((event) => event.type === 'batch')));
  }
}

describe.each([
  ['live', {}],
  ['by polling', { interval: 10 }],
] as [string, PullOptions][])('A continuous pull, %s', (_how, options) => {
  test('catches up, then brings every change', async () => {
    await source.replicate([...smallDocuments(20), ...generations]);
    start(options);
    await running.caughtUp;
    await expectFaithful(replica, source);
    await until('live');
    await source.put({ _id: 'new', v: 1 });
    await untilHere('new');
    await source.replicate([
      { _id: 'edited', _rev: '4-d', _revisions: { start: 4, ids: ['d', 'c', 'b', 'a'] }, v: 4 },
      { _id: 'conflicted', _rev: '3-w', _revisions: { start: 3, ids: ['w', 'z', 'a'] }, _deleted: true },
    ]);
    await untilHere('edited', '4-d');
    await until('live');
    expect(running.status()).toMatchObject({ pending: 0, docsFailed: 0 });
    await expectFaithful(replica, source);
    await running.stop();
    expect((await running.done).state).toBe('stopped');
  });

  test('can be waited for, as a whole and document by document', async () => {
    await source.replicate([...smallDocuments(1200), ...generations]);
    start(options);
    await running.inSync();
    await expectFaithful(replica, source);
    for (const n of [1, 2, 3]) {
      await source.put({ _id: `mine-${n}`, n });
      await running.inSync(n === 3 ? {} : { id: `mine-${n}` });
      expect(await replica.get(`mine-${n}`)).toMatchObject({ n });
    }
    await running.inSync({ id: 'no-such' });
    running.pause();
    await source.put({ _id: 'never', v: 1 });
    const waiting = running.inSync({ id: 'never' });
    await running.stop();
    await expect(waiting).rejects.toMatchObject({ name: 'AbortError' });
  });

  test('goes on by itself when the server comes back', async () => {
    await source.replicate(smallDocuments(5));
    start({ ...options, retry: { attempts: 2 } });
    await until('live');
    const gone = server.faults.add({ reset: true });
    await until('offline');
    await source.put({ _id: 'meanwhile', v: 1 }).catch(() => undefined);
    gone();
    const busy = server.faults.add({ answer: { status: 503 }, times: 5 });
    await source.put({ _id: 'meanwhile', v: 1 }).catch(() => undefined);
    busy();
    await source.put({ _id: 'after', v: 1 });
    await untilHere('after');
    await expectFaithful(replica, source);
  });

  test('waits for other credentials when it is turned away, and does not ask over and over', async () => {
    await source.replicate(smallDocuments(5));
    start(options);
    await until('live');
    const strict = server.faults.add({ answer: { status: 401, body: '{"error":"unauthorized","reason":"expired"}' } });
    server.faults.add({ path: /feed=/, cut: { bytes: 0 }, times: 1 });
    await source.put({ _id: 'nudge', v: 1 }).catch(() => undefined);
    if (options.interval === undefined) await dropConnections();
    await until('auth-required');
    const { total } = server.requests;
    for (let turn = 0; turn < 100; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    expect(server.requests.total).toBe(total);
    strict();
    await source.put({ _id: 'after', v: 1 });
    running.resume();
    await untilHere('after');
  });

  test('is held and goes on in every state', async () => {
    await source.replicate(smallDocuments(5));
    start(options);
    running.pause();
    expect(running.status().state).toBe('paused');
    running.resume();
    await until('live');
    running.pause();
    await source.put({ _id: 'held', v: 1 });
    for (let turn = 0; turn < 100; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    expect(await replica.get('held')).toBeUndefined();
    running.resume();
    await untilHereNow('held');
  });
});

/** Ends the feed that is open, as a proxy does after a while. */
async function dropConnections(): Promise<void> {
  server.maintenance('true');
  server.maintenance('false');
}

async function untilHereNow(id: string): Promise<void> {
  while ((await replica.get(id)) === undefined) await new Promise((resolve) => setImmediate(resolve));
}
