import assert from 'node:assert/strict';
import { allLeaves } from '../faults/coverage.ts';
import { mixedHistories } from '../faults/documents.ts';
import { type Bed, type BrowserSuite, startOrigin } from './bed.ts';
import { TABS_APART } from './browsers.ts';
import { type MortalTab, openMortalTab } from './mortal-tab.ts';
import { Profile } from './profile.ts';
import { ask, eventually, openTab, until } from './tab.ts';

const DOCUMENTS = 3000;
/** Rows of a batch. */
const BATCH = 100;
/** Milliseconds in which the next tab has to have taken over; on a machine with nothing else to do it takes some hundredths of a second. */
const SOON = 1000;

/** How slowly the source answers, so that the tab is lost in the middle of its pull. */
const DRIP = { pause: { ms: 20, per: 'chunk' } } as const;
const CHUNK = 16 * 1024;

/** How a tab is lost. */
const LOSSES = {
  'is closed': (tab: MortalTab): Promise<void> => tab.page.close(),
  // Its process is gone from one moment to the next: no handler of the page runs any more.
  'is killed': async (tab: MortalTab): Promise<void> => tab.kill(),
} as const;

/** A tab that is lost while it pulls. */
export const takeover: BrowserSuite = (bed) =>
  Object.entries(LOSSES).map(([what, lose]) => ({
    name: `The tab that pulls ${what} in the middle, and another goes on at once from the checkpoint`,
    limit: 180_000,
    run: () => Profile.use(bed.name, (profile) => takeOver(bed, profile, what, lose), TABS_APART),
  }));

async function takeOver(
  { name, siteUrl }: Bed,
  profile: Profile,
  what: string,
  lose: (tab: MortalTab) => Promise<void>,
): Promise<void> {
  const { server, source } = await startOrigin();
  try {
    const context = await profile.open();
    server.config.chunkSize = CHUNK;
    server.database(source.name)?.load(mixedHistories(DOCUMENTS));
    const all = await allLeaves(source);
    const next = await openTab(context, siteUrl);
    const leader = await openMortalTab(profile, context, siteUrl);
    server.faults.add(DRIP);
    const options = { mode: 'continuous', batchSize: BATCH } as const;
    await ask(leader.page, 'start', source.url, options);
    await until(leader.page, ({ state }) => state === 'catching-up');
    await ask(next, 'start', source.url, options);
    const { leader: told } = await until(next, (status) => (status.leader?.docsWritten ?? 0) > 0);
    const lost = Date.now();
    await lose(leader);
    const taken = await eventually(
      () => ask(next, 'states'),
      (states) => states.at(-1)?.state !== 'standby',
    );
    const ms = (taken[taken.findIndex(({ state }) => state === 'standby') + 1]?.at ?? Number.NaN) - lost;
    console.log(`${name}: ${ms} ms after the tab that pulls ${what}, another one does`);
    assert.ok(ms < SOON, `${ms} ms`);
    server.faults.clear();

    const { docsRead } = await until(next, ({ state }) => state === 'live');
    // What the first tab had told to be stored is not read again.
    assert.ok(docsRead > 0 && docsRead <= all.size - (told?.docsWritten ?? 0), `${docsRead} of ${all.size}`);
    assert.deepEqual(await ask(next, 'problems', source.url), []);
    const leaves = await ask(next, 'leaves');
    assert.deepEqual(new Set(leaves.map(({ id, rev }) => `${id} ${rev}`)), all);
  } finally {
    await server.close();
  }
}
