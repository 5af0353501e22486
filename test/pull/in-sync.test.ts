import { expect, onTestFinished, test } from 'vitest';
import { startServer } from '../../demo/server/index.ts';
import { couch } from '../../src/couch/couch.ts';
import type { Sequence } from '../../src/couch/feed/sequence.ts';
import { memoryKv } from '../../src/kv/memory.ts';
import type { PullOptions } from '../../src/pull/options.ts';
import { pull } from '../../src/pull/pull.ts';
import { openReplica } from '../../src/replica/replica.ts';
import { smallDocuments } from '../support/documents.ts';

/** A live pull that is paused, the database at its source, and what waits until it is in sync. */
async function startPaused(options: PullOptions) {
  const server = await startServer();
  onTestFinished(() => server.close());
  const database = server.createDatabase('source');
  database.load(smallDocuments(3));
  const replica = await openReplica(memoryKv(), 'source');
  const running = pull(couch.db(`${server.url}/source`), replica, { mode: 'continuous', ...options });
  onTestFinished(() => running.stop());
  await running.caughtUp;
  running.pause();
  return {
    url: `${server.url}/source`,
    database,
    replica,
    running,
    /** Resolves when the source has answered what there is to wait for. */
    async asked(wait: () => Promise<void>): Promise<{ readonly waiting: Promise<void> }> {
      const before = server.requests.count('GET', /_changes.*limit=/);
      const waiting = wait();
      await expect.poll(() => server.requests.count('GET', /_changes.*limit=/)).toBe(before + 1);
      await expect
        .poll(() => server.requests.all.every(({ path, status }) => status === 200 || !/limit=/.test(path)))
        .toBe(true);
      return { waiting };
    },
  };
}

test('a pull that skips tombstones is in sync without them', async () => {
  const { database, replica, running, asked } = await startPaused({ skipTombstones: true });
  database.put({ _id: 'brief' });
  database.remove('brief');
  database.put({ _id: 'lasting' });
  const { waiting } = await asked(() => running.inSync());
  running.resume();
  await waiting;
  expect(await replica.get('lasting')).toBeDefined();
  expect(await replica.leaves('brief')).toEqual([]);
  await running.inSync({ id: 'brief' });
});

test('a pull with a filter of its own is in sync without what that holds back', async () => {
  const { database, replica, running, asked } = await startPaused({ filter: ({ _id }) => _id !== 'held-back' });
  database.put({ _id: 'held-back' });
  database.put({ _id: 'passed' });
  const { waiting } = await asked(() => running.inSync());
  running.resume();
  await waiting;
  expect(await replica.get('passed')).toBeDefined();
  expect(await replica.get('held-back')).toBeUndefined();
  await running.inSync({ id: 'held-back' });
});

test('a pull of leaves is in sync without a revision that was replaced meanwhile', async () => {
  const { database, replica, running, asked } = await startPaused({ history: 'leaves', interval: 5 });
  const first = database.put({ _id: 'edited', v: 1 });
  const { waiting } = await asked(() => running.inSync());
  database.put({ _id: 'edited', _rev: first, v: 2 });
  running.resume();
  await waiting;
  expect(await replica.get('edited')).toMatchObject({ v: 2 });
});

test('a pull is in sync with the sequence at which it stands, without a request', async () => {
  const server = await startServer();
  onTestFinished(() => server.close());
  server.createDatabase('source').load(smallDocuments(3));
  const replica = await openReplica(memoryKv(), 'source');
  const running = pull(couch.db(`${server.url}/source`), replica, { mode: 'continuous', interval: 60_000 });
  onTestFinished(() => running.stop());
  await running.caughtUp;
  server.requests.reset();
  const { seq } = running.status();
  if (seq === undefined) throw new Error('A pull that has caught up stands nowhere');
  await running.inSync({ seq });
  expect(server.requests.total).toBe(0);
});

test('a pull is in sync with a sequence as soon as its row is stored, or else once all is that there is', async () => {
  const { url, database, replica, running } = await startPaused({ batchSize: 1, interval: 5 });
  for (let n = 0; n < 5; n += 1) database.put({ _id: `new-${n}` });
  const sequences: (Sequence | null)[] = [];
  for await (const event of couch.db(url).changes({ since: running.status().seq ?? 0 })) {
    if (event.type === 'row') sequences.push(event.seq);
  }
  const second = sequences[1];
  if (typeof second !== 'string') throw new Error('A row says no sequence');
  const told: string[] = [];
  const waiting = [
    running.inSync({ seq: second }).then(() => told.push('row')),
    running.inSync({ seq: `${second}-of-another-answer` }).then(() => told.push('all')),
  ];
  running.events$.subscribe(({ type }) => {
    if (type === 'batch' && running.status().docsWritten === 5) running.pause();
  });
  running.resume();
  await waiting[0];
  for (let turn = 0; turn < 100; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  expect(told).toEqual(['row']);
  expect((await replica.info()).docCount).toBe(5);
  running.resume();
  await waiting[1];
  expect((await replica.info()).docCount).toBe(8);
});

test('a pull is waited for by an id or a sequence, not by both', async () => {
  const { running } = await startPaused({});
  await expect(running.inSync({ id: 'a', seq: '1-a' })).rejects.toMatchObject({ name: 'InputError' });
});
