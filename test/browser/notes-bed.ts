import assert from 'node:assert/strict';
import type { Browser, BrowserContext, Locator, Page } from 'playwright';
import { buildSite, type SiteFiles } from '../../demo/notes/build.ts';
import { admit, NOTEBOOK, startNotebook } from '../../demo/notes/notebook.ts';
import { serveSite } from '../../demo/notes/site.ts';
import type { CouchServer, DatabaseHandle } from '../../demo/server/index.ts';
import { type BreakableNetwork, layNetwork } from '../support/breakable-network.ts';
import { LIMIT } from './tab.ts';

/** The notes app as somebody uses it: its two servers, and a browser that has never seen it. */
export interface NotesBed {
  readonly couch: CouchServer;
  /** The notebook on the server. */
  readonly notebook: DatabaseHandle;
  /** The way to the server. */
  readonly network: BreakableNetwork;
  readonly context: BrowserContext;
  readonly siteUrl: string;
  /** What the site is made of. */
  readonly files: SiteFiles;
  /** What nobody has caught in the pages: nothing, in the end. */
  readonly errors: Error[];
  /** Ends the site, as when its server is gone. */
  closeSite(): Promise<void>;
  /** Begins the site anew at its address, with other files. */
  deploy(files: SiteFiles): Promise<void>;
  /** Opens the app in a tab. */
  open(): Promise<NotesPage>;
}

/** A tab with the app, by what somebody sees of it. */
export interface NotesPage {
  readonly page: Page;
  readonly status: Locator;
  readonly hold: Locator;
  readonly search: Locator;
  /** How many notes the list has, in words. */
  readonly found: Locator;
  /** The links of the list, or that to the note of this title. */
  links(title?: string): Locator;
  /** The note that is shown. */
  readonly note: Locator;
  readonly pictures: Locator;
}

/** Starts everything, does something with it, and ends everything. */
export async function withNotes(browser: Browser, run: (bed: NotesBed) => Promise<void>): Promise<void> {
  const couch = await startNotebook();
  const network = await layNetwork(couch.url);
  const files = await buildSite(`${network.url}/${NOTEBOOK}`);
  let site = await serveSite(files);
  admit(couch, site.url);
  const context = await browser.newContext();
  context.setDefaultTimeout(LIMIT);
  const errors: Error[] = [];
  context.on('weberror', (thrown) => errors.push(thrown.error()));
  const notebook = couch.database(NOTEBOOK);
  if (notebook === undefined) throw new Error('There is no notebook');
  const { url: siteUrl } = site;
  try {
    await run({
      couch,
      notebook,
      network,
      context,
      siteUrl,
      files,
      errors,
      closeSite: () => site.close(),
      async deploy(files) {
        await site.close();
        site = await serveSite(files, Number(new URL(siteUrl).port));
      },
      async open() {
        const page = await context.newPage();
        await page.goto(siteUrl);
        return notesPage(page);
      },
    });
    assert.deepEqual(errors, [], 'Something in the page was not caught');
  } finally {
    await context.close();
    await Promise.all([site.close(), network.stop()]);
    await couch.close();
  }
}

function notesPage(page: Page): NotesPage {
  const links = page.locator('#list a');
  return {
    page,
    status: page.locator('#status'),
    hold: page.getByRole('button', { name: /Pause|Resume|Try again/ }),
    search: page.getByRole('searchbox', { name: 'Search' }),
    found: page.locator('#found'),
    links: (title) => (title === undefined ? links : links.filter({ hasText: title })),
    note: page.getByRole('article'),
    pictures: page.locator('article img'),
  };
}
