import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { fsKv } from '../../adapters/fs/index.ts';
import { couch } from '../../src/couch/couch.ts';
import type { Kv } from '../../src/kv/kv.ts';
import { memoryKv } from '../../src/kv/memory.ts';
import type { PullOptions } from '../../src/pull/options.ts';
import { pull } from '../../src/pull/pull.ts';
import { openReplica } from '../../src/replica/replica.ts';
import { awkwardDocuments, generations, smallDocuments } from '../support/documents.ts';
import { expectFaithful } from '../support/faithful.ts';
import { prepareGround } from './ground.ts';
import { integrationServers } from './servers.ts';

describe.each(integrationServers)('A pull from %s', (_name, open, { countsPending }) => {
  const ground = prepareGround(open);

  /** Requests that say there is nothing more, where the server does not count what is left. */
  const askingAgain = countsPending ? 0 : 1;

  const pullOnce = (options?: PullOptions) => pull(couch.db(ground.source.url), ground.replica, options).done;

  test('of an empty database is done at once', async () => {
    const result = await pullOnce();
    expect(result).toMatchObject({ state: 'completed', docsRead: 0, docsWritten: 0, docsFailed: 0, requests: 2 });
    expect(await ground.replica.info()).toMatchObject({ docCount: 0, docDelCount: 0 });
  });

  test('brings documents of the first generation without a second request for any', async () => {
    const { source, replica } = ground;
    await source.replicate(smallDocuments(1000));
    const first = await pullOnce();
    expect(first).toMatchObject({ docsRead: 1000, docsWritten: 1000, docsFailed: 0, requests: 2 + askingAgain });
    expect(await replica.info()).toMatchObject({ docCount: 1000, docDelCount: 0, failed: 0 });
    const again = await pullOnce();
    expect(again).toMatchObject({ docsRead: 0, docsWritten: 0, requests: 2 });
    await expectFaithful(replica, source);
  });

  test('brings histories, conflicts and tombstones whole', async () => {
    const { source, replica } = ground;
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
    const { source, replica } = ground;
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
    const { source, replica } = ground;
    const { status, body } = await source.replicate(awkwardDocuments);
    expect([status, body]).toEqual([201, []]);
    expect(await pullOnce()).toMatchObject({ docsWritten: awkwardDocuments.length, docsFailed: 0 });
    await expectFaithful(replica, source);
    for (const { _id } of awkwardDocuments) expect((await replica.get(_id))?._id).toBe(_id);
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });

  test('goes on where another one was stopped, and reads nothing twice that is stored', async () => {
    const { source, replica } = ground;
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

  test('keeps its place in a store apart, where one is given', async () => {
    const { source, replica } = ground;
    await source.replicate(generations);
    const checkpoints = memoryKv();
    const pullApart = (kv: Kv) => pull(couch.db(source.url), replica, { checkpoints: kv }).done;
    const { seq } = await pullApart(checkpoints);
    expect((await replica.info()).checkpoints).toEqual([]);
    expect(await pullApart(checkpoints)).toMatchObject({ docsRead: 0, requests: 2, seq });
    // When it is lost, everything is looked at again, and nothing fetched.
    expect(await pullApart(memoryKv())).toMatchObject({ docsRead: 0, docsWritten: 0, docsFailed: 0 });
    await expectFaithful(replica, source);
  });

  test('brings documents as deep as a server remembers, and deeper', async () => {
    const { source, replica } = ground;
    const deep = Array.from({ length: 30 }, (_, number) => withHistory(`deep-${number}`, 2 + number * 40));
    await source.replicate(deep);
    expect(await pullOnce()).toMatchObject({ docsWritten: deep.length, docsFailed: 0 });
    await expectFaithful(replica, source);
    const edited = deep.map(({ _id, _revisions: { start } }) => withHistory(_id, start + 3));
    await source.replicate(edited);
    expect(await pullOnce()).toMatchObject({ docsWritten: deep.length, docsFailed: 0 });
    await expectFaithful(replica, source);
    for (const { _id } of deep) expect(await replica.leaves(_id)).toHaveLength(1);
  });

  test('brings many conflicts of one document', async () => {
    const { source, replica } = ground;
    const born = { _id: 'disputed', _rev: '1-a', v: 0 };
    await source.replicate([
      born,
      ...Array.from({ length: 60 }, (_, at) => {
        const id = at.toString().padStart(2, '0');
        const rev = { _id: born._id, _rev: `2-${id}`, _revisions: { start: 2, ids: [id, 'a'] } };
        return at % 4 === 0 ? { ...rev, _deleted: true } : { ...rev, v: at };
      }),
    ]);
    expect(await pullOnce()).toMatchObject({ docsWritten: 60, docsFailed: 0 });
    await expectFaithful(replica, source);
    const winner = await replica.get(born._id, { conflicts: true });
    expect(winner).toMatchObject({ _rev: '2-59' });
    expect(winner?.['_conflicts']).toHaveLength(44);
  });

  test('brings attachments, or counts them where their content is not wanted', async () => {
    const { source, replica } = ground;
    const text = { content_type: 'text/plain', data: btoa('flour, milk, eggs') };
    const bytes = { content_type: 'application/octet-stream', data: btoa('\u0000\u00ff') };
    await source.put({ _id: 'one', _attachments: { 'list.txt': text, 'a/b c+d': bytes } });
    await source.put({ _id: 'two', _attachments: { 'list.txt': text } });
    const { _attachments: kept, ...one } = JSON.parse((await source.read('/one')).text);
    await source.put({ ...one, edited: true, _attachments: { 'list.txt': kept['list.txt'] } });
    expect(await pullOnce({ attachments: false })).toMatchObject({ docsWritten: 2, docsFailed: 0 });
    await expectFaithful(replica, source);
    const here = await replica.get('one');
    const stub = { ...kept['list.txt'], stub: true, content_type: 'text/plain', length: 17 };
    expect(here).toMatchObject({ edited: true });
    expect(here?.['_attachments']).toEqual({ 'list.txt': stub });
    expect(await replica.info()).toMatchObject({ attachmentsMissing: 2 });
    expect(await pullOnce()).toMatchObject({ attachments: 1, docsFailed: 0 });
    expect(await replica.info()).toMatchObject({ attachmentsMissing: 0 });
    for (const id of ['one', 'two']) {
      expect(await (await (await replica.attachment(id, 'list.txt'))?.blob())?.text()).toBe('flour, milk, eggs');
    }
  });

  test('fills a replica on disk that can be read after it was opened again', async () => {
    const { source } = ground;
    await source.replicate(generations);
    const directory = await mkdtemp(join(tmpdir(), 'couchtide-'));
    try {
      const kv = await fsKv(directory);
      const replica = await openReplica(kv, source.name);
      await pull(couch.db(source.url), replica).done;
      await kv.close();
      const reopened = await fsKv(directory, { readOnly: true });
      await expectFaithful(await openReplica(reopened, source.name), source);
      await reopened.close();
    } finally {
      await rm(directory, { recursive: true });
    }
  });
});

/** A document that was edited so often, with as much of its history as a revision is sent with: a thousand at the most. */
function withHistory(_id: string, generation: number) {
  const names = Array.from({ length: Math.min(generation, 1000) }, (_, back) => (generation - back).toString(16));
  const ids = names.map((name) => name.padStart(32, '0'));
  return { _id, _rev: `${generation}-${ids[0]}`, _revisions: { start: generation, ids }, generation };
}
