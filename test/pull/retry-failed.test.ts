import { beforeEach, expect, onTestFinished, test } from 'vitest';
import { type CouchServer, startServer } from '../../demo/server/index.ts';
import { couch } from '../../src/couch/couch.ts';
import { memoryKv } from '../../src/kv/memory.ts';
import type { PullOptions } from '../../src/pull/options.ts';
import { pull } from '../../src/pull/pull.ts';
import { openReplica, type Replica } from '../../src/replica/replica.ts';
import { hasty } from '../support/hasty.ts';

let server: CouchServer;
let replica: Replica;

beforeEach(async () => {
  server = await startServer();
  replica = await openReplica(memoryKv(), 'source');
  return () => server.close();
});

async function pullOnce(options: PullOptions) {
  const running = pull(couch.db(`${server.url}/source`, { platform: hasty }), replica, options);
  onTestFinished(() => running.stop());
  return running.done;
}

/** What a pull puts on record that could not have a revision. */
async function fail(id: string, rev: string): Promise<void> {
  await replica.writeBatch({ revisions: [], failures: [{ id, rev, reason: 'The source broke off at it' }] });
}

async function leavesOf(id: string): Promise<string[]> {
  return (await replica.leaves(id)).map(({ rev }) => rev).sort();
}

test.each([
  [{}, ['2-d']],
  [{ history: 'leaves' }, ['2-d']],
  [{ skipTombstones: true }, []],
] as [PullOptions, string[]][])(
  'what failed and was replaced meanwhile is no leaf again, by %j',
  async (options, dead) => {
    server.createDatabase('source').load([
      { _id: 'edited', _rev: '2-x', _revisions: { start: 2, ids: ['x', 'a'] } },
      { _id: 'edited', _rev: '2-b', _revisions: { start: 2, ids: ['b', 'a'] } },
      { _id: 'edited', _rev: '3-c', _revisions: { start: 3, ids: ['c', 'b', 'a'] } },
      { _id: 'deleted', _rev: '1-a' },
      { _id: 'deleted', _rev: '2-d', _revisions: { start: 2, ids: ['d', 'a'] }, _deleted: true },
    ]);
    await pullOnce(options);
    await fail('edited', '2-b');
    await fail('deleted', '1-a');
    expect(await pullOnce(options)).toMatchObject({ docsFailed: 0 });
    expect([await leavesOf('edited'), await leavesOf('deleted')]).toEqual([['2-x', '3-c'], dead]);
    expect((await replica.info()).failed).toBe(0);
  },
);

test('a tombstone that failed comes where the document is here', async () => {
  const source = server.createDatabase('source');
  source.load([{ _id: 'doc', _rev: '1-a' }]);
  await pullOnce({ skipTombstones: true });
  source.load([{ _id: 'doc', _rev: '2-d', _revisions: { start: 2, ids: ['d', 'a'] }, _deleted: true }]);
  const off = server.faults.add({ method: 'POST', path: /_bulk_get/, answer: { status: 400 }, times: 1 });
  await pullOnce({ skipTombstones: true });
  off();
  expect((await replica.info()).failed).toBe(1);
  await pullOnce({ skipTombstones: true });
  expect((await replica.info()).failed).toBe(0);
  expect(await leavesOf('doc')).toEqual(['2-d']);
});

test('what the source does not have, and no leaf leads back to, is forgotten', async () => {
  server.createDatabase('source').load([{ _id: 'doc', _rev: '2-b', _revisions: { start: 2, ids: ['b', 'a'] } }]);
  await pullOnce({});
  await fail('doc', '2-never');
  await fail('gone', '1-a');
  await pullOnce({});
  expect(await leavesOf('doc')).toEqual(['2-b']);
  expect((await replica.info()).failed).toBe(0);
});
