import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { type CouchServer, startServer } from '../../demo/server/index.ts';
import { isInputError } from '../../src/core/errors.ts';
import type { JsonObject } from '../../src/core/json-value.ts';
import { platform } from '../../src/core/platform.ts';
import type { JobTypeOptions } from '../../src/jobs/job-type.ts';
import type { JobView } from '../../src/jobs/job-view.ts';
import { createQueue, type Queue } from '../../src/jobs/queue.ts';
import { work } from '../../src/jobs/work.ts';
import type { Kv } from '../../src/kv/kv.ts';
import { list } from '../../src/kv/list.ts';
import { memoryKv } from '../../src/kv/memory.ts';
import { createRegistry } from '../../src/registry/create-registry.ts';
import { constant } from '../../src/registry/sources/constant.ts';
import type { ScanPlugin } from '../../src/scan/plugin.ts';
import { type ScanJobOptions, scanJob, scanJobData, scanJobType } from '../../src/scan/scan-job.ts';
import { scanPlugins } from '../../src/scan/scan-plugins.ts';
import { findings$ } from '../../src/scan/state/findings.ts';
import { deferred } from '../support/deferred.ts';

/** In the order in which they are scanned. */
const NAMES = ['one', 'three', 'two'] as const;

let server: CouchServer;
let kv: Kv;
let queue: Queue;
let workers: { leave(): Promise<void> }[];
beforeAll(async () => {
  server = await startServer();
  for (const name of NAMES) {
    server.createDatabase(name).load(Array.from({ length: 100 }, (_, n) => ({ _id: `d${n}`, _rev: '1-a', n })));
  }
});
afterAll(() => server.close());
beforeEach(async () => {
  kv = memoryKv();
  queue = createQueue(kv);
  workers = [];
  await define();
});
afterEach(async () => {
  for (const worker of workers) await worker.leave();
  await kv.close();
});

const define = (type: JobTypeOptions = {}): Promise<void> => queue.defineType('scan', { ...scanJobType, ...type });

/** A worker that works until it leaves, which ends what it has under way. */
function startWorker(
  plugins: readonly ScanPlugin[],
  options: Partial<ScanJobOptions> = {},
  on = queue,
): { leave(): Promise<void> } {
  const leaving = new AbortController();
  const events = work(on, 'scan', scanJob({ store: kv, plugins, ...options }), { signal: leaving.signal });
  const ended = new Promise<void>((resolve) => events.subscribe({ complete: resolve, error: () => resolve() }));
  const worker = {
    leave() {
      leaving.abort();
      return ended;
    },
  };
  workers.push(worker);
  return worker;
}

/** Finds documents whose `n` is a multiple of ten. */
function tens(more: Partial<ScanPlugin> = {}): ScanPlugin & { readonly shown: string[] } {
  const shown: string[] = [];
  return {
    name: 'tens',
    start: () => ({ state: undefined }),
    resume: () => ({ state: undefined }),
    db: () => {},
    doc(_, db, { id, body }, { found }) {
      shown.push(`${db.name}/${id}`);
      if (Number(body['n']) % 10 === 0) found({ n: body['n'] });
    },
    ...more,
    shown,
  };
}

async function kept(id: string): Promise<string[]> {
  const found: string[] = [];
  for await (const { db, id: doc } of findings$(kv, { id })) found.push(`${db}/${doc}`);
  return found.sort();
}

const tensIn = (...names: string[]): string[] =>
  names.flatMap((name) => Array.from({ length: 10 }, (_, n) => `${name}/d${n * 10}`)).sort();

async function run(data: JsonObject, id = 'nightly'): Promise<JobView | undefined> {
  await queue.add('scan', id, data);
  return queue.wait('scan', id);
}

describe('a scan as a job', () => {
  test('keeps what it finds in the store, and leaves its summary as its info', async () => {
    startWorker([tens()]);
    const job = await run({ source: server.url });
    expect(job).toMatchObject({ state: 'finished' });
    expect(job?.info).toEqual({
      databases: 3,
      designDocs: 0,
      documents: 300,
      bodies: 300,
      findings: 30,
      failures: 0,
      complete: true,
      plugins: { tens: { state: 'finished', scan: expect.any(String), findings: 30, failures: 0 } },
    });
    expect(await kept('nightly')).toEqual(tensIn(...NAMES));
  });

  test('tells how far it has come while it runs', async () => {
    const gate = deferred();
    // The second database waits.
    startWorker([tens({ db: async (_, { name }) => (name === 'three' ? gate.promise : undefined) })]);
    await queue.add('scan', 'nightly', { source: server.url });
    for await (const job of queue.state$('scan', 'nightly')) {
      if (job?.info['documents'] === undefined) continue;
      expect(job).toMatchObject({ state: 'running', info: { db: 'one', documents: 100, bodies: 100, failures: 0 } });
      break;
    }
    gate.resolve();
    expect(await queue.wait('scan', 'nightly')).toMatchObject({ state: 'finished', info: { documents: 300 } });
  });

  test('goes on with another worker from the last commit when the first is gone', async () => {
    const ids = Array.from({ length: 3000 }, (_, n) => `d${n}`);
    server.createDatabase('large').load(ids.map((_id, n) => ({ _id, _rev: '1-a', n })));
    const reached = deferred();
    const stuck = deferred();
    const first = tens();
    const leaving = startWorker([
      {
        ...first,
        doc(...call) {
          if (first.shown.length < 2500) return first.doc?.(...call);
          reached.resolve();
          return stuck.promise;
        },
      },
    ]);
    await queue.add('scan', 'nightly', { source: server.url, databases: ['large'] });
    await reached.promise;
    const left = leaving.leave();
    stuck.resolve();
    await left;
    expect(await queue.get('scan', 'nightly')).toMatchObject({ state: 'pending' });
    const second = tens();
    startWorker([second]);
    expect(await queue.wait('scan', 'nightly')).toMatchObject({ state: 'finished', info: { complete: true } });
    server.deleteDatabase('large');
    // Nothing is missed, and less than a thousand documents are shown twice.
    expect(new Set([...first.shown, ...second.shown]).size).toBe(3000);
    expect(first.shown.length + second.shown.length).toBeLessThan(4000);
    expect(await kept('nightly')).toEqual(
      ids
        .filter((_, n) => n % 10 === 0)
        .map((id) => `large/${id}`)
        .sort(),
    );
  });

  test('is not written by a worker that has lost it', async () => {
    await define({ timeout: 300 });
    const reached = deferred();
    const stuck = deferred();
    const { sleep } = platform();
    // So slow that its heart does not beat in time.
    const slow = { platform: { sleep: (ms: number, signal?: AbortSignal) => sleep(1000 * ms, signal) } };
    const zombie = startWorker(
      [
        tens({
          async doc(_, _db, _doc, { found }) {
            reached.resolve();
            await stuck.promise;
            found({ zombie: true });
          },
        }),
      ],
      {},
      createQueue(kv, slow),
    );
    try {
      await queue.add('scan', 'nightly', { source: server.url });
      await reached.promise;
      startWorker([tens()]);
      expect(await queue.wait('scan', 'nightly')).toMatchObject({ state: 'finished', info: { findings: 30 } });
    } finally {
      stuck.resolve();
    }
    await zombie.leave();
    const found: unknown[] = [];
    for await (const finding of findings$(kv, { id: 'nightly' })) found.push(finding);
    expect(found).toHaveLength(30);
    expect(found).not.toContainEqual(expect.objectContaining({ zombie: true }));
    expect(await queue.get('scan', 'nightly')).toMatchObject({ state: 'finished', info: { findings: 30 } });
  });

  test('reads only what has changed with since, and what it is told to', async () => {
    startWorker([tens()]);
    server.createDatabase('changing').put({ _id: 'a', n: 10 });
    const data = { source: server.url, databases: ['changing'], since: 'last', scan: 'kept' };
    expect(await run(data)).toMatchObject({ info: { documents: 1, findings: 1 } });
    server.database('changing')?.put({ _id: 'b', n: 20 });
    expect(await run(data)).toMatchObject({ info: { documents: 1, findings: 1 } });
    expect(await kept('kept')).toEqual(['changing/a', 'changing/b']);
    server.deleteDatabase('changing');
    const some = { source: server.url, skipDbs: ['^t'], skipDocs: ['^d[1-9]'] };
    expect(await run(some, 'some')).toMatchObject({ info: { findings: 1 } });
    expect(await kept('some')).toEqual(['one/d0']);
  });

  test('scans with the plugins it names, those of the worker before those of its registry', async () => {
    const registry = createRegistry();
    const other = { ...tens(), name: 'other' };
    registry.contribute(scanPlugins, constant({ tens: tens({ doc: () => {} }), other }));
    startWorker([tens()], { registry });
    const all = await run({ source: server.url }, 'all');
    expect(all?.info['plugins']).toMatchObject({ tens: { findings: 30 }, other: { findings: 30 } });
    const one = await run({ source: server.url, plugins: ['other'] }, 'one');
    expect(Object.keys(one?.info['plugins'] ?? {})).toEqual(['other']);
    registry.dispose();
  });

  test('has its credentials from the worker, by name', async () => {
    const closed = await startServer({ admins: { admin: 'geheim' }, requireValidUser: true });
    onTestFinished(() => closed.close());
    const asked: string[] = [];
    startWorker([tens()], {
      credentials: (name) => {
        asked.push(name);
        return { username: 'admin', password: 'geheim' };
      },
    });
    expect(await run({ source: closed.url, credentials: 'shop' })).toMatchObject({ state: 'finished' });
    expect(asked).toEqual(['shop']);
    for await (const { value } of list(kv, { prefix: [] }))
      expect(new TextDecoder().decode(value)).not.toContain('geheim');
  });

  test.each([
    [{ credentials: 'unknown' }, 'This worker knows no credentials called "unknown"'],
    [{ plugins: ['unknown'] }, 'This worker has no scan plugin "unknown"'],
    [{ skipDbs: ['('] }, 'Option skipDbs has a pattern that cannot be used, "("'],
    [{ databases: ['none'], plugins: ['broken'] }, 'The scan plugin "broken" has failed: no key'],
  ])('says what %j has failed for', async (data, said) => {
    await define({ maxAttempts: 1 });
    const fails = (): never => {
      throw new Error('no key');
    };
    startWorker([tens(), { name: 'broken', start: fails, resume: fails, db: () => {} }]);
    const job = await run({ source: server.url, ...data });
    expect(job).toMatchObject({ state: 'dead', error: expect.stringContaining(said) });
  });

  test('that has failed goes on later from where it stood', async () => {
    await define({ backoff: { base: 1, cap: 1 } });
    let tries = 0;
    const plugin = tens({
      complete() {
        tries += 1;
        if (tries === 1) throw new Error('no room');
      },
    });
    startWorker([plugin]);
    const job = await run({ source: server.url });
    expect(tries).toBe(2);
    // What the first try has committed is not shown again.
    expect(plugin.shown).toHaveLength(300);
    expect(job).toMatchObject({ state: 'finished', attempt: 2, info: { complete: true } });
    expect(await kept('nightly')).toEqual(tensIn(...NAMES));
  });
});

describe('scanJobData', () => {
  test('takes what a scan can be made of', () => {
    const data = {
      source: 'http://127.0.0.1:5984',
      databases: ['a'],
      credentials: 'shop',
      plugins: ['find'],
      scan: 'nightly',
      since: 'last',
      skipDbs: ['^_'],
      skipDdocs: [],
      skipDocs: ['^tmp'],
    };
    expect(scanJobData(data)).toEqual(data);
  });

  test.each<[JsonObject, string]>([
    [{}, 'A scan job needs the url of a server as its source'],
    [{ source: 1 }, 'A scan job needs the url of a server as its source, not 1'],
    [{ source: 'http://admin:geheim@127.0.0.1' }, 'The source of a scan job must not hold credentials'],
    [{ source: 'http://h', sorce: '' }, 'A scan job has no option "sorce": there are source, databases'],
    [{ source: 'http://h', credentials: { password: 'geheim' } }, 'The credentials of a scan job must be a name'],
    [{ source: 'http://h', credentials: '' }, 'The credentials of a scan job must be a name'],
    [{ source: 'http://h', scan: 7 }, 'The scan of a scan job must be a name'],
    [{ source: 'http://h', since: 'now' }, 'The since of a scan job must be "last"'],
    [{ source: 'http://h', plugins: 'find' }, 'The plugins of a scan job must be a list of texts, not "find"'],
    [{ source: 'http://h', databases: [1] }, 'The databases of a scan job must be a list of texts, not [1]'],
    [{ source: 'http://h', skipDocs: {} }, 'The skipDocs of a scan job must be a list of texts, not {}'],
  ])('refuses %j in words', (data, said) => {
    let error: unknown;
    try {
      scanJobData(data);
    } catch (thrown) {
      error = thrown;
    }
    expect(isInputError(error)).toBe(true);
    expect((error as Error).message).toContain(said);
    expect((error as Error).message).not.toContain('geheim');
  });
});
