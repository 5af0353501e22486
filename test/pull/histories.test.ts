import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type CouchServer, startServer } from '../../demo/server/index.ts';
import { couch } from '../../src/couch/couch.ts';
import { memoryKv } from '../../src/kv/memory.ts';
import type { PullOptions } from '../../src/pull/options.ts';
import { pull } from '../../src/pull/pull.ts';
import type { PullResult } from '../../src/pull/status.ts';
import { openReplica, type Replica } from '../../src/replica/replica.ts';
import type { Revision } from '../support/documents.ts';
import { expectFaithful } from '../support/faithful.ts';
import { revision } from '../support/revision.ts';
import { createDatabase, type SourceDatabase } from '../support/source-database.ts';

let server: CouchServer;
let source: SourceDatabase;
let replica: Replica;

beforeEach(async () => {
  server = await startServer();
  source = await createDatabase(server.url);
  replica = await openReplica(memoryKv(), source.name);
});
afterEach(() => server.close());

function run(options: PullOptions = {}): Promise<PullResult> {
  return pull(couch.db(source.url), replica, options).done;
}

/** A revision of the document `doc`: `'3-cba'` is 3-c, its parent 2-b, and 1-a; `!` behind a tombstone. */
function written(path: string): Revision {
  const [start = '', ids = ''] = path.replace('!', '').split('-');
  return {
    _id: 'doc',
    _rev: `${start}-${ids[0]}`,
    _revisions: { start: Number(start), ids: [...ids] },
    ...(path.endsWith('!') ? { _deleted: true } : {}),
    of: path,
  };
}

/** The leaves that the replica has, best first, `!` behind a tombstone. */
async function leaves(id = 'doc'): Promise<string[]> {
  return (await replica.leaves(id)).map(({ rev, deleted }) => (deleted ? `${rev}!` : rev));
}

/** The winner as the source shows it, or the status of its refusal. */
async function winnerOfSource(): Promise<unknown> {
  const { status, text } = await source.read('/doc?conflicts=true');
  return status === 200 ? JSON.parse(text) : status;
}

describe('One after the other, each with a pull of its own,', () => {
  test.each([
    ['conflicts of the first generation come', ['1-a', '1-b', '1-c'], ['1-c', '1-b', '1-a']],
    ['a loser is deleted', ['2-ba', '2-ca', '3-dba!'], ['2-c', '3-d!']],
    ['a winner is deleted, and a leaf of a lower generation wins', ['2-ba', '5-edcxa', '6-fedcxa!'], ['2-b', '6-f!']],
    ['all leaves are deleted, and a new branch lives', ['3-cba!', '3-xya!', '1-z'], ['1-z', '3-x!', '3-c!']],
    ['a tombstone is followed', ['1-a', '2-ba!', '3-cba'], ['3-c']],
    ['a tombstone is all there is', ['2-ba!'], ['2-b!']],
    ['ten generations win against nine', ['9-iabcdefgh', '10-abcdefghij'], ['10-a', '9-i']],
    ['an id stands at two generations', ['1-a', '2-aa', '3-aaa', '2-ba'], ['3-a', '2-b']],
    ['forks come of forks', ['1-a', '2-ba', '2-ca', '3-dca', '3-eca', '4-fdca!'], ['3-e', '2-b', '4-f!']],
  ])('%s', async (_what, paths, expected) => {
    for (const path of paths) {
      await source.replicate([written(path)]);
      // No more than what is new, whatever else the document has.
      expect(await run()).toMatchObject({ docsRead: 1, docsWritten: 1, docsFailed: 0 });
      await expectFaithful(replica, source);
      const winner = await winnerOfSource();
      expect(await replica.get('doc', { conflicts: true })).toEqual(winner === 404 ? undefined : winner);
    }
    expect(await leaves()).toEqual(expected);
    const { docCount, docDelCount } = await couch.db(source.url).info();
    expect(await replica.info()).toMatchObject({ docCount, docDelCount });
    // All at once and in another order, the same.
    replica = await openReplica(memoryKv(), 'other');
    await run();
    expect(await leaves()).toEqual(expected);
  });
});

test.each([
  ['_bulk_get', false],
  ['open_revs', true],
])('210 leaves of one document come by %s', async (_way, lacksBulkGet) => {
  if (lacksBulkGet) server.faults.add({ path: /_bulk_get/, answer: { status: 405 } });
  const hash = (n: number): string => n.toString(16).padStart(32, '0');
  await source.replicate(
    Array.from({ length: 210 }, (_, n) => ({
      _id: 'doc',
      _rev: `2-${hash(n)}`,
      _revisions: { start: 2, ids: [hash(n), hash(1000)] },
      n,
    })),
  );
  expect(await run()).toMatchObject({ docsRead: 210, docsWritten: 210, docsFailed: 0 });
  await expectFaithful(replica, source);
  // One url for all of them would fit no request line.
  expect(Math.max(...server.requests.all.map(({ path }) => path.length))).toBeLessThan(8000);
});

test('A revision in capitals comes as the source spells it, once', async () => {
  const hash = 'ABCDEF0123456789ABCDEF0123456789';
  await source.replicate([
    { _id: 'doc', _rev: `1-${hash}` },
    { _id: 'deep', _rev: `2-${hash}`, _revisions: { start: 2, ids: [hash, 'Short'] } },
  ]);
  expect(await run()).toMatchObject({ docsWritten: 2, docsFailed: 0 });
  expect(await leaves()).toEqual([`1-${hash.toLowerCase()}`]);
  await expectFaithful(replica, source);
  expect(await run()).toMatchObject({ docsRead: 0, requests: 2 });
});

describe('A history that the source has cut', () => {
  const limit = async (revs: number): Promise<void> => {
    const { status } = await fetch(`${source.url}/_revs_limit`, { method: 'PUT', body: String(revs) });
    expect(status).toBe(200);
  };

  test('of 5,000 generations comes as far as the source has it', async () => {
    const ids = Array.from({ length: 5000 }, (_, back) => (5000 - back).toString(16).padStart(32, '0'));
    await source.replicate([{ _id: 'doc', _rev: `5000-${ids[0]}`, _revisions: { start: 5000, ids } }]);
    expect(await run()).toMatchObject({ docsWritten: 1, docsFailed: 0 });
    expect((await replica.leaves('doc', { revs: true }))[0]?.revisions?.ids).toEqual(ids.slice(0, 1000));
    await expectFaithful(replica, source);
  });

  test('and that still meets what is here goes on with it', async () => {
    const edit = async (rev: string): Promise<string> => source.put({ _id: 'doc', _rev: rev, of: rev });
    let rev = await source.put({ _id: 'doc' });
    await run();
    await limit(3);
    rev = await edit(await edit(rev));
    expect(await run()).toMatchObject({ docsWritten: 1 });
    expect(await leaves()).toEqual([rev]);
    // The replica remembers what it once knew.
    expect((await replica.leaves('doc', { revs: true }))[0]?.revisions?.ids).toHaveLength(3);
    rev = await edit(rev);
    await run();
    expect((await replica.leaves('doc', { revs: true }))[0]?.revisions?.ids).toHaveLength(4);
  });

  test('beyond what is here stands beside it, as a conflict, and nothing is lost', async () => {
    const first = await source.put({ _id: 'doc', v: 0 });
    await run();
    await limit(3);
    let rev = first;
    for (let v = 1; v <= 9; v += 1) rev = await source.put({ _id: 'doc', _rev: rev, v });
    expect(await run()).toMatchObject({ docsWritten: 1, docsFailed: 0 });
    expect(await leaves()).toEqual([rev, first]);
    expect(await replica.get('doc')).toMatchObject({ _rev: rev, v: 9 });
    expect(await replica.get('doc', { rev: first })).toMatchObject({ v: 0 });
  });
});

describe('What somebody has written into the replica', () => {
  test('lives on where the source deletes what it came of, and so does the tombstone', async () => {
    await source.replicate([written('1-a')]);
    await run();
    await replica.writeBatch({ revisions: [revision('doc', 'mine a', { of: 'here' })] });
    await source.replicate([written('2-za!')]);
    expect(await run()).toMatchObject({ docsWritten: 1 });
    expect(await leaves()).toEqual(['2-mine', '2-z!']);
    expect(await replica.get('doc', { conflicts: true })).toEqual({ _id: 'doc', _rev: '2-mine', of: 'here' });
  });
});

test('Leaves alone: those that the source has left, tombstones among them, and no others', async () => {
  await source.replicate([written('2-aa'), written('2-ba')]);
  await run({ history: 'leaves' });
  expect(await leaves()).toEqual(['2-b', '2-a']);
  await source.replicate([written('3-caa'), written('3-dba!')]);
  await run({ history: 'leaves' });
  expect(await leaves()).toEqual(['3-c', '3-d!']);
});
