import { filter, firstValueFrom } from 'rxjs';
import { describe, expect, test } from 'vitest';
import { couch } from '../../src/couch/couch.ts';
import { pull } from '../../src/pull/pull.ts';
import type { PullEvent } from '../../src/pull/status.ts';
import { generations, smallDocuments } from '../support/documents.ts';
import { expectFaithful } from '../support/faithful.ts';
import { createDatabase } from '../support/source-database.ts';
import { prepareGround } from './ground.ts';
import { integrationServers } from './servers.ts';

describe.each(integrationServers)('When a database of %s', (_name, open, { isCouchDb }) => {
  const ground = prepareGround(open);

  /** What a server is not made for is no test that could be left out. */
  const whatCouchDbDoes = isCouchDb ? test : () => {};

  const pullOnce = () => pull(couch.db(ground.source.url), ground.replica).done;

  test('is deleted, a pull says so, and what is here stays', async () => {
    const { source, replica } = ground;
    await source.replicate(generations);
    await pullOnce();
    const before = await replica.info();
    await source.destroy();
    await expect(pullOnce()).rejects.toMatchObject({ name: 'CouchError', status: 404 });
    expect(await replica.info()).toEqual(before);
  });

  test('is deleted and made again with less in it, a pull brings what the new one has', async () => {
    const { server, source, replica } = ground;
    await source.replicate(smallDocuments(30));
    await pullOnce();
    await source.destroy();
    const again = await createDatabase(server.url, source.name);
    await again.replicate([...smallDocuments(10, 'second'), ...generations]);
    expect(await pullOnce()).toMatchObject({ docsWritten: 10 + generations.length, docsFailed: 0 });
    for (const { _id, _rev } of smallDocuments(10, 'second')) expect(await replica.get(_id)).toMatchObject({ _rev });
    expect(await pullOnce()).toMatchObject({ docsRead: 0, docsWritten: 0 });
  });

  for (const [how, options] of [
    ['live', {}],
    ['by polling', { interval: 100 }],
  ] as const) {
    whatCouchDbDoes(`is deleted and made again, a pull that goes on goes on with the new one, ${how}`, async () => {
      const { server, source, replica } = ground;
      await source.replicate(smallDocuments(30));
      const running = pull(couch.db(source.url), replica, { mode: 'continuous', ...options });
      const until = (type: PullEvent['type']) =>
        firstValueFrom(running.events$.pipe(filter((event) => event.type === type)), { defaultValue: undefined });
      try {
        await running.caughtUp;
        for (const round of ['at once', 'after a while']) {
          const gone = until('source-deleted');
          await source.destroy();
          if (round === 'after a while') await gone;
          const again = await createDatabase(server.url, source.name);
          await again.replicate(smallDocuments(10, round));
          // Subscribed before the replica is asked, so that no batch in between is overlooked.
          for (
            let next = until('batch');
            (await replica.get(`${round}-0000009`)) === undefined;
            next = until('batch')
          ) {
            await next;
          }
          await again.put({ _id: `then ${round}` });
          await running.inSync();
          expect(await replica.get(`then ${round}`)).toBeDefined();
        }
        expect(await replica.info()).toMatchObject({ docCount: 30 + 2 * 11 });
      } finally {
        await running.stop();
      }
    });
  }

  whatCouchDbDoes('is purged of a document, a pull keeps it and goes on', async () => {
    const { source, replica } = ground;
    await source.replicate(smallDocuments(10));
    await pullOnce();
    const [kept, purged, ...others] = smallDocuments(10);
    const answer = await source.send('POST', '/_purge', { [purged?._id ?? '']: [purged?._rev] });
    expect([201, 202]).toContain(answer.status);
    await source.put({ _id: 'later' });
    await source.put({ _id: kept?._id ?? '', _rev: kept?._rev ?? '', edited: true });
    expect(await pullOnce()).toMatchObject({ docsWritten: 2, docsFailed: 0 });
    expect(await replica.get(purged?._id ?? '')).toMatchObject({ _rev: purged?._rev });
    expect(await replica.info()).toMatchObject({ docCount: others.length + 3 });
  });

  test('changes while it is pulled, nothing is lost', async () => {
    const { source, replica } = ground;
    await source.replicate(smallDocuments(400));
    const running = pull(couch.db(source.url), replica, { batchSize: 50 });
    let round = 0;
    const writes: Promise<unknown>[] = [];
    running.events$.subscribe((event) => {
      if (event.type !== 'batch') return;
      round += 1;
      writes.push(
        source.replicate([
          ...smallDocuments(5, `meanwhile-${round}`),
          ...smallDocuments(400)
            .slice(round * 20, round * 20 + 10)
            .map(({ _id, _rev }) => ({
              _id,
              _rev: `2-${round}`,
              _revisions: { start: 2, ids: [`${round}`, _rev.slice(2)] },
              edited: true,
            })),
        ]),
      );
    });
    expect(await running.done).toMatchObject({ state: 'completed', docsFailed: 0 });
    await Promise.all(writes);
    expect(writes.length).toBeGreaterThan(1);
    expect(await pullOnce()).toMatchObject({ state: 'completed', docsFailed: 0 });
    await expectFaithful(replica, source);
  });
});
