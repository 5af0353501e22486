import { afterEach, describe, expect, test } from 'vitest';
import { couch } from '../../src/couch/couch.ts';
import type { PullOptions } from '../../src/pull/options.ts';
import { type Pull, pull } from '../../src/pull/pull.ts';
import { generations, smallDocuments } from '../support/documents.ts';
import { expectFaithful } from '../support/faithful.ts';
import { pacedClock } from '../support/paced-clock.ts';
import { arrival } from '../support/pull-watch.ts';
import { prepareGround } from './ground.ts';
import { integrationServers } from './servers.ts';

describe.each(integrationServers)('A continuous pull from %s', (_name, open) => {
  const ground = prepareGround(open);
  let running: Pull;

  afterEach(() => running.stop());

  function start(options: PullOptions = {}): void {
    running = pull(couch.db(ground.source.url), ground.replica, { mode: 'continuous', ...options });
  }

  const here = (id: string, rev?: string): Promise<void> => arrival(running, ground.replica, id, rev);

  describe.each([
    ['live', {}],
    ['by polling', { interval: 50 }],
  ] as [string, PullOptions][])('%s,', (_how, options) => {
    test('brings what there is, then every edit, conflict and deletion', async () => {
      const { source, replica } = ground;
      await source.replicate([...smallDocuments(50), ...generations]);
      start(options);
      await running.caughtUp;
      await expectFaithful(replica, source);
      const rev = await source.put({ _id: 'new', v: 1 });
      await here('new');
      const edited = await source.put({ _id: 'new', _rev: rev, v: 2 });
      await here('new', edited);
      await source.send('DELETE', `/new?rev=${edited}`);
      await source.replicate([
        { _id: 'edited', _rev: '4-d', _revisions: { start: 4, ids: ['d', 'c', 'b', 'a'] }, v: 4 },
        { _id: 'plain', _rev: '1-other', v: 'a conflict' },
      ]);
      await running.inSync();
      await expectFaithful(replica, source);
      expect(running.status()).toMatchObject({ pending: 0, docsFailed: 0 });
      await running.stop();
      expect(await running.done).toMatchObject({ state: 'stopped' });
    });

    test('brings nothing while it is paused, and everything afterwards', async () => {
      const { source, replica } = ground;
      await source.replicate(smallDocuments(10));
      start(options);
      await running.caughtUp;
      running.pause();
      for (const n of [1, 2, 3]) await source.put({ _id: `held-${n}` });
      expect(running.status().state).toBe('paused');
      expect(await replica.info()).toMatchObject({ docCount: 10 });
      running.resume();
      await running.inSync();
      expect(await replica.info()).toMatchObject({ docCount: 13 });
    });
  });

  test('brings a change within a second', async () => {
    start();
    await running.caughtUp;
    const delays: number[] = [];
    for (const id of ['first', 'second', 'third']) {
      const arrived = here(id);
      await ground.source.put({ _id: id });
      const written = performance.now();
      await arrived;
      delays.push(performance.now() - written);
    }
    // The best of three, as the machine may have other things to do.
    expect(Math.min(...delays)).toBeLessThan(1000);
  });

  test('goes on from where another one was stopped', async () => {
    const { source, replica } = ground;
    await source.replicate(smallDocuments(300));
    start();
    await running.caughtUp;
    await running.stop();
    await source.replicate([...smallDocuments(20, 'meanwhile'), ...generations]);
    start();
    await running.inSync();
    expect(running.status()).toMatchObject({ docsWritten: 20 + generations.length, docsFailed: 0 });
    await expectFaithful(replica, source);
  });

  test('fails when its database is deleted, and has not been made anew for a minute', async () => {
    await ground.source.replicate(smallDocuments(5));
    start({ interval: 50, platform: pacedClock(20).platform });
    await running.caughtUp;
    await ground.source.destroy();
    await expect(running.done).rejects.toMatchObject({ name: 'CouchError', status: 404 });
    expect(running.status().state).toBe('failed');
    expect(await ground.replica.info()).toMatchObject({ docCount: 5 });
  });
});
