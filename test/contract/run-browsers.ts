/**
 * The suites of the store that browsers have, in a window and in a worker of each browser: `node test/contract/run-browsers.ts`.
 *
 * @module
 */
import { parseArgs } from 'node:util';
import { type BrowserName, browserNames, launch, placeOf } from '../browser/browsers.ts';
import { bundle } from '../browser/bundle.ts';
import { type Site, serve } from '../browser/site.ts';
import { leftOutLine } from '../run/left-out.ts';
import { formatTally, sum, type Tally, tallyOfOutput } from '../run/tally.ts';

/** Milliseconds after which a browser is taken to hang. */
const LIMIT = 300_000;

const { positionals } = parseArgs({ allowPositionals: true });
const wanted = positionals.length === 0 ? browserNames : browserNames.filter((name) => positionals.includes(name));
const site = await serve({
  '/window.html': page('import "./suites.js";'),
  '/worker.html': page('globalThis.worker = new Worker("./suites.js", { type: "module" });'),
  '/suites.js': await bundle('test/contract/browser-program.ts'),
});
const tallies: Tally[] = [];
for (const name of wanted) {
  if (placeOf(name) === undefined) {
    console.log(leftOutLine('test/contract/run-browsers.ts', name));
    tallies.push({ passed: 0, failed: 0, skipped: 1 });
    continue;
  }
  for (const place of ['window', 'worker']) tallies.push(await runIn(name, place, site));
}
await site.close();
const total = sum(tallies);
console.log(formatTally(total));
process.exitCode = total.failed === 0 ? 0 : 1;

function page(script: string): string {
  return `<!doctype html><title>Suites</title><script>
    globalThis.said = [];
    new BroadcastChannel('suites').onmessage = ({ data }) => globalThis.said.push(data);
    addEventListener('error', ({ message }) => globalThis.said.push(message));
  </script><script type="module">${script}</script>`;
}

async function runIn(name: BrowserName, place: string, { url }: Site): Promise<Tally> {
  const browser = await launch(name);
  try {
    const page = await browser.newPage();
    await page.goto(`${url}/${place}.html`);
    const isOver = (): boolean => /^\d+ passed, \d+ failed/.test(String(Reflect.get(globalThis, 'said').at(-1) ?? ''));
    await page.waitForFunction(isOver, undefined, { timeout: LIMIT }).catch(() => {});
    const said = await page.evaluate((): string => Reflect.get(globalThis, 'said').join('\n'));
    console.log(`${name}, in a ${place}:\n${said}`);
    return tallyOfOutput(said, 0);
  } finally {
    await browser.close();
  }
}
