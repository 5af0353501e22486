import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { fsKv } from '../../adapters/fs/index.ts';
import { couch } from '../../src/couch/couch.ts';
import { memoryKv } from '../../src/kv/memory.ts';
import { pull } from '../../src/pull/pull.ts';
import { openReplica, type Replica } from '../../src/replica/replica.ts';
import { awkwardDocuments, generations, smallDocuments } from '../support/documents.ts';
import { expectFaithful } from '../support/faithful.ts';
import { createDatabase, type SourceDatabase } from '../support/source-database.ts';
import { type IntegrationServer, integrationServers } from './servers.ts';

describe.each(integrationServers)('A pull from %s', (_name, open, { countsPending }) => {
  let server: IntegrationServer;
  let source: SourceDatabase;
  let replica: Replica;

  beforeAll(async () => {
    server = await open();
  });
  afterAll(() => server.close());
  afterEach(() => source.destroy());

  /** Requests that say there is nothing more, where the server does not count what is left. */
  const askingAgain = countsPending ? 0 : 1;

  async function begin(): Promise<void> {
    source = await createDatabase(server.url);
    replica = await openReplica(memoryKv(), source.name);
  }

  const pullOnce = () => pull(couch.db(source.url), replica).done;

  test('of an empty database is done at once', async () => {
    await begin();
    const result = await pullOnce();
    expect(result).toMatchObject({ state: 'completed', docsRead: 0, docsWritten: 0, docsFailed: 0, requests: 2 });
    expect(await replica.info()).toMatchObject({ docCount: 0, docDelCount: 0 });
  });

  test('brings documents of the first generation without a second request for any', async () => {
    await begin();
    await source.replicate(smallDocuments(1000));
    const first = await pullOnce();
    expect(first).toMatchObject({ docsRead: 1000, docsWritten: 1000, docsFailed: 0, requests: 2 + askingAgain });
    expect(await replica.info()).toMatchObject({ docCount: 1000, docDelCount: 0, failed: 0 });
    const again = await pullOnce();
    expect(again).toMatchObject({ docsRead: 0, docsWritten: 0, requests: 2 });
    await expectFaithful(replica, source);
  });

  test('brings histories, conflicts and tombstones whole', async () => {
    await begin();
    await source.replicate(generations);
    const result = await pullOnce();
    expect(result).toMatchObject({ docsWritten: generations.length, docsFailed: 0 });
    await expectFaithful(replica, source);
    expect(await replica.get('edited', { revs: true })).toMatchObject({
      v: 3,
      _revisions: { start: 3, ids: ['c', 'b', 'a'] },
    });
    expect(await replica.get('conflicted', { conflicts: true })).toMatchObject({ _rev: '2-z', _conflicts: ['2-y'] });
    expect(await replica.get('deleted')).toBeUndefined();
    expect(await replica.get('deleted', { rev: '2-d' })).toMatchObject({ _deleted: true, why: 'spoiled' });
    expect(await replica.get('revived')).toMatchObject({ _rev: '3-r' });
  });

  test('writes exactly what is new the second time', async () => {
    await begin();
    await source.replicate(generations);
    await pullOnce();
    await source.replicate([
      { _id: 'edited', _rev: '4-d', _revisions: { start: 4, ids: ['d', 'c', 'b', 'a'] }, v: 4 },
      { _id: 'plain', _rev: '1-other', v: 'a conflict' },
      { _id: 'deleted', _rev: '3-e', _revisions: { start: 3, ids: ['e', 'd', 'a'] }, v: 'undeleted' },
      { _id: 'conflicted', _rev: '3-w', _revisions: { start: 3, ids: ['w', 'z', 'a'] }, _deleted: true },
      { _id: 'new', _rev: '1-n', v: 1 },
    ]);
    const second = await pullOnce();
    expect(second).toMatchObject({ docsRead: 5, docsWritten: 5, docsFailed: 0 });
    await expectFaithful(replica, source);
    expect((await replica.get('conflicted'))?._rev).toBe('2-y');
    expect(await pullOnce()).toMatchObject({ docsRead: 0, docsWritten: 0, requests: 2 });
  });

  test('brings ids, names and values that invite mistakes', async () => {
    await begin();
    const { status, body } = await source.replicate(awkwardDocuments);
    expect([status, body]).toEqual([201, []]);
    expect(await pullOnce()).toMatchObject({ docsWritten: awkwardDocuments.length, docsFailed: 0 });
    await expectFaithful(replica, source);
    for (const { _id } of awkwardDocuments) expect((await replica.get(_id))?._id).toBe(_id);
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });

  test('goes on where another one was stopped, and reads nothing twice that is stored', async () => {
    await begin();
    await source.replicate(smallDocuments(1000));
    await source.replicate(smallDocuments(1000, 'later'));
    const running = pull(couch.db(source.url), replica, { batchSize: 100 });
    const stopped = new Promise<void>((resolve, reject) => {
      running.events$.subscribe({
        next: (event) => {
          if (event.type === 'batch') running.stop().then(resolve, reject);
        },
      });
    });
    await stopped;
    const first = await running.done;
    expect(first.state).toBe('stopped');
    expect(first.docsWritten).toBeGreaterThan(0);
    expect(first.docsWritten).toBeLessThan(2000);
    const rest = await pull(couch.db(source.url), replica, { batchSize: 100 }).done;
    expect(first.docsWritten + rest.docsWritten).toBe(2000);
    expect(rest.docsRead).toBe(rest.docsWritten);
    await expectFaithful(replica, source);
  });

  test('fills a replica on disk that can be read after it was opened again', async () => {
    source = await createDatabase(server.url);
    await source.replicate(generations);
    const directory = await mkdtemp(join(tmpdir(), 'couchtide-'));
    try {
      const kv = await fsKv(directory);
      replica = await openReplica(kv, source.name);
      await pullOnce();
      await kv.close();
      const reopened = await fsKv(directory, { readOnly: true });
      await expectFaithful(await openReplica(reopened, source.name), source);
      await reopened.close();
    } finally {
      await rm(directory, { recursive: true });
    }
  });
});
