import assert from 'node:assert/strict';
import { allLeaves } from '../faults/coverage.ts';
import { mixedHistories } from '../faults/documents.ts';
import { type BrowserSuite, startOrigin } from './bed.ts';
import { ask, eventually, openTab, until } from './tab.ts';

const DOCUMENTS = 3000;
/** Rows of a batch. */
const BATCH = 100;
/** Milliseconds in which the next tab has to have taken over, on a busy machine; on one with nothing else to do it takes some hundredths of a second. */
const SOON = 5000;

/** How slowly the source answers, so that the tab is lost in the middle of its pull. */
const DRIP = { pause: { ms: 20, per: 'chunk' } } as const;
const CHUNK = 16 * 1024;

/** A tab that is lost while it pulls. */
export const takeover: BrowserSuite = ({ name, browser, siteUrl }) => [
  {
    name: 'The tab that pulls is closed in the middle, and another goes on at once from the checkpoint',
    limit: 180_000,
    async run() {
      const { server, source } = await startOrigin();
      const context = await browser.newContext();
      try {
        server.config.chunkSize = CHUNK;
        server.database(source.name)?.load(mixedHistories(DOCUMENTS));
        const all = await allLeaves(source);
        const leader = await openTab(context, siteUrl);
        const next = await openTab(context, siteUrl);
        server.faults.add(DRIP);
        const options = { mode: 'continuous', batchSize: BATCH } as const;
        await ask(leader, 'start', source.url, options);
        await until(leader, ({ state }) => state === 'catching-up');
        await ask(next, 'start', source.url, options);
        const { leader: told } = await until(next, (status) => (status.leader?.docsWritten ?? 0) > 0);
        const lost = Date.now();
        await leader.close();
        const taken = await eventually(
          () => ask(next, 'states'),
          (states) => states.at(-1)?.state !== 'standby',
        );
        const ms = (taken[taken.findIndex(({ state }) => state === 'standby') + 1]?.at ?? Number.NaN) - lost;
        console.log(`${name}: ${ms} ms after the tab that pulls is closed, another one does`);
        assert.ok(ms < SOON, `${ms} ms`);
        server.faults.clear();

        const { docsRead } = await until(next, ({ state }) => state === 'live');
        // What the first tab had told to be stored is not read again.
        assert.ok(docsRead > 0 && docsRead <= all.size - (told?.docsWritten ?? 0), `${docsRead} of ${all.size}`);
        assert.deepEqual(await ask(next, 'problems', source.url), []);
        const leaves = await ask(next, 'leaves');
        assert.deepEqual(new Set(leaves.map(({ id, rev }) => `${id} ${rev}`)), all);
      } finally {
        await context.close();
        await server.close();
      }
    },
  },
];
