/**
 * `npm run demo:jobs`: a pull as a job. Two workers share a queue on disk, each in a process of its own; the one that pulls is killed
 * midway, and the other goes on from its checkpoint. Whatever is told of the job comes from the store. Ends by itself, and leaves nothing behind.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { duration, plural } from '../../adapters/cli/wording.ts';
import { fsKv } from '../../adapters/fs/index.ts';
import { createQueue, type JobView, openReplica, pullJobType } from '../../src/index.ts';
import { sampleRecipes } from '../sample.ts';
import { startServer } from '../server/index.ts';

/** A worker of which nobody hears for so long is given up, in milliseconds; 30 seconds are usual. */
const TIMEOUT = 2000;
/** The pause before every answer of the server until the worker is killed, and after that, in milliseconds. */
const SLOW = 500;
const FAST = 20;

const begun = performance.now();
const interrupted = Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')]);
const directory = await mkdtemp(join(tmpdir(), 'couchtide-demo-'));
const server = await startServer();
const kv = await fsKv(directory);
const queue = createQueue(kv);
const workers = new Map<string, ChildProcess>();
let known: JobView | undefined;
try {
  await Promise.race([show(), interrupted]);
} finally {
  for (const worker of workers.values()) await end(worker, () => worker.connected && worker.disconnect());
  await kv.close();
  await server.close();
  await rm(directory, { recursive: true, force: true });
}

/** Shows it all, to the end. */
async function show(): Promise<void> {
  const source = `${server.url}/recipes`;
  tell(`A small CouchDB has ${plural(await fill(source), 'revision')} of recipes`);
  server.latency = SLOW;
  await queue.defineType('pull', { ...pullJobType, timeout: TIMEOUT });
  for (const name of ['Ada', 'Ben']) workers.set(name, startWorker(name));
  tell('Two workers, Ada and Ben, are started on an empty queue');
  await queue.add('pull', 'recipes', { source, batchSize: 50 });
  const [kept] = await Promise.all([killMidway(), queue.state$('pull', 'recipes').forEach(tellNews)]);
  const fetched = writtenOf(await queue.get('pull', 'recipes'));
  tell(`${kept} revisions were there, ${fetched} were fetched by who went on: ${kept + fetched} in all`);
}

/** Kills the worker of the job once it has written something; gives how many revisions are on disk then. */
async function killMidway(): Promise<number> {
  for await (const job of queue.state$('pull', 'recipes')) {
    const worker = workers.get(job?.workerId ?? '');
    if (worker === undefined || writtenOf(job) === 0) continue;
    await end(worker, () => worker.kill('SIGKILL'));
    const kept = await countRevisions();
    tell(`${job?.workerId} is killed, with ${plural(kept, 'revision')} and their checkpoint on disk`);
    server.latency = FAST;
    return kept;
  }
  throw new Error('The job has ended before its worker could be killed');
}

/** Tells what is new of the job. */
function tellNews(job: JobView | undefined): void {
  const { state = 'removed', workerId, attempt = 0, error } = job ?? {};
  if (state !== known?.state || workerId !== known.workerId) {
    const facts = [workerId, attempt > 0 ? `attempt ${attempt}` : '', error];
    tell(['Job recipes', state, ...facts].filter(Boolean).join(', '));
  }
  if (state === 'running' && writtenOf(job) !== writtenOf(known)) tell(`  ${writtenOf(job)} revisions written`);
  known = job;
}

/** How many revisions a pull has written, as its job tells. */
function writtenOf(job: JobView | undefined): number {
  return Number(job?.info['docsWritten'] ?? 0);
}

function startWorker(name: string): ChildProcess {
  return fork(fileURLToPath(new URL('./worker.ts', import.meta.url)), [directory, name]);
}

/** Ends a process, if it has not ended. */
async function end(worker: ChildProcess, how: () => unknown): Promise<void> {
  if (worker.exitCode !== null || worker.signalCode !== null) return;
  const ended = once(worker, 'exit');
  how();
  await ended;
}

/** How many revisions are on disk, each of them read. */
async function countRevisions(): Promise<number> {
  const replica = await openReplica(kv, 'recipes');
  for await (const event of replica.verify()) if (event.type === 'summary') return event.revisions;
  return 0;
}

async function fill(source: string): Promise<number> {
  const docs = sampleRecipes();
  await request(source, 'PUT');
  await request(`${source}/_bulk_docs`, 'POST', `{"new_edits":false,"docs":[${docs.join(',')}]}`);
  return docs.length;
}

async function request(url: string, method: string, body?: string): Promise<void> {
  const init = body === undefined ? {} : { body, headers: { 'content-type': 'application/json' } };
  const response = await fetch(url, { method, ...init });
  if (!response.ok) throw new Error(`${method} ${url} answered ${response.status}: ${await response.text()}`);
  await response.body?.cancel();
}

function tell(text: string): void {
  process.stdout.write(`${duration(performance.now() - begun).padStart(6)}  ${text}\n`);
}
