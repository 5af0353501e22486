import assert from 'node:assert/strict';
import { layNetwork } from '../support/breakable-network.ts';
import { smallDocuments } from '../support/documents.ts';
import { type BrowserSuite, startOrigin } from './bed.ts';
import { TABS_APART } from './browsers.ts';
import { openMortalTab } from './mortal-tab.ts';
import { Profile } from './profile.ts';
import { ask, openTab, until, untilHere } from './tab.ts';

const COUNT = 50;
/** How long a tab stands still, in milliseconds. */
const STILL = 5000;

/** A tab that stands still for a while, as of a machine that sleeps. */
export const frozen: BrowserSuite = ({ name, siteUrl }) => [
  {
    name: 'The tab that pulls stands still while its connection breaks, and goes on as the only one that pulls',
    run: () =>
      Profile.use(
        name,
        async (profile) => {
          const { server, source } = await startOrigin();
          const network = await layNetwork(server.url);
          try {
            await source.replicate(smallDocuments(COUNT));
            const url = `${network.url}/${source.name}`;
            const context = await profile.open();
            const other = await openTab(context, siteUrl);
            const leader = await openMortalTab(profile, context, siteUrl);
            await ask(leader.page, 'start', url);
            await until(leader.page, ({ state }) => state === 'live');
            await ask(other, 'start', url);
            await until(other, (status) => status.leader?.state === 'live');

            leader.stop();
            await network.stop();
            await new Promise((resolve) => setTimeout(resolve, STILL));
            await source.put({ _id: 'later', v: 1 });
            // As it does not answer for itself, what it holds stays with it.
            assert.equal((await ask(other, 'status'))?.state, 'standby');
            await network.start();
            server.requests.reset();
            const begun = Date.now();
            leader.goOn();
            for (const page of [leader.page, other]) await untilHere(page, COUNT + 1);
            console.log(`${name}: ${Date.now() - begun} ms after a tab goes on, it has what came meanwhile`);
            const { docsRead } = await until(leader.page, ({ state }) => state === 'live');
            await until(other, (status) => status.leader?.state === 'live');

            // It has read nothing twice, and the other one has asked for nothing.
            assert.equal(docsRead, COUNT + 1);
            assert.equal((await ask(other, 'status'))?.requests, 0);
            assert.equal(server.requests.count('GET', /_changes\?.*feed=/), 1);
          } finally {
            await network.stop();
            await server.close();
          }
        },
        TABS_APART,
      ),
  },
];
