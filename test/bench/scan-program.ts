/**
 * A scan in a process of its own: `node scan-program.ts <task>`, with the plugin that the setting `plugin` names. With the setting `scans` of 2 it is
 * done with a store, and again after one document in a hundred has changed. Prints a {@link ScanMeasurement}.
 *
 * @module
 */
import process from 'node:process';
import { keepYoungGenerationSmall } from '../../adapters/cli/young-generation.ts';
import { fsKv } from '../../adapters/fs/index.ts';
import { couch } from '../../src/couch/couch.ts';
import { find } from '../../src/scan/find/find.ts';
import type { ScanOptions } from '../../src/scan/options.ts';
import type { ScanPlugin } from '../../src/scan/plugin.ts';
import { scan } from '../../src/scan/scan.ts';
import { withoutCredentials } from '../support/source-database.ts';
import { nativePatterns, textPatterns } from './patterns.ts';
import type { ScanMeasurement, ScanRun } from './scan-measurement.ts';
import { readTask } from './task.ts';

const { url, directory, settings } = await readTask(process.argv[2] ?? '');
// As the command line does.
keepYoungGenerationSmall();
const plugin = pluginOf(String(settings['plugin']));
const runs: ScanRun[] = [];
if (settings['scans'] === 2) {
  const store = await fsKv(directory);
  runs.push(await run({ store }));
  await changeSome();
  runs.push(await run({ store, since: 'last' }));
  await store.close();
} else runs.push(await run({}));
const measurement: ScanMeasurement = { runs, peak: process.resourceUsage().maxRSS * 1024 };
console.log(JSON.stringify(measurement));

async function run(options: ScanOptions): Promise<ScanRun> {
  const begun = performance.now();
  for await (const events of scan(couch.db(url), [plugin], options).batches()) {
    for (const event of events) {
      if (event.type === 'failure') throw event.error;
      if (event.type !== 'summary') continue;
      const { documents, findings } = event;
      return { seconds: (performance.now() - begun) / 1000, documents, findings };
    }
  }
  throw new Error('The scan has ended without a summary');
}

function pluginOf(name: string): ScanPlugin {
  if (name === 'text') return find(textPatterns());
  if (name === 'native') return find(nativePatterns());
  return {
    name: 'none',
    needs: { bodies: 'every' },
    start: () => ({ state: undefined }),
    resume: () => ({ state: undefined }),
    db: () => {},
    doc: () => {},
  };
}

/** Edits each hundredth document, of those whose ids come first. */
async function changeSome(): Promise<void> {
  const { url: plain, headers } = withoutCredentials(url);
  const ask = async (path: string, init: RequestInit = {}): Promise<unknown> => {
    const response = await fetch(plain + path, {
      ...init,
      headers: { ...headers, 'content-type': 'application/json' },
    });
    if (!response.ok) throw new Error(`The server answered ${response.status} to ${path}`);
    return response.json();
  };
  const { doc_count: count } = (await ask('')) as { doc_count: number };
  const list = `/_all_docs?include_docs=true&limit=${Math.ceil(count / 100)}`;
  const { rows } = (await ask(list)) as { rows: { doc: object }[] };
  const docs = rows.map(({ doc }) => ({ ...doc, changed: Date.now() }));
  await ask('/_bulk_docs', { method: 'POST', body: JSON.stringify({ docs }) });
}
