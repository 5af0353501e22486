import { filter, firstValueFrom } from 'rxjs';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type CouchServer, startServer } from '../../demo/server/index.ts';
import { StoreError } from '../../src/core/errors.ts';
import { couch } from '../../src/couch/couch.ts';
import type { Kv } from '../../src/kv/kv.ts';
import { memoryKv } from '../../src/kv/memory.ts';
import { pull } from '../../src/pull/pull.ts';
import { openReplica, type Replica } from '../../src/replica/replica.ts';
import { alteredKv } from '../contract/altered-kv.ts';
import { smallDocuments } from '../support/documents.ts';
import { expectFaithful } from '../support/faithful.ts';
import { arrival, reaches } from '../support/pull-watch.ts';
import { createDatabase, type SourceDatabase } from '../support/source-database.ts';

let server: CouchServer;
let source: SourceDatabase;
let replica: Replica;
let isFull: boolean;

const full = new StoreError('There is no room left for the store', 'full');

beforeEach(async () => {
  server = await startServer();
  source = await createDatabase(server.url);
  isFull = false;
  const kv = memoryKv();
  const update: Kv['update'] = async (...asked) => {
    if (isFull) throw full;
    return kv.update(...asked);
  };
  replica = await openReplica(alteredKv(kv, { update }), source.name);
  await source.replicate(smallDocuments(20));
  await pull(couch.db(source.url), replica).done;
  await source.put({ _id: 'later', v: 1 });
});
afterEach(() => server.close());

describe('A pull into a store without room', () => {
  test('that is continuous says so, keeps still, and goes on when it is told to', async () => {
    isFull = true;
    const running = pull(couch.db(source.url), replica, { mode: 'continuous' });
    const told = firstValueFrom(running.events$.pipe(filter(({ type }) => type === 'quota')));
    await reaches(running, 'quota');
    expect(await told).toEqual({ type: 'quota', error: full });
    expect(running.status().error).toBe(full);
    const { total } = server.requests;
    for (let turn = 0; turn < 100; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    expect(server.requests.total).toBe(total);
    expect(await replica.get('later')).toBeUndefined();
    expect((await replica.info()).docCount).toBe(20);

    // There is none yet.
    running.resume();
    expect(running.status()).toMatchObject({ state: 'catching-up', error: undefined });
    await reaches(running, 'quota');
    isFull = false;
    running.resume();
    await arrival(running, replica, 'later');
    await expectFaithful(replica, source);
    await running.stop();
  });

  test('that is to end ends with the error, and what is stored stays', async () => {
    isFull = true;
    const running = pull(couch.db(source.url), replica);
    await expect(running.done).rejects.toBe(full);
    expect(running.status()).toMatchObject({ state: 'failed', error: full });
    isFull = false;
    expect((await pull(couch.db(source.url), replica).done).docsWritten).toBe(1);
    await expectFaithful(replica, source);
  });
});
