/**
 * `npm run demo:scan`: a scanner looks through a cookbook, for secrets, for conflicts, and with a plugin that is written here. What it
 * finds is told as it is found. Ends by itself.
 */
import process from 'node:process';
import { filter, firstValueFrom } from 'rxjs';
import { findingText } from '../../adapters/cli/scan/output.ts';
import { conflicts, couch, createScanner, find, memoryKv, type ScanPlugin, secretRules } from '../../src/index.ts';
import { sampleRecipes } from '../sample.ts';
import { startServer } from '../server/index.ts';

/** Tells how long the functions of a design document are, all together. */
const viewLengths: ScanPlugin<undefined> = {
  name: 'view_lengths',
  start: () => ({ state: undefined }),
  resume: () => ({ state: undefined }),
  db: () => {},
  ddoc(_, _db, { body }, { found }) {
    found({ characters: JSON.stringify(body['views'] ?? {}).length });
  },
};

const server = await startServer();
const recipes = server.createDatabase('recipes');
recipes.bulkDocs(sampleRecipes(120), { newEdits: false });
recipes.put({ _id: 'kitchen', network: { name: 'Kitchen', password: 'quiet-Butter-7' } });
recipes.put({ _id: '_design/dishes', views: { by_title: { map: 'function (doc) { emit(doc.title); }' } } });

const plugins = [find(secretRules), conflicts(), viewLengths];
const scanner = createScanner({ kv: memoryKv(), server: couch(server.url), plugins });
scanner.events$.subscribe((event) => {
  if (event.type === 'finding') process.stdout.write(`${findingText(event)}\n`);
});
for (const { name } of plugins) await scanner.enable(name);
const states$ = scanner.status$.pipe(filter((status) => Object.keys(status.plugins).length === plugins.length));
const all = await firstValueFrom(
  states$.pipe(filter((status) => Object.values(status.plugins).every(({ state }) => state === 'finished'))),
);
process.stdout.write(`${Object.keys(all.plugins).sort().join(', ')} have finished\n`);
await scanner.close();
await server.close();
