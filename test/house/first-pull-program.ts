/**
 * Carries out the first pull of a bundled page, and prints which of its files that took: `node first-pull-program.ts page url`.
 *
 * @module
 */
import { registerHooks } from 'node:module';
import process from 'node:process';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { memoryKv } from '../../src/index.ts';

const [page = '', url = ''] = process.argv.slice(2);
const loaded: string[] = [];
registerHooks({
  load(address, context, next) {
    if (address.startsWith('file:')) loaded.push(fileURLToPath(address));
    return next(address, context);
  },
});
const { couch, openReplica, pull } = (await import(pathToFileURL(page).href)) as typeof import('../../src/index.ts');
const replica = await openReplica(memoryKv(), 'pulled');
await pull(couch.db(url), replica).done;
console.log(JSON.stringify({ documents: (await replica.info()).docCount, loaded }));
