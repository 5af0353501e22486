/**
 * `npm run demo`: a CouchDB-protocol server with a cookbook in it, a pull of that cookbook onto disk, and what to try next.
 * Stays until it is interrupted, so that the server can be tried; with `--once` it ends by itself.
 */
import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import { relative } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { showProgress } from '../adapters/cli/progress.ts';
import { duration, plural, size } from '../adapters/cli/wording.ts';
import { fsKv } from '../adapters/fs/index.ts';
import { couch, openReplica, pull, type Replica } from '../src/index.ts';
import { sampleRecipes } from './sample.ts';
import { startServer } from './server/index.ts';

const DIRECTORY = fileURLToPath(new URL('./.data', import.meta.url));
/** So slow that there is something to see: a pause before every answer, in milliseconds. */
const LATENCY = 50;

/** What happens to the cookbook while it is followed. */
const CHANGES: readonly (readonly [what: string, change: (source: string) => Promise<void>, id: string])[] = [
  ['somebody edits the pancakes', edit, 'pancakes'],
  ['somebody throws a recipe away', remove, 'recipe-00001'],
  ['somebody changes a recipe in another kitchen', conflict, 'recipe-00002'],
];

const isOnce = process.argv.includes('--once');
const server = await startServer({ port: isOnce ? 0 : 5984 }).catch(() => startServer());
const say = (text = ''): boolean => process.stdout.write(`${text}\n`);

try {
  const source = `${server.url}/recipes`;
  await fill(source);
  server.latency = LATENCY;
  say(`A small CouchDB with a cookbook in it listens on ${server.url}`);
  say();

  await rm(DIRECTORY, { recursive: true, force: true });
  const kv = await fsKv(DIRECTORY);
  const replica = await openReplica(kv, 'recipes');
  say('Pulling it onto disk:');
  await pullAndTell(source, replica);
  say();
  await show(replica);

  say('Now it follows the cookbook live:');
  const live = pull(couch.db(source), replica, { mode: 'continuous' });
  await live.caughtUp;
  for (const [what, change, id] of CHANGES) {
    const begun = performance.now();
    await change(source);
    await live.inSync({ id });
    say(`  ${what}; here after ${duration(performance.now() - begun)}`);
  }
  say(`  ${await replica.text('pancakes')}`);

  if (!isOnce) {
    live.events$.subscribe((event) => {
      if (event.type === 'batch') say(`  ${plural(event.written, 'new revision')} arrived`);
    });
    const folder = relative(process.cwd(), DIRECTORY) || '.';
    say();
    say('Server and pull stay until you press Ctrl-C. Try, in another terminal:');
    say();
    say(`  curl -X PUT ${source}/tea -d '{"title":"Tea"}'`);
    say(`  npm run --silent couchtide -- export ${folder} --conflicts --revs | head -3`);
    say(`  npm run --silent couchtide -- export ${folder} --format files --out /tmp/cookbook`);
    say(`  npm run --silent couchtide -- verify ${folder} ${source}`);
    say();
    await Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')]);
  }
  await live.stop();
  await kv.close();
} finally {
  await server.close();
}

async function fill(source: string): Promise<void> {
  await request(source, 'PUT');
  await request(`${source}/_bulk_docs`, 'POST', `{"new_edits":false,"docs":[${sampleRecipes().join(',')}]}`);
}

async function edit(source: string): Promise<void> {
  // As text, so that the number of grains, which no JavaScript number holds, comes out as it went in.
  const pancakes = await (await fetch(`${source}/pancakes`)).text();
  await request(`${source}/pancakes`, 'PUT', pancakes.replace('"serves":4', '"serves":5'));
}

async function remove(source: string): Promise<void> {
  const recipe = await couch.db(source).get('recipe-00001');
  await request(`${source}/recipe-00001?rev=${recipe?._rev}`, 'DELETE');
}

async function conflict(source: string): Promise<void> {
  const recipe = await couch.db(source).get('recipe-00002', { revs: true });
  const docs = [
    { ...recipe, _rev: '1-conflict', _revisions: { start: 1, ids: ['conflict'] }, note: 'from another kitchen' },
  ];
  await request(`${source}/_bulk_docs`, 'POST', JSON.stringify({ new_edits: false, docs }));
}

async function pullAndTell(source: string, replica: Replica): Promise<void> {
  const running = pull(couch.db(source), replica);
  const { docsWritten, requests, bytes, ms } = await running.done.finally(
    showProgress(running, { ...process, environment: process.env, signal: new AbortController().signal }),
  );
  say(
    `  ${plural(docsWritten, 'revision')} in ${duration(ms)}, with ${plural(requests, 'request')} and ${size(bytes)}`,
  );
}

/** What there is, and what is special about it. */
async function show(replica: Replica): Promise<void> {
  const { docCount, docDelCount } = await replica.info();
  say(`On disk are ${plural(docCount, 'recipe')} and ${plural(docDelCount, 'tombstone')}, with all their revisions.`);
  for await (const recipe of replica.allDocs({ conflicts: true, startKey: 'recipe-' })) {
    if (!Array.isArray(recipe['_conflicts'])) continue;
    say(`Two people changed ${recipe._id} at once; both versions are here:`);
    const leaves = await replica.leaves(recipe._id);
    for (const { rev } of leaves)
      say(`  ${rev}  serves ${String((await replica.get(recipe._id, { rev }))?.['serves'])}`);
    break;
  }
  say();
}

async function request(url: string, method: string, body?: string): Promise<void> {
  const init = body === undefined ? {} : { body, headers: { 'content-type': 'application/json' } };
  const response = await fetch(url, { method, ...init });
  if (!response.ok) throw new Error(`${method} ${url} answered ${response.status}: ${await response.text()}`);
  await response.body?.cancel();
}
