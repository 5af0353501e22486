/**
 * `npm run demo:notes`: the notes app, and a CouchDB-protocol server beside it with a notebook. Stays until it is interrupted.
 *
 * @module
 */
import { once } from 'node:events';
import process from 'node:process';
import { buildSite } from './build.ts';
import { admit, NOTEBOOK, startNotebook } from './notebook.ts';
import { serveSite } from './site.ts';

const say = (text = ''): boolean => process.stdout.write(`${text}\n`);

// The same ports whenever they are free: what a browser keeps, it keeps for one origin.
const couch = await startNotebook(5984).catch(() => startNotebook());
const source = `${couch.url}/${NOTEBOOK}`;
const files = await buildSite(source);
const site = await serveSite(files, 8080).catch(() => serveSite(files));
admit(couch, site.url);

say(`The notes are on ${site.url}`);
say();
say('Try, while you look at them in a tab or three:');
say();
say(`  curl -X PUT ${source}/note-tea -d '{"title":"Tea","text":"Green","written":"2026-06-01"}'`);
say();
say('Press Ctrl-C to end both servers, and reload the page: the notes are still there, and so is the page.');
await Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')]);
await Promise.all([site.close(), couch.close()]);
