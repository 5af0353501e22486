/**
 * `scan()` with a store, in a process of its own, to be killed at any moment: `node scan-program.ts <task> <name of its trace>`. Prints
 * a line for each finding and failure, which the store has by then.
 *
 * @module
 */
import process from 'node:process';
import { fsKv } from '../../adapters/fs/index.ts';
import { couch } from '../../src/couch/couch.ts';
import { scan } from '../../src/scan/scan.ts';
import { type ScanTask, tracedPlugins } from './scan-task.ts';

const [text = '', name = ''] = process.argv.slice(2);
const { directory, url, traces, batchSize }: ScanTask = JSON.parse(text);
const store = await fsKv(directory);
for await (const event of scan(couch(url), tracedPlugins(traces, name), { store, batchSize })) {
  if (event.type !== 'progress' && event.type !== 'report') console.log(JSON.stringify(event));
}
await store.close();
