/**
 * Pulls in the tabs of each browser: `node test/browser/run.ts`.
 *
 * @module
 */
import { parseArgs } from 'node:util';
import { runSuites } from '../contract/run.ts';
import { leftOutLine } from '../run/left-out.ts';
import { formatTally, type Tally } from '../run/tally.ts';
import { browserNames, launch, placeOf } from './browsers.ts';
import { bundle } from './bundle.ts';
import { serve } from './site.ts';
import { tabCases } from './tabs.ts';

const { positionals } = parseArgs({ allowPositionals: true });
const wanted = positionals.length === 0 ? browserNames : browserNames.filter((name) => positionals.includes(name));
const site = await serve({
  '/tab.html': '<!doctype html><title>Tab</title><script type="module" src="./tab.js"></script>',
  '/tab.js': await bundle('test/browser/tab-program.ts'),
  '/worker.js': await bundle('test/browser/worker-program.ts'),
});
const total = { passed: 0, failed: 0, skipped: 0 } satisfies Tally;
for (const name of wanted) {
  if (placeOf(name) === undefined) {
    console.log(leftOutLine('test/browser/run.ts', name));
    total.skipped += 1;
    continue;
  }
  const browser = await launch(name);
  try {
    const cases = tabCases(browser, site.url);
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
