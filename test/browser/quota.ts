import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import type { BrowserContext, Page } from 'playwright';
import type { Revision } from '../support/documents.ts';
import { type BrowserSuite, startOrigin } from './bed.ts';
import type { BrowserName, Extras } from './browsers.ts';
import { Profile } from './profile.ts';
import { ask, openTab, until } from './tab.ts';

const MEBIBYTE = 1024 * 1024;
/** What the site may keep, what it keeps beside the replica, and what is to be pulled, in mebibytes. */
const QUOTA = 48;
const ELSEWHERE = 40;
const COUNT = 1000;
/** Bytes of the text of a document. */
const LENGTH = 16 * 1024;
const BATCH = 50;

/** Firefox lets a site have a fifth of what all sites may keep for the time being, which it takes in kibibytes. */
const SMALL: Extras = {
  firefoxPreferences: { 'dom.quotaManager.temporaryStorage.fixedLimit': 5 * QUOTA * 1024 },
};

/** A browser that gives a site little room. */
export const quota: BrowserSuite = ({ name, siteUrl }) => [
  {
    name: "A pull that has used up the site's quota says so, all that is there can be read, and it goes on when there is room",
    limit: 180_000,
    async run() {
      const { server, source } = await startOrigin();
      try {
        server.database(source.name)?.load(largeDocuments());
        await Profile.use(
          name,
          async (profile) => {
            const context = await profile.open();
            await limit(name, context, siteUrl);
            const page = await openTab(context, siteUrl);
            await ask(page, 'keepElsewhere', ELSEWHERE * MEBIBYTE);
            await ask(page, 'start', source.url, { mode: 'continuous', batchSize: BATCH });
            await until(page, ({ state }) => state === 'quota');
            const stored = await wholeDocuments(page);
            assert.ok(stored > 0 && stored < COUNT, `${stored} of ${COUNT}`);

            // There is no room yet.
            await ask(page, 'resume');
            await until(page, ({ state }) => state === 'quota');
            const { total } = server.requests;
            const kept = await wholeDocuments(page);
            assert.ok(kept >= stored && kept < COUNT, `${kept} of ${COUNT}`);
            assert.equal(server.requests.total, total);

            await ask(page, 'makeRoom');
            await ask(page, 'resume');
            const { docsWritten } = await until(page, ({ state }) => state === 'live');
            console.log(`${name}: ${stored} of ${COUNT} documents had room`);
            // None was written a second time.
            assert.equal(docsWritten, COUNT);
            assert.equal(await wholeDocuments(page), COUNT);
            assert.deepEqual(await ask(page, 'problems', source.url), []);
          },
          SMALL,
        );
      } finally {
        await server.close();
      }
    },
  },
];

/** Gives a site no more than its quota where that is not said at the start of the browser, before anything looks how much there is. */
async function limit(name: BrowserName, context: BrowserContext, origin: string): Promise<void> {
  if (name !== 'chromium') return;
  const session = await context.newCDPSession(await context.newPage());
  await session.send('Storage.overrideQuotaForOrigin', { origin, quotaSize: QUOTA * MEBIBYTE });
}

/** How many documents are there, each of them read and sound. */
async function wholeDocuments(page: Page): Promise<number> {
  assert.deepEqual(await ask(page, 'problems'), []);
  const leaves = await ask(page, 'leaves');
  for (const { text } of leaves) assert.equal(String(JSON.parse(text).random).length, LENGTH);
  return leaves.length;
}

/** Documents that cannot be made smaller. */
function* largeDocuments(): Generator<Revision> {
  for (let index = 0; index < COUNT; index += 1) {
    const random = randomBytes((LENGTH * 3) / 4).toString('base64');
    yield { _id: `doc-${index}`, _rev: `1-${index.toString(16).padStart(32, '0')}`, random };
  }
}
