import { afterEach, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { fsKv } from '../../adapters/fs/index.ts';
import { type CouchServer, type ServerOptions, startServer } from '../../demo/server/index.ts';
import { isInputError } from '../../src/core/errors.ts';
import type { JsonObject } from '../../src/core/json-value.ts';
import type { Auth } from '../../src/couch/request/auth.ts';
import type { JobTypeOptions } from '../../src/jobs/job-type.ts';
import type { JobView } from '../../src/jobs/job-view.ts';
import { createQueue, type Queue } from '../../src/jobs/queue.ts';
import { work } from '../../src/jobs/work.ts';
import type { Kv } from '../../src/kv/kv.ts';
import { memoryKv } from '../../src/kv/memory.ts';
import { type PullJobOptions, pullJob, pullJobData, pullJobType } from '../../src/pull/pull-job.ts';
import { openReplica } from '../../src/replica/replica.ts';
import { startProgram } from '../support/child-program.ts';
import { smallDocuments } from '../support/documents.ts';
import { expectFaithful } from '../support/faithful.ts';
import { createDatabase } from '../support/source-database.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

let server: CouchServer;

const begin = async (options: ServerOptions = {}): Promise<void> => {
  server = await startServer(options);
};
beforeEach(() => begin());
afterEach(() => server.close());

/** A queue in which pulls are worked on until the test ends. */
async function working(kv: Kv, type: JobTypeOptions = {}, options: Partial<PullJobOptions> = {}): Promise<Queue> {
  const queue = createQueue(kv);
  await queue.defineType('pull', { ...pullJobType, ...type });
  const drain = new AbortController();
  const handler = pullJob({ open: (name) => openReplica(kv, name), ...options });
  const leaving = new AbortController();
  const events = work(queue, 'pull', handler, { drain: drain.signal, signal: leaving.signal });
  const ended = new Promise<void>((resolve) => events.subscribe({ complete: resolve, error: () => resolve() }));
  onTestFinished(async () => {
    drain.abort();
    leaving.abort();
    await ended;
    await kv.close();
  });
  return queue;
}

/** Waits until another who has the store sees a job so. */
async function shown(queue: Queue, isSo: (job: JobView) => boolean): Promise<JobView> {
  for await (const job of queue.state$('pull', 'a')) {
    if (job === undefined) break;
    if (isSo(job)) return job;
  }
  throw new Error(`It has ended otherwise: ${JSON.stringify(await queue.get('pull', 'a'))}`);
}

describe('A pull that is a job', () => {
  test('brings a database, and leaves what came of it as its info', async () => {
    const source = await createDatabase(server.url);
    await source.replicate(smallDocuments(30));
    const kv = memoryKv();
    const queue = await working(kv);
    await queue.add('pull', 'a', { source: source.url, target: 'copy' });
    const done = await queue.wait('pull', 'a');
    expect(done).toMatchObject({ state: 'finished', info: { state: 'completed', docsWritten: 30, docsFailed: 0 } });
    await expectFaithful(await openReplica(kv, 'copy'), source);
  });

  test('goes on elsewhere from its checkpoint when its worker is killed, follows the source, and ends when cancelled', async () => {
    const source = await createDatabase(server.url);
    await source.replicate(smallDocuments(1000));
    const directory = await temporaryDirectory();
    const kv = await fsKv(directory);
    const other = createQueue(kv);
    await other.defineType('pull', { ...pullJobType, timeout: 1000 });
    // What comes first is stored; then nothing more comes.
    const restore = server.faults.add({ path: /_changes\?.*since=/, silence: true });
    await other.add('pull', 'a', { source: source.url, mode: 'continuous', batchSize: 100 });
    const first = startProgram(new URL('./pull-job-program.ts', import.meta.url), [directory]);
    expect(await first.line()).toBe('started a');
    const stored = await shown(other, ({ info }) => Number(info['docsWritten']) >= 300);
    first.kill('SIGKILL');
    await first.ended;
    restore();
    const queue = await working(kv, { timeout: 1000 });
    const live = await shown(queue, ({ info, epoch }) => epoch === 2 && info['state'] === 'live');
    const read = Number(live.info['docsRead']);
    expect(read).toBeGreaterThan(0);
    expect(read).toBeLessThanOrEqual(1000 - Number(stored.info['docsWritten']) + 100);
    expect(live).toMatchObject({ attempt: 2, error: expect.stringContaining('not been heard of') });
    await source.put({ _id: 'new', v: 1 });
    await shown(queue, ({ info }) => Number(info['docsRead']) === read + 1);
    await other.cancel('pull', 'a');
    expect((await other.wait('pull', 'a'))?.state).toBe('cancelled');
    await expectFaithful(await openReplica(kv, source.name), source);
  });

  test.each<[string, { auth: Auth | undefined; said: string }]>([
    ['that the source refuses', { auth: { username: 'jan', password: 'guessed' }, said: 'incorrect' }],
    ['that this worker does not know', { auth: undefined, said: 'knows no credentials called "RECIPES"' }],
  ])('fails with credentials %s, and says so without them', async (_, { auth, said }) => {
    await server.close();
    await begin({ admins: { admin: 'secret' }, requireValidUser: true });
    server.createDatabase('recipes');
    const queue = await working(memoryKv(), { maxAttempts: 1 }, { credentials: () => auth });
    await queue.add('pull', 'a', { source: `${server.url}/recipes`, credentials: 'RECIPES', mode: 'continuous' });
    const dead = await queue.wait('pull', 'a');
    expect(dead?.state).toBe('dead');
    expect(dead?.error).toContain(said);
    expect(JSON.stringify(dead)).not.toContain('guessed');
  });

  test('goes well once the credentials of its name are right', async () => {
    await server.close();
    await begin({ admins: { admin: 'secret' }, requireValidUser: true });
    server.createDatabase('recipes').put({ _id: 'pancakes' });
    const asked: string[] = [];
    const passwords = ['guessed', 'secret'];
    const queue = await working(
      memoryKv(),
      { backoff: { base: 0, cap: 0 } },
      {
        credentials: async (name) => {
          asked.push(name);
          return { username: 'admin', password: passwords[asked.length - 1] ?? 'secret' };
        },
      },
    );
    await queue.add('pull', 'a', { source: `${server.url}/recipes`, credentials: 'RECIPES' });
    expect(await queue.wait('pull', 'a')).toMatchObject({ state: 'finished', attempt: 2, info: { docsWritten: 1 } });
    expect(asked).toEqual(['RECIPES', 'RECIPES']);
  });

  test('fails when there is no such database, and closes its target', async () => {
    let isClosed = false;
    const kv = memoryKv();
    const queue = await working(
      kv,
      { maxAttempts: 1 },
      {
        open: async (name) => {
          const replica = await openReplica(kv, name);
          const close = replica.close.bind(replica);
          replica.close = async (reason) => {
            isClosed = true;
            await close(reason);
          };
          return replica;
        },
      },
    );
    await queue.add('pull', 'a', { source: `${server.url}/nothing` });
    expect(await queue.wait('pull', 'a')).toMatchObject({ state: 'dead', error: expect.stringContaining('not_found') });
    expect(isClosed).toBe(true);
  });
});

test.each<[string, JsonObject]>([
  ['no source', {}],
  ['a source that is no text', { source: 5 }],
  ['a source with credentials', { source: 'http://jan:secret@127.0.0.1:5984/recipes' }],
  ['a target that is no text', { source: 'http://127.0.0.1:5984/recipes', target: '' }],
  [
    'credentials in the place of their name',
    { source: 'http://127.0.0.1:5984/recipes', credentials: { username: 'jan' } },
  ],
  ['an option that pulls do not have', { source: 'http://127.0.0.1:5984/recipes', continuous: true }],
  ['an option that cannot be stored', { source: 'http://127.0.0.1:5984/recipes', signal: {} }],
])('The data of a pull job are refused with %s', (_, data) => {
  expect(() => pullJobData(data)).toThrow(expect.toSatisfy(isInputError));
  expect(() => pullJobData(data)).not.toThrow('secret');
});
