import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type CouchServer, startServer } from '../../demo/server/index.ts';
import { couch } from '../../src/couch/couch.ts';
import { memoryKv } from '../../src/kv/memory.ts';
import type { PullOptions } from '../../src/pull/options.ts';
import { pull } from '../../src/pull/pull.ts';
import type { PullResult } from '../../src/pull/status.ts';
import { openReplica, type Replica } from '../../src/replica/replica.ts';
import { smallDocuments } from '../support/documents.ts';
import { createDatabase, type SourceDatabase } from '../support/source-database.ts';

let server: CouchServer;
let source: SourceDatabase;
let replica: Replica;

beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server.close());
beforeEach(async () => {
  source = await createDatabase(server.url);
  replica = await openReplica(memoryKv(), source.name);
});
afterEach(() => source.destroy());

function run(options: PullOptions): Promise<PullResult> {
  return pull(couch.db(source.url, { retry: { base: 0, cap: 0 } }), replica, options).done;
}

async function idsHere(): Promise<string[]> {
  const ids: string[] = [];
  for await (const { _id } of replica.allDocs()) ids.push(_id);
  return ids;
}

const design = {
  _id: '_design/app',
  _rev: '1-a',
  filters: {
    upper: 'function (doc) { return doc.number >= 3; }',
    upperOrDeleted: 'function (doc) { return doc._deleted || doc.number >= 3; }',
    broken: 'function (doc) { throw new Error("cannot tell"); }',
  },
  views: { upper: { map: 'function (doc) { if (doc.number >= 3) emit(doc._id); }' } },
};

const upper = { number: { $gte: 3 } };

const ways: [string, PullOptions, deletions: boolean][] = [
  ['ids', { docIds: ['doc-0000003', 'doc-0000004'] }, true],
  ['a selector', { selector: upper }, false],
  ['a selector that lets tombstones pass', { selector: { $or: [{ _deleted: true }, upper] } }, true],
  ['a filter', { filter: { name: 'app/upper' } }, false],
  ['a filter that lets tombstones pass', { filter: { name: 'app/upperOrDeleted' } }, true],
  ['a view', { filter: { view: 'app/upper' } }, false],
];

describe.each(ways)('What is selected by %s', (_by, options, deletions) => {
  beforeEach(async () => {
    await source.replicate([design, ...smallDocuments(5)]);
    expect(await run(options)).toMatchObject({ docsWritten: 2, docsFailed: 0 });
    expect(await idsHere()).toEqual(['doc-0000003', 'doc-0000004']);
  });

  const [, , , , last] = smallDocuments(5);

  test(`is ${deletions ? 'deleted' : 'kept'} when the source deletes it`, async () => {
    await source.put({ _id: 'doc-0000004', _rev: last?._rev ?? '', _deleted: true });
    expect(await run(options)).toMatchObject({ docsWritten: deletions ? 1 : 0 });
    expect(await idsHere()).toEqual(deletions ? ['doc-0000003'] : ['doc-0000003', 'doc-0000004']);
  });

  test('stays as it was, unless named, when it is changed so that it would not be any more', async () => {
    await source.put({ _id: 'doc-0000004', _rev: last?._rev ?? '', number: 1 });
    const isNamed = options.docIds !== undefined;
    expect(await run(options)).toMatchObject({ docsWritten: isNamed ? 1 : 0 });
    expect(await replica.get('doc-0000004')).toMatchObject({ number: isNamed ? 1 : 4 });
  });

  test('comes in its newest state when it is changed so that it is again', async () => {
    const gone = await source.put({ _id: 'doc-0000004', _rev: last?._rev ?? '', number: 1 });
    await run(options);
    await source.put({ _id: 'doc-0000004', _rev: gone, number: 9 });
    expect(await run(options)).toMatchObject({ docsWritten: 1, docsFailed: 0 });
    expect(await replica.get('doc-0000004')).toMatchObject({ number: 9 });
  });
});

test('A filter that throws at the source ends the pull with what the source says, and passes nothing', async () => {
  await source.replicate([design, ...smallDocuments(5)]);
  await expect(run({ filter: { name: 'app/broken' } })).rejects.toMatchObject({ name: 'CouchError', status: 500 });
  expect(await replica.info()).toMatchObject({ docCount: 0, checkpoints: [] });
});

test('What is pulled without its history joins the source again when it is edited and sent back', async () => {
  await source.replicate([{ _id: 'a', _rev: '3-c', _revisions: { start: 3, ids: ['c', 'b', 'a'] }, v: 3 }]);
  await run({ history: 'leaves' });
  const { _revisions, ...here } = (await replica.get('a', { revs: true })) ?? expect.unreachable();
  expect(_revisions).toEqual({ start: 3, ids: ['c'] });
  await source.replicate([{ ...here, _rev: '4-d', _revisions: { start: 4, ids: ['d', 'c'] }, v: 4 }]);
  const leaves = JSON.parse((await source.read('/a?open_revs=all&revs=true')).text) as object[];
  expect(leaves).toEqual([
    { ok: { _id: 'a', _rev: '4-d', _revisions: { start: 4, ids: ['d', 'c', 'b', 'a'] }, v: 4 } },
  ]);
});
