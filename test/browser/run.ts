/**
 * Pulls, jobs and scans in the pages of each browser: `node test/browser/run.ts`, of everything, or of the browsers and suites that are named.
 *
 * @module
 */
import { parseArgs } from 'node:util';
import { runSuites } from '../contract/run.ts';
import { leftOutLine } from '../run/left-out.ts';
import { formatTally, type Tally } from '../run/tally.ts';
import type { BrowserSuite } from './bed.ts';
import { browserNames, launch, placeOf } from './browsers.ts';
import { bundle } from './bundle.ts';
import { film } from './film.ts';
import { frozen } from './frozen.ts';
import { jobs } from './jobs.ts';
import { kill } from './kill.ts';
import { notes } from './notes.ts';
import { quota } from './quota.ts';
import { readme } from './readme.ts';
import { recorded } from './recorded.ts';
import { scans } from './scans.ts';
import { serve } from './site.ts';
import { tabs } from './tabs.ts';
import { takeover } from './takeover.ts';

const suites: Readonly<Record<string, BrowserSuite>> = {
  tabs,
  recorded,
  kill,
  film,
  takeover,
  frozen,
  quota,
  jobs,
  scans,
  notes,
  readme,
};

const { positionals } = parseArgs({ allowPositionals: true });
const browsers = chosen(browserNames);
const chosenSuites = chosen(Object.keys(suites));
const site = await serve({
  '/tab.html': '<!doctype html><title>Tab</title><script type="module" src="./tab.js"></script>',
  '/tab.js': await bundle('test/browser/tab-program.ts'),
  '/film.html': '<!doctype html><title>Film</title><script type="module" src="./film.js"></script>',
  '/film.js': await bundle('test/browser/film-program.ts'),
  '/scan.html': '<!doctype html><title>Scan</title><script type="module" src="./scan.js"></script>',
  '/scan.js': await bundle('test/browser/scan-program.ts'),
  '/worker.js': await bundle('test/browser/worker-program.ts'),
});
const total = { passed: 0, failed: 0, skipped: 0 } satisfies Tally;
for (const name of browsers) {
  if (placeOf(name) === undefined) {
    console.log(leftOutLine('test/browser/run.ts', name));
    total.skipped += 1;
    continue;
  }
  const browser = await launch(name);
  try {
    const cases = chosenSuites.flatMap((suite) => suites[suite]?.({ name, browser, siteUrl: site.url }) ?? []);
    const failed = await runSuites({ [name]: cases });
    total.failed += failed;
    total.passed += cases.length - failed;
  } finally {
    await browser.close();
  }
}
await site.close();
console.log(formatTally(total));
process.exitCode = total.failed === 0 ? 0 : 1;

/** Of some names those that are given as arguments, or all where none of them is. */
function chosen<Name extends string>(names: readonly Name[]): readonly Name[] {
  const named = names.filter((name) => positionals.includes(name));
  return named.length === 0 ? names : named;
}
