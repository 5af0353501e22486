import assert from 'node:assert/strict';
import type { BrowserContext, Page } from 'playwright';
import { smallDocuments } from '../support/documents.ts';
import { type BrowserSuite, type Origin, startOrigin } from './bed.ts';
import { ask, openTab, until, untilHere } from './tab.ts';

const COUNT = 50;

/** What a case has at hand: a source, and tabs of one site. */
interface Scene extends Origin {
  readonly context: BrowserContext;
  /** Opens a tab that pulls the source, or another url; by itself, or in a worker of its own. */
  open(how?: 'start' | 'startInWorker', url?: string): Promise<Page>;
}

/** What tabs of one site do that pull one database. */
export const tabs: BrowserSuite = ({ browser, siteUrl }) =>
  Object.entries(cases).map(([name, run]) => ({
    name,
    async run() {
      const origin = await startOrigin();
      const { source } = origin;
      const context = await browser.newContext();
      try {
        await source.replicate(smallDocuments(COUNT));
        const open: Scene['open'] = async (how = 'start', url = source.url) => {
          const page = await openTab(context, siteUrl);
          await ask(page, how, url);
          return page;
        };
        await run({ ...origin, context, open });
      } finally {
        await context.close();
        await origin.server.close();
      }
    },
  }));

const cases: Readonly<Record<string, (scene: Scene) => Promise<void>>> = {
  'Three tabs have one pull on the wire, and all say how it stands': async ({ server, source, open }) => {
    const [leader, ...others] = [await open(), await open(), await open()];
    await until(leader, ({ state }) => state === 'live');
    for (const other of others) {
      const { leader: told } = await until(other, (status) => status.leader?.state === 'live');
      assert.equal(told?.seq, (await ask(leader, 'status'))?.seq);
    }
    await source.put({ _id: 'later', v: 1 });
    for (const page of [leader, ...others]) await untilHere(page, COUNT + 1);
    for (const other of others) assert.equal((await ask(other, 'status'))?.requests, 0);
    assert.equal(server.requests.count('GET', `/${source.name}`), 1);
  },

  'The tab that pulls is closed, and the next one goes on from the checkpoint': async ({ source, open }) => {
    const [leader, next] = [await open(), await open()];
    await until(leader, ({ state }) => state === 'live');
    await until(next, (status) => status.leader?.state === 'live');
    await leader.close();
    await until(next, ({ state }) => state === 'live');
    assert.equal((await ask(next, 'status'))?.docsRead, 0);
    await source.put({ _id: 'later', v: 1 });
    await untilHere(next, COUNT + 1);
  },

  'A tab that stands by holds the pull, and lets it go on': async ({ source, open }) => {
    const [leader, next] = [await open(), await open()];
    await until(next, (status) => status.leader?.state === 'live');
    await ask(next, 'pause');
    await until(leader, ({ state }) => state === 'paused');
    await until(next, (status) => status.leader?.state === 'paused');
    await source.put({ _id: 'later', v: 1 });
    await ask(next, 'resume');
    await untilHere(next, COUNT + 1);
  },

  'A tab whose network goes and comes back goes on at once': async ({ source, context, open }) => {
    const page = await open();
    await until(page, ({ state }) => state === 'live');
    await context.setOffline(true);
    await until(page, ({ state }) => state === 'offline');
    await source.put({ _id: 'later', v: 1 });
    await context.setOffline(false);
    await untilHere(page, COUNT + 1);
  },

  'A worker pulls; its page reads, holds it, waits for it and stops it': async ({ source, open }) => {
    const page = await open('startInWorker');
    await until(page, ({ state }) => state === 'live');
    assert.equal(await ask(page, 'documents'), COUNT);
    await ask(page, 'pause');
    await until(page, ({ state }) => state === 'paused');
    await source.put({ _id: 'later', v: 1 });
    await ask(page, 'resume');
    await ask(page, 'inSync');
    assert.equal(await ask(page, 'documents'), COUNT + 1);
    const { state, docsWritten } = (await ask(page, 'stop')) ?? {};
    assert.deepEqual([state, docsWritten], ['stopped', COUNT + 1]);
  },

  'A worker and another tab have one pull on the wire': async ({ server, source, open }) => {
    const [leader, next] = [await open('startInWorker'), await open()];
    await until(next, (status) => status.leader?.state === 'live');
    assert.equal(server.requests.count('GET', `/${source.name}`), 1);
    await leader.close();
    await until(next, ({ state }) => state === 'live');
  },

  'A worker tells why its pull has failed': async ({ server, open }) => {
    const page = await open('startInWorker', `${server.url}/nothing-here`);
    assert.equal(await ask(page, 'failure'), 'CouchError 404');
    assert.equal((await ask(page, 'status'))?.state, 'failed');
  },
};
