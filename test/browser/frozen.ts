import assert from 'node:assert/strict';
import type { BrowserContext, Page } from 'playwright';
import { type BreakableNetwork, layNetwork } from '../support/breakable-network.ts';
import { smallDocuments } from '../support/documents.ts';
import { type Bed, type BrowserSuite, startOrigin } from './bed.ts';
import { TABS_APART } from './browsers.ts';
import { openMortalTab } from './mortal-tab.ts';
import { Profile } from './profile.ts';
import { ask, openTab, until, untilHere } from './tab.ts';

const COUNT = 50;
/** How long a tab stands still, in milliseconds. */
const STILL = 5000;

/** A tab that can be brought to a stand. */
interface StillTab {
  readonly page: Page;
  stop(): void | Promise<void>;
  goOn(): void | Promise<void>;
}

/** How a tab stands still. */
interface Standstill {
  /** What happens to the tab, and to its connection meanwhile. */
  readonly what: string;
  readonly loss: string;
  start(profile: Profile): Promise<BrowserContext>;
  open(profile: Profile, context: BrowserContext, siteUrl: string): Promise<StillTab>;
  lose(network: BreakableNetwork): Promise<void>;
}

/** Nothing tells the page, but what is left of its connection. */
const STOPPED: Standstill = {
  what: 'is stopped by the system',
  loss: 'breaks',
  start: (profile) => profile.open(),
  open: openMortalTab,
  async lose(network) {
    await network.stop();
    await network.start();
  },
};

/** The page hears of it alone (https://wicg.github.io/page-lifecycle/), and stays hidden when it goes on. */
const FROZEN: Standstill = {
  what: 'is hidden and frozen by the browser',
  loss: 'dies without a sign',
  start: (profile) => profile.openPlain(),
  async open(_profile, context, siteUrl) {
    const page = await openTab(context, siteUrl);
    const session = await context.newCDPSession(page);
    const turn = (state: 'frozen' | 'active') => session.send('Page.setWebLifecycleState', { state });
    await page.evaluate(() => globalThis.addEventListener('freeze', () => console.log('frozen'), { capture: true }));
    return {
      page,
      async stop() {
        await Promise.all([page.waitForEvent('console', (message) => message.text() === 'frozen'), turn('frozen')]);
      },
      async goOn() {
        await turn('active');
      },
    };
  },
  async lose(network) {
    network.freeze();
  },
};

/** A tab that stands still for a while. */
export const frozen: BrowserSuite = (bed) =>
  (bed.name === 'chromium' ? [STOPPED, FROZEN] : [STOPPED]).map((standstill) => ({
    name: `The tab that pulls ${standstill.what} while its connection ${standstill.loss}, and goes on as the only one that pulls`,
    limit: 90_000,
    run: () => Profile.use(bed.name, (profile) => standStill(bed, profile, standstill), TABS_APART),
  }));

async function standStill({ name, siteUrl }: Bed, profile: Profile, standstill: Standstill): Promise<void> {
  const { server, source } = await startOrigin();
  const network = await layNetwork(server.url);
  try {
    await source.replicate(smallDocuments(COUNT));
    const url = `${network.url}/${source.name}`;
    const context = await standstill.start(profile);
    const other = await openTab(context, siteUrl);
    const leader = await standstill.open(profile, context, siteUrl);
    await ask(leader.page, 'start', url);
    await until(leader.page, ({ state }) => state === 'live');
    await ask(other, 'start', url);
    await until(other, (status) => status.leader?.state === 'live');

    await leader.stop();
    await standstill.lose(network);
    await new Promise((resolve) => setTimeout(resolve, STILL));
    await source.put({ _id: 'later', v: 1 });
    // As it does not answer for itself, what it holds stays with it.
    assert.equal((await ask(other, 'status'))?.state, 'standby');
    server.requests.reset();
    const begun = Date.now();
    await leader.goOn();
    for (const page of [leader.page, other]) await untilHere(page, COUNT + 1);
    console.log(
      `${name}: ${Date.now() - begun} ms after a tab goes on that ${standstill.what}, it has what came meanwhile`,
    );
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
}
