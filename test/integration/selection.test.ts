import { describe, expect, test } from 'vitest';
import { couch } from '../../src/couch/couch.ts';
import type { PullOptions } from '../../src/pull/options.ts';
import { pull } from '../../src/pull/pull.ts';
import { generations, smallDocuments } from '../support/documents.ts';
import { expectFaithful } from '../support/faithful.ts';
import { pathOf } from '../support/shown-leaves.ts';
import { prepareGround } from './ground.ts';
import { integrationServers } from './servers.ts';

describe.each(integrationServers)('Of what %s has, a pull takes', (_name, open, { isCouchDb }) => {
  const ground = prepareGround(open);

  const run = (options: PullOptions = {}) => pull(couch.db(ground.source.url), ground.replica, options).done;

  /** What a server is not made for is no test that could be left out. */
  const whatCouchDbDoes = isCouchDb ? test : () => {};

  async function idsHere(): Promise<string[]> {
    const ids: string[] = [];
    for await (const { _id } of ground.replica.allDocs()) ids.push(_id);
    return ids;
  }

  test('the documents that are named, and the rest afterwards', async () => {
    const { source, replica } = ground;
    await source.replicate([...generations, ...smallDocuments(20)]);
    const docIds = ['edited', 'conflicted', 'deleted', 'no-such', '_design/app'];
    expect(await run({ docIds })).toMatchObject({ docsWritten: 5, docsFailed: 0 });
    expect(await idsHere()).toEqual(['_design/app', 'conflicted', 'edited']);
    expect((await replica.leaves('deleted')).map(({ rev }) => rev)).toEqual(['2-d']);
    expect(await run({ docIds })).toMatchObject({ docsRead: 0, docsWritten: 0 });
    await run();
    await expectFaithful(replica, source);
  });

  whatCouchDbDoes('the documents that a selector matches, and goes on where it looked last', async () => {
    const { source } = ground;
    await source.replicate([...smallDocuments(10), ...generations]);
    const selector = { number: { $gte: 7 } };
    expect(await run({ selector })).toMatchObject({ docsWritten: 3 });
    expect(await idsHere()).toEqual(['doc-0000007', 'doc-0000008', 'doc-0000009']);
    await source.replicate(smallDocuments(5, 'other'));
    expect(await run({ selector })).toMatchObject({ docsRead: 0, docsWritten: 0 });
    await source.replicate(smallDocuments(8, 'third'));
    expect(await run({ selector })).toMatchObject({ docsWritten: 1 });
  });

  whatCouchDbDoes('deletions too, where the selector lets them', async () => {
    const { source, replica } = ground;
    const selector = { $or: [{ _deleted: true }, { number: { $gte: 3 } }] };
    await source.replicate(smallDocuments(5));
    expect(await run({ selector })).toMatchObject({ docsWritten: 2 });
    const [deleted] = smallDocuments(5).slice(4);
    await source.send('DELETE', `/${deleted?._id}?rev=${deleted?._rev}`);
    expect(await run({ selector })).toMatchObject({ docsWritten: 1 });
    expect(await idsHere()).toEqual(['doc-0000003']);
    expect(await replica.info()).toMatchObject({ docCount: 1, docDelCount: 1 });
  });

  test('what a function of a design document passes, and what a view maps', async () => {
    await ground.source.replicate([
      ...smallDocuments(4),
      {
        _id: '_design/app',
        _rev: '1-a',
        filters: { least: 'function (doc, req) { return doc.number >= Number(req.query.least); }' },
        views: { odd: { map: 'function (doc) { if (doc.number % 2) emit(doc._id); }' } },
      },
    ]);
    expect(await run({ filter: { name: 'app/least', params: { least: '3' } } })).toMatchObject({ docsWritten: 1 });
    expect(await run({ filter: { view: 'app/odd' } })).toMatchObject({ docsWritten: 1 });
    expect(await idsHere()).toEqual(['doc-0000001', 'doc-0000003']);
    await expect(run({ filter: { name: 'app/no-such' } })).rejects.toMatchObject({ name: 'CouchError', status: 404 });
  });

  test('what functions of the caller pass and change', async () => {
    await ground.source.replicate(smallDocuments(4));
    const options: PullOptions = {
      filter: (doc) => Number(doc['number']) > 1,
      transform: ({ number }) => ({ twice: Number(number) * 2 }),
    };
    expect(await run(options)).toMatchObject({ docsWritten: 2, docsFailed: 0 });
    expect(await ground.replica.get('doc-0000003')).toMatchObject({ _rev: expect.stringMatching(/^1-0+3$/), twice: 6 });
    expect(await idsHere()).toEqual(['doc-0000002', 'doc-0000003']);
  });

  test('only later changes, since a sequence and since now', async () => {
    const { source, replica } = ground;
    await source.replicate(smallDocuments(5));
    const since = (await couch.db(source.url).info()).updateSeq;
    await source.replicate(smallDocuments(2, 'later'));
    expect(await run({ since })).toMatchObject({ docsWritten: 2 });
    expect(await run({ since: 'now', id: 'another' })).toMatchObject({ docsWritten: 0 });
    await source.replicate(smallDocuments(3, 'latest'));
    expect(await run({ since: 'now', id: 'another' })).toMatchObject({ docsWritten: 3 });
    expect(await replica.info()).toMatchObject({ docCount: 5 });
  });

  test('leaves without their history, and drops those that the source dropped', async () => {
    const { source, replica } = ground;
    await source.replicate(generations);
    await run({ history: 'leaves' });
    for (const { _id } of generations) {
      const told: { ok: { _rev: string } }[] = JSON.parse((await source.read(`/${pathOf(_id)}?open_revs=all`)).text);
      expect((await replica.leaves(_id)).map(({ rev }) => rev).sort()).toEqual(told.map(({ ok }) => ok._rev).sort());
    }
    await source.replicate([
      { _id: 'edited', _rev: '5-e', _revisions: { start: 5, ids: ['e', 'd', 'c'] }, v: 5 },
      { _id: 'conflicted', _rev: '3-w', _revisions: { start: 3, ids: ['w', 'y', 'a'] }, v: 'w' },
    ]);
    await run({ history: 'leaves' });
    expect((await replica.leaves('edited')).map(({ rev }) => rev)).toEqual(['5-e']);
    expect((await replica.leaves('conflicted')).map(({ rev }) => rev)).toEqual(['3-w', '2-z']);
  });

  test('no tombstones of what was never here, but deletions of what is', async () => {
    const { source, replica } = ground;
    await source.replicate([...generations, ...smallDocuments(3)]);
    await run({ skipTombstones: true });
    expect(await replica.info()).toMatchObject({ docDelCount: 0 });
    const tombstones = ['doc-0000001', 'never-seen'].map((_id) => ({
      _id,
      _rev: '2-gone',
      _revisions: { start: 2, ids: ['gone', '00000000000000000000000000000001'] },
      _deleted: true,
    }));
    await source.replicate(tombstones);
    await run({ skipTombstones: true });
    expect((await replica.leaves('doc-0000001')).map(({ rev }) => rev)).toEqual(['2-gone']);
    expect(await replica.leaves('never-seen')).toEqual([]);
  });
});
