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

  say('Somebody edits the pancakes, and they are pulled again:');
  await edit(source);
  await pullAndTell(source, replica);
  say(`  ${await replica.text('pancakes')}`);
  await kv.close();

  if (!isOnce) {
    const folder = relative(process.cwd(), DIRECTORY) || '.';
    say();
    say('The server stays until you press Ctrl-C. Try, in another terminal:');
    say();
    say(`  curl ${source}/pancakes`);
    say(`  npm run --silent couchtide -- pull ${source} ${folder}`);
    say(`  npm run --silent couchtide -- export ${folder} --conflicts --revs | head -3`);
    say(`  npm run --silent couchtide -- export ${folder} --format files --out /tmp/cookbook`);
    await Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')]);
  }
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
