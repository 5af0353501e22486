import assert from 'node:assert/strict';
import type { BrowserContext, Page } from 'playwright';
import type { CouchServer } from '../../demo/server/index.ts';
import { couch } from '../../src/couch/couch.ts';
import { memoryKv } from '../../src/kv/memory.ts';
import { find } from '../../src/scan/find/find.ts';
import { conflicts } from '../../src/scan/plugins/conflicts.ts';
import { ddocFeatures } from '../../src/scan/plugins/ddoc-features.ts';
import { scan } from '../../src/scan/scan.ts';
import { findings$ } from '../../src/scan/state/findings.ts';
import { textPatterns } from '../bench/patterns.ts';
import { coverageOf, listed } from '../faults/scan-findings.ts';
import { scanPlugins } from '../faults/scan-plugins.ts';
import { fillForScan } from '../faults/scan-source.ts';
import { type ScanTrace, traced, traceOf } from '../faults/scan-trace.ts';
import { type BrowserSuite, startOrigin } from './bed.ts';
import type { Scans } from './scan-program.ts';
import { eventually, LIMIT } from './tab.ts';

const SIZE = { databases: 6, documents: 1000 };
const BATCH = 50;

/** What a case has at hand: a server, a context of its own, and who does the work. */
interface Scene {
  readonly server: CouchServer;
  readonly page: Page;
  readonly place: Place;
}

/** Where in a browser something is done. */
type Place = 'page' | 'worker';

/** Scans in pages and in their workers. */
export const scans: BrowserSuite = ({ name: browserName, browser, siteUrl }) =>
  (['page', 'worker'] as const).flatMap((place) =>
    Object.entries(cases).map(([name, run]) => ({
      name: `${name} (${place})`,
      async run() {
        const { server } = await startOrigin();
        fillForScan(server, SIZE);
        const context = await browser.newContext();
        try {
          const told = await run({ server, page: await open(context, siteUrl), place });
          if (told !== undefined) console.log(`${browserName}, ${place}: ${told}`);
        } finally {
          await context.close();
          await server.close();
        }
      },
    })),
  );

const cases: Readonly<Record<string, (scene: Scene) => Promise<string | undefined>>> = {
  'A scan of a server finds what one in Node.js does': async ({ server, page, place }) => {
    const { found } = await scanInNode(server);
    assert.deepEqual(await ask(page, place, 'overHttp', server.url), [...found].sort());
    return undefined;
  },

  'A scan of a replica in IndexedDB finds what one of its source does in Node.js': async ({ server, page, place }) => {
    const { found } = await scanInNode(server);
    const inLarge = found.filter((text) => JSON.parse(text).db === 'large').sort();
    assert.deepEqual(await ask(page, place, 'overReplica', server.url, 'large'), inLarge);
    return undefined;
  },

  'A scan with a store in IndexedDB goes on when the page is loaded again': async ({ server, page, place }) => {
    const { found, trace: whole } = await scanInNode(server);
    // So that it is loaded again in the middle of a batch, as likely as not.
    server.config.chunkSize = 1024;
    server.faults.add({ pause: { ms: 10, per: 'chunk' } });
    await page.evaluate(
      ([where, url, batch]) => {
        const all: Scans = Reflect.get(globalThis, 'scans');
        // It does not end here.
        void (where === 'page' ? all.kept(url, batch) : all.inWorker('kept', url, batch));
      },
      [place, server.url, BATCH] as const,
    );
    await eventually(
      () => page.evaluate(() => (Reflect.get(globalThis, 'scans') as Scans).shown()),
      (shown) => shown > 500,
    );
    await page.reload();
    await ready(page);
    const trace = (): Promise<string> => page.evaluate(() => (Reflect.get(globalThis, 'scans') as Scans).trace());
    assert.ok(!(await trace()).includes('"complete"'), 'The scan had ended when the page was loaded again');
    assert.deepEqual(await ask(page, place, 'kept', server.url, BATCH), found);
    if (place === 'worker') return undefined;
    const { complaints, broken, again } = coverageOf(traceOf([['page', await trace()]]), whole, BATCH);
    assert.deepEqual(complaints, []);
    return `${broken} runs had ${again} objects shown again`;
  },

  'Twenty patterns given as text find what they do in Node.js, and leave time for pictures': async ({
    server,
    page,
    place,
  }) => {
    const [without, gap, found] = await page.evaluate(
      async ([where, url]) => {
        const all: Scans = Reflect.get(globalThis, 'scans');
        const scanning = (areLookedFor: boolean): Promise<number> =>
          where === 'page' ? all.patterns(url, areLookedFor) : all.inWorker('patterns', url, areLookedFor);
        const usual = await all.longestGap(scanning(false));
        const last = scanning(true);
        return [usual, await all.longestGap(last), await last] as const;
      },
      [place, server.url] as const,
    );
    let expected = 0;
    const plugins = [conflicts(), ddocFeatures(), find(textPatterns())];
    for await (const { type } of scan(couch(server.url), plugins)) if (type === 'finding') expected += 1;
    assert.equal(found, expected);
    return `pictures are ${gap.toFixed(0)} ms apart at most with twenty patterns, ${without.toFixed(0)} ms without`;
  },
};

/** Findings as a store has them, and what the plugins were shown. */
async function scanInNode({ url }: CouchServer): Promise<{ readonly found: string[]; readonly trace: ScanTrace }> {
  const store = memoryKv();
  let text = '';
  const plugins = scanPlugins().map((plugin) =>
    traced(plugin, (line) => {
      text += `${JSON.stringify(line)}\n`;
    }),
  );
  for await (const _ of scan(couch(url), plugins, { store }).batches());
  return { found: await listed(findings$(store)), trace: traceOf([['node', text]]) };
}

async function open(context: BrowserContext, siteUrl: string): Promise<Page> {
  const page = await context.newPage();
  await page.goto(`${siteUrl}/scan.html`);
  await ready(page);
  return page;
}

async function ready(page: Page): Promise<void> {
  await page.waitForFunction(() => Reflect.has(globalThis, 'scans'), undefined, { timeout: LIMIT });
}

/** Has something done in a page, or in a worker of it. */
function ask(
  page: Page,
  place: Place,
  what: 'overHttp' | 'overReplica' | 'kept',
  ...given: (string | number)[]
): Promise<string[]> {
  return page.evaluate(
    ([where, name, args]) => {
      const all = Reflect.get(globalThis, 'scans');
      return where === 'page' ? all[name](...args) : all.inWorker(name, ...args);
    },
    [place, what, given] as const,
  );
}
