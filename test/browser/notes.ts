import assert from 'node:assert/strict';
import { buildSite } from '../../demo/notes/build.ts';
import type { BrowserSuite } from './bed.ts';
import { type NotesBed, type NotesPage, withNotes } from './notes-bed.ts';

/** How many notes the notebook has at first; every other one has a picture. */
const COUNT = 24;

/** Milliseconds after which a case is taken to hang: several of them are made of many waits. */
const HANG = 120_000;

/** The notes app, by what somebody sees who uses it. */
export const notes: BrowserSuite = ({ browser }) =>
  Object.entries(cases).map(([name, run]) => ({
    name: `The notes app: ${name}`,
    limit: HANG,
    run: () => withNotes(browser, run),
  }));

const cases: Readonly<Record<string, (bed: NotesBed) => Promise<void>>> = {
  'the first visit brings the notes and their pictures': async ({ couch, open }) => {
    const tab = await open();
    await shows(tab, COUNT);
    await says(tab, /^Up to date$/);
    await tab.links('The pass at noon').first().click();
    assert.equal(await tab.note.getByRole('heading').textContent(), 'The pass at noon');
    assert.deepEqual(await widths(tab), [480]);
    // Each picture of its own came with the notes, and none alone.
    assert.equal(couch.requests.count('GET', /\.svg/), 0);
  },

  'without its two servers the page opens again, with every note and every picture': async (bed) => {
    const tab = await bed.open();
    await shows(tab, COUNT);
    await says(tab, /^Up to date$/);
    await isKept(tab);
    await bed.network.stop();
    await bed.closeSite();
    await tab.page.reload();
    await shows(tab, COUNT);
    await says(tab, /^Offline · last in touch /);
    // Every other one of them has a picture, the newest has none.
    for (let index = 1; index < COUNT; index += 2) {
      await read(tab, index);
      await widths(tab);
    }
    // Of the database it keeps nothing but the replica.
    assert.deepEqual(await keptElsewhere(tab), []);
  },

  'a server that is back is noticed by itself, and what has changed there is shown': async (bed) => {
    const tab = await bed.open();
    await shows(tab, COUNT);
    await isKept(tab);
    await bed.network.stop();
    await tab.page.reload();
    await says(tab, /^Offline/);
    bed.notebook.put({ _id: 'note-new', title: 'Meanwhile', written: '2027-01-01' });
    bed.notebook.remove('note-001');
    await bed.network.start();
    await tab.links('Meanwhile').waitFor();
    await shows(tab, COUNT);
    await says(tab, /^Up to date$/);
  },

  'three tabs have one pull on the wire, and all of them show what comes': async ({ couch, notebook, open }) => {
    const tabs = [await open(), await open(), await open()];
    for (const tab of tabs) await shows(tab, COUNT);
    for (const tab of tabs) await says(tab, /^Up to date/);
    notebook.put({ _id: 'note-new', title: 'Just now', written: '2027-01-01' });
    for (const tab of tabs) await tab.links('Just now').waitFor();
    for (const tab of tabs) await says(tab, /^Up to date/);
    const texts = await Promise.all(tabs.map(({ status }) => status.textContent()));
    assert.deepEqual(texts.sort(), ['Up to date', 'Up to date · in another tab', 'Up to date · in another tab']);
    assert.equal(couch.requests.count('GET', '/notes'), 1);
    assert.equal(liveFeeds(couch), 1);
  },

  'the tab that pulls is closed, and another one goes on where it was': async ({ couch, notebook, open }) => {
    const first = await open();
    await says(first, /^Up to date$/);
    const second = await open();
    await says(second, /^Up to date · in another tab$/);
    couch.requests.reset();
    await first.page.close();
    await says(second, /^Up to date$/);
    notebook.put({ _id: 'note-new', title: 'Just now', written: '2027-01-01' });
    await second.links('Just now').waitFor();
    assert.equal(liveFeeds(couch), 1);
    // It went on where the other one was, and read no note but the new one.
    const feeds = couch.requests.all.filter(({ path }) => path.includes('_changes'));
    for (const { path } of feeds) assert.match(path, new RegExp(`since=(${COUNT}|${COUNT + 1})-`));
    assert.ok(couch.requests.count('POST') <= 1);
  },

  'a tab holds the pull of another one, and lets it go on': async ({ notebook, open }) => {
    const leader = await open();
    await says(leader, /^Up to date$/);
    const other = await open();
    await says(other, /in another tab$/);
    await other.hold.click();
    await says(leader, /^Paused/);
    await says(other, /^Paused .*in another tab$/);
    notebook.put({ _id: 'note-new', title: 'Just now', written: '2027-01-01' });
    await other.page.getByRole('button', { name: 'Resume' }).click();
    await other.links('Just now').waitFor();
    await says(leader, /^Up to date$/);
  },

  'the list is searched while one types, whatever the case and the accents': async ({ notebook, open }) => {
    const tab = await open();
    await shows(tab, COUNT);
    await tab.search.pressSequentially('crete MIDI');
    await shows(tab, 3);
    assert.equal(await tab.links('Crête du Midi').count(), 3);
    // What comes meanwhile is searched too.
    notebook.put({ _id: 'note-new', title: 'No mountain', text: 'Midi, and then la Crête', written: '2027-01-01' });
    await shows(tab, 4);
    await tab.search.fill('nothing has these words');
    await shows(tab, 0);
    await tab.search.fill('');
    await shows(tab, COUNT + 1);
  },

  'a note that is read changes, and goes': async ({ notebook, open }) => {
    const tab = await open();
    const rev = notebook.put({ _id: 'note-new', title: 'Draft', text: 'One', written: '2027-01-01' });
    await tab.links('Draft').click();
    await tab.note.getByText('One').waitFor();
    notebook.put({ _id: 'note-new', _rev: rev, title: 'Better', text: 'Two', written: '2027-01-01' });
    await tab.note.getByText('Two').waitFor();
    await tab.links('Better').waitFor();
    notebook.remove('note-new');
    await tab.note.getByText('There is no such note').waitFor();
    await shows(tab, COUNT);
  },

  'the pictures that are not shown any more are let go of': async ({ context, open }) => {
    await context.addInitScript(countPictures);
    const tab = await open();
    await shows(tab, COUNT);
    for (const index of [1, 3, 5]) {
      await read(tab, index);
      await widths(tab);
    }
    const { made, held } = await tab.page.evaluate(() => Reflect.get(globalThis, 'pictures'));
    assert.deepEqual({ made, held }, { made: 3, held: 1 });
  },

  'what a note says is text, whatever it says': async ({ notebook, open }) => {
    const markup = '<img src="./none" onerror="globalThis.isHarmed = true"><script>globalThis.isHarmed = true</script>';
    const active = `<svg xmlns="http://www.w3.org/2000/svg" width="7" height="7" onload="top.isHarmed = true"/>`;
    notebook.put({
      _id: `note-${markup}`,
      title: markup,
      text: markup,
      written: markup,
      _attachments: {
        [`${markup}.svg`]: { content_type: 'image/svg+xml', data: Buffer.from(active).toString('base64') },
        'page.html': { content_type: 'text/html', data: Buffer.from(markup).toString('base64') },
      },
    });
    notebook.put({ _id: 'note-odd', title: { a: 1 }, text: [2], written: null, _attachments: {} });
    const tab = await open();
    await tab.links('isHarmed').click();
    assert.equal(await tab.note.getByRole('heading').textContent(), markup);
    assert.equal(await tab.note.locator('.text').textContent(), markup);
    assert.deepEqual(await widths(tab), [7]);
    await tab.links('Untitled').click();
    await tab.note.getByRole('heading', { name: 'Untitled' }).waitFor();
    assert.equal(await tab.page.evaluate(() => Reflect.has(globalThis, 'isHarmed')), false);
    assert.equal(await tab.page.locator('script').count(), 1);
  },

  'it is used on a phone, by keys alone, in light and in dark': async ({ open }) => {
    const tab = await open();
    await tab.page.setViewportSize({ width: 360, height: 640 });
    await shows(tab, COUNT);
    await tab.links().first().focus();
    await tab.page.keyboard.press('Tab');
    await tab.page.keyboard.press('Enter');
    await tab.note.getByRole('heading', { name: 'The pass at noon' }).waitFor();
    assert.equal(await tab.links().first().isVisible(), false);
    await tab.page.locator('article:focus').waitFor();
    assert.equal(await tab.page.locator('html').evaluate(({ scrollWidth }) => scrollWidth), 360);
    await tab.page.keyboard.press('Tab');
    await tab.page.keyboard.press('Enter');
    await tab.page.locator('#list a:focus', { hasText: 'The pass at noon' }).waitFor();
    assert.equal(await tab.note.isVisible(), false);
    const looks = (scheme: string): Promise<string[]> =>
      tab.page.locator('html').evaluate((html, wanted) => {
        html.style.colorScheme = wanted;
        const { colorScheme, backgroundColor } = Reflect.get(globalThis, 'getComputedStyle')(html);
        return [colorScheme, backgroundColor];
      }, scheme);
    const [[scheme], [, light], [, dark]] = [await looks(''), await looks('light'), await looks('dark')];
    assert.equal(scheme, 'light dark');
    assert.notEqual(light, dark);
  },

  'a worker that cannot be had is told of': async ({ files, errors, deploy, open }) => {
    await deploy(new Map([...files].filter(([name]) => name !== 'pull-worker.js')));
    const tab = await open();
    await says(tab, /^Nothing can be fetched: The worker of the pull failed: /);
    await tab.hold.waitFor({ state: 'hidden' });
    // Firefox tells of it as of an error of the page.
    errors.splice(0);
  },

  'a new version of the page is offered, and comes whole': async ({ deploy, open }) => {
    const tab = await open();
    await isKept(tab);
    const { port } = new URL((await sourceOf(tab)) ?? '');
    const elsewhere = `http://localhost:${port}/notes`;
    await deploy(await buildSite(elsewhere));
    await tab.page.reload();
    assert.notEqual(await sourceOf(tab), elsewhere);
    await tab.page.getByRole('button', { name: 'new version' }).click();
    await tab.page.locator(`body[data-source="${elsewhere}"]`).waitFor();
    await shows(tab, COUNT);
    assert.equal(await tab.page.evaluate(async () => (await caches.keys()).length), 1);
  },
};

/** Waits until the list has so many notes. */
async function shows(tab: NotesPage, count: number): Promise<void> {
  await tab.found.filter({ hasText: new RegExp(`^${count || 'No'} notes$`) }).waitFor();
  assert.equal(await tab.links().count(), count);
}

async function says(tab: NotesPage, text: RegExp): Promise<void> {
  await tab.status.filter({ hasText: text }).waitFor();
}

/** Opens a note of the list. */
async function read(tab: NotesPage, index: number): Promise<void> {
  const link = tab.links().nth(index);
  const title = await link.locator('strong').textContent();
  await link.click();
  await tab.note.getByRole('heading', { name: title ?? '', exact: true }).waitFor();
}

/** The widths of the pictures that are shown, as soon as all of them can be seen. */
async function widths(tab: NotesPage): Promise<number[]> {
  await tab.pictures.first().waitFor();
  return tab.pictures.evaluateAll((images) =>
    Promise.all(
      images.map(async (image) => {
        await Reflect.get(image, 'decode').call(image);
        return Number(Reflect.get(image, 'naturalWidth'));
      }),
    ),
  );
}

/** Waits until the service worker has all of the page. */
async function isKept({ page }: NotesPage): Promise<void> {
  await page.evaluate(() => navigator.serviceWorker.ready.then(() => {}));
}

/** What the caches keep that is not of the site. */
function keptElsewhere({ page }: NotesPage): Promise<string[]> {
  return page.evaluate(async () => {
    const requests = await Promise.all((await caches.keys()).map(async (name) => (await caches.open(name)).keys()));
    return requests.flat().flatMap(({ url }) => (url.startsWith(location.origin) ? [] : [url]));
  });
}

function sourceOf({ page }: NotesPage): Promise<string | null> {
  return page.locator('body').getAttribute('data-source');
}

function liveFeeds({ requests }: NotesBed['couch']): number {
  return requests.count('GET', /_changes\?.*feed=/);
}

/** Counts the object URLs that the page makes and holds. */
function countPictures(): void {
  const pictures = { made: 0, held: 0 };
  Object.assign(globalThis, { pictures });
  const { createObjectURL, revokeObjectURL } = URL;
  URL.createObjectURL = (blob) => {
    pictures.made += 1;
    pictures.held += 1;
    return createObjectURL.call(URL, blob);
  };
  URL.revokeObjectURL = (url) => {
    pictures.held -= 1;
    revokeObjectURL.call(URL, url);
  };
}
