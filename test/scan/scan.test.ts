import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { CouchServer } from '../../demo/server/index.ts';
import { isInputError } from '../../src/core/errors.ts';
import { couch } from '../../src/couch/couch.ts';
import type { Failure, Finding, Progress, ScanEvent, ScanSummary } from '../../src/scan/events.ts';
import type { ScanOptions } from '../../src/scan/options.ts';
import type { ScanPlugin } from '../../src/scan/plugin.ts';
import { scan } from '../../src/scan/scan.ts';
import { names, startFixture } from './fixture.ts';
import { countOf, recorder, seenBy } from './recorder.ts';

let server: CouchServer;
beforeAll(async () => {
  server = await startFixture();
});
beforeEach(() => server.requests.reset());
afterAll(() => server.close());

/** Everything that a scan of all databases tells. */
async function scanAll(plugins: readonly ScanPlugin[], options: ScanOptions = {}): Promise<ScanEvent[]> {
  const events: ScanEvent[] = [];
  for await (const event of scan(couch(server.url), plugins, options)) events.push(event);
  return events;
}

function summaryOf(events: readonly ScanEvent[]): ScanSummary {
  const last = events.at(-1);
  if (last?.type !== 'summary') throw new Error('There is no summary');
  return last;
}

describe('scan', () => {
  test('calls back in the order of a scan, database by database', async () => {
    const plugin = recorder();
    await scanAll([plugin]);
    expect(plugin.calls.map(([callback]) => callback)).toEqual([
      'start',
      'checkpoint',
      ...['db', 'ddoc', 'dbOpened', 'docId', 'docRevs', 'docId', 'docRevs', 'doc', 'doc', 'dbClosing'],
      ...['db', 'ddoc', 'dbOpened', 'docId', 'docRevs', 'docId', 'docRevs', 'doc', 'doc', 'dbClosing'],
      ...['db', 'dbOpened', 'docId', 'docRevs', 'doc', 'dbClosing'],
      'checkpoint',
      'complete',
    ]);
    expect(seenBy(plugin, 'db')).toEqual(names);
    expect(seenBy(plugin, 'ddoc')).toEqual(['dbname1/_design/doc2', 'dbname2/_design/doc4']);
    expect(seenBy(plugin, 'doc').sort()).toEqual([
      'dbname1/_design/doc2',
      'dbname1/doc1',
      'dbname2/_design/doc4',
      'dbname2/doc3',
      'dbname3/doc5',
    ]);
  });

  test('tells in a summary what it has done', async () => {
    const events = await scanAll([recorder()]);
    expect(summaryOf(events)).toMatchObject({
      databases: 3,
      designDocs: 2,
      documents: 5,
      bodies: 5,
      findings: 0,
      failures: 0,
      complete: true,
      plugins: { recorder: { state: 'finished', findings: 0, failures: 0 } },
    });
    expect(events.filter(({ type }) => type === 'summary')).toHaveLength(1);
  });

  test('asks for nothing that no plugin wants', async () => {
    const plugin: ScanPlugin = { ...bare('names'), db: (_, db, { found }) => found({ name: db.name }) };
    expect(findingsIn(await scanAll([plugin])).map(({ db }) => db)).toEqual(names);
    expect(server.requests.all.filter(({ path }) => /_changes|_design_docs|_bulk_get/.test(path))).toEqual([]);
  });

  test('reads no body that was skipped, and those of a page by one request', async () => {
    const calls: string[] = [];
    const plugin: ScanPlugin = {
      ...bare('some'),
      docId: (_, _db, id) => (id.startsWith('_design/') ? { go: 'skip' } : undefined),
      doc: (_, _db, { id, body }) => void calls.push(`${id} ${Object.keys(body).join()}`),
    };
    await scanAll([plugin]);
    expect(calls).toEqual(['doc1 foo1', 'doc3 foo3', 'doc5 ']);
    const bodies = server.requests.all.filter(({ path }) => path.includes('_bulk_get'));
    expect(bodies).toHaveLength(3);
    expect(server.requests.all.some(({ path }) => path.includes('include_docs'))).toBe(false);
  });

  test('has bodies come with the feed where all of them are wanted', async () => {
    const calls: string[] = [];
    const plugin: ScanPlugin = {
      ...bare('all'),
      needs: { bodies: 'every' },
      doc: (_, db, { id }) => void calls.push(`${db.name}/${id}`),
    };
    const summary = summaryOf(await scanAll([plugin]));
    expect(calls).toHaveLength(5);
    expect(summary.bodies).toBe(5);
    expect(server.requests.all.some(({ path }) => path.includes('_bulk_get'))).toBe(false);
  });

  test('passes tombstones to docId and docRevs, and not to doc', async () => {
    const db = server.createDatabase('graves');
    db.put({ _id: 'gone', secret: 1 });
    db.remove('gone');
    const plugin = recorder();
    for await (const _ of scan(couch.db(`${server.url}/graves`), [plugin])) void _;
    server.deleteDatabase('graves');
    expect(seenBy(plugin, 'docId')).toEqual(['graves/gone']);
    expect(seenBy(plugin, 'docRevs')).toEqual(['graves/gone']);
    expect(countOf(plugin, 'doc')).toBe(0);
  });

  test('lets several plugins share every request', async () => {
    const [one, other] = [recorder(), { ...recorder(), name: 'other' }];
    await scanAll([one]);
    const alone = server.requests.total;
    server.requests.reset();
    await scanAll([recorder(), other]);
    expect(server.requests.total).toBe(alone);
    expect(countOf(other, 'doc')).toBe(countOf(one, 'doc'));
  });

  test('passes over what its options say', async () => {
    const plugin = recorder();
    await scanAll([plugin], { skipDbs: [/name2$/], skipDocs: ['^doc1$'], skipDdocs: ['doc2'] });
    expect(seenBy(plugin, 'db')).toEqual(['dbname1', 'dbname3']);
    expect(seenBy(plugin, 'ddoc')).toEqual([]);
    expect(seenBy(plugin, 'docId')).toEqual(['dbname1/_design/doc2', 'dbname3/doc5']);
    expect(countOf(plugin, 'dbOpened')).toBe(countOf(plugin, 'dbClosing'));
  });

  test.each([
    ['db', 'skip', { doc: ['dbname1/_design/doc2', 'dbname1/doc1', 'dbname3/doc5'], complete: 1 }],
    ['db', 'stop', { doc: ['dbname1/_design/doc2', 'dbname1/doc1'], complete: 1 }],
    ['ddoc', 'stop', { ddoc: ['dbname1/_design/doc2', 'dbname2/_design/doc4'], complete: 1 }],
  ] as const)('does as %s says with %s', async (callback, go, { complete, ...expected }) => {
    const calls = recorder();
    const answer = (_: unknown, db: { name: string }): object | undefined =>
      callback !== 'db' || db.name === 'dbname2' ? { go } : undefined;
    const plugin = recorder(
      {
        [callback]: (...args: Parameters<typeof answer>) => {
          (calls as ScanPlugin)[callback]?.(undefined, args[1] as never, args[2 as never] as never, undefined as never);
          return answer(...args);
        },
      },
      calls.calls as never,
    );
    await scanAll([plugin]);
    for (const [name, of] of Object.entries(expected)) expect(seenBy(plugin, name).sort()).toEqual(of);
    expect(countOf(plugin, 'complete')).toBe(complete);
  });

  test.each(['docId', 'docRevs', 'doc'] as const)(
    'shows no more documents of a database after %s said stop',
    async (callback) => {
      let count = 0;
      const plugin: ScanPlugin = {
        ...bare('stopping'),
        [callback]: () => {
          count += 1;
          return { go: 'stop' };
        },
        dbClosing: (_, db, { found }) => found({ db: db.name }),
      };
      expect(findingsIn(await scanAll([plugin]))).toHaveLength(3);
      expect(count).toBe(3);
    },
  );

  test('tells of an object that a plugin fails on, and passes it over', async () => {
    const plugin: ScanPlugin = {
      ...bare('fragile'),
      doc(_, _db, { id }) {
        if (id === 'doc1') throw new TypeError('This one is poisonous');
      },
    };
    const events = await scanAll([plugin, recorder()]);
    expect(events.filter((event): event is Failure => event.type === 'failure')).toMatchObject([
      { plugin: 'fragile', callback: 'doc', db: 'dbname1', id: 'doc1', message: 'This one is poisonous', fatal: false },
    ]);
    expect(summaryOf(events).plugins).toMatchObject({
      fragile: { state: 'finished', failures: 1 },
      recorder: { state: 'finished', failures: 0 },
    });
  });

  test('ends a plugin that fails too often, and leaves the others alone', async () => {
    const plugin: ScanPlugin = {
      ...bare('broken'),
      doc: () => Promise.reject(new Error('Out of order')),
    };
    const other = recorder();
    const events = await scanAll([plugin, other], { maxFailures: 2 });
    expect(events.filter((event): event is Failure => event.type === 'failure').map(({ fatal }) => fatal)).toEqual([
      false,
      false,
      true,
    ]);
    expect(summaryOf(events)).toMatchObject({
      complete: false,
      plugins: { broken: { state: 'failed' }, recorder: { state: 'finished' } },
    });
    expect(countOf(other, 'doc')).toBe(5);
  });

  test.each([
    ['doc', { go: 'skip' }],
    ['db', { go: 'reset' }],
    ['db', 'stop'],
    ['checkpoint', { data: 7 }],
    ['checkpoint', { go: 'reschedule', data: {} }],
    ['start', { go: 'later' }],
    ['complete', { go: 'stop', data: {} }],
  ])('ends a plugin whose %s answers %j', async (callback, answer) => {
    const events = await scanAll([{ ...bare('wrong'), [callback]: () => answer } as ScanPlugin]);
    const [failure] = events.filter((event): event is Failure => event.type === 'failure');
    expect(failure).toMatchObject({ fatal: true, message: expect.stringMatching(new RegExp(`"wrong".*${callback}`)) });
    expect(summaryOf(events).plugins).toMatchObject({ wrong: { state: 'failed' } });
  });

  test('starts a plugin over that asks for it', async () => {
    let checkpoints = 0;
    const plugin = recorder({
      checkpoint() {
        checkpoints += 1;
        return checkpoints === 2 ? { go: 'reset' } : { data: {} };
      },
    });
    const events = await scanAll([plugin]);
    expect(seenBy(plugin, 'start')).toEqual(['null', 'null']);
    expect(summaryOf(events)).toMatchObject({ complete: true });
    expect(countOf(plugin, 'complete')).toBe(1);
  });

  test.each([
    [{ go: 'skip' }, { state: 'skipped' }],
    [{ go: 'reset' }, { state: 'reset' }],
    [
      { go: 'reschedule', at: 12345 },
      { state: 'rescheduled', at: 12345 },
    ],
  ] as const)('does not begin where start answers %j', async (answer, summary) => {
    const plugin = recorder({ start: () => answer });
    expect(summaryOf(await scanAll([plugin])).plugins).toMatchObject({ recorder: summary });
    expect(countOf(plugin, 'db')).toBe(0);
    expect(countOf(plugin, 'complete')).toBe(0);
  });

  test('goes on from the token of a scan whose budget was spent', async () => {
    const plugin = recorder();
    const first = summaryOf(await scanAll([plugin], { budget: { documents: 1 } }));
    expect(first).toMatchObject({ complete: false, plugins: { recorder: { state: 'unfinished' } } });
    let token = first.token;
    for (let slices = 1; token !== undefined; slices += 1) {
      expect(slices).toBeLessThan(10);
      const next = summaryOf(await scanAll([plugin], { budget: { documents: 1 }, since: token }));
      token = next.complete ? undefined : next.token;
    }
    expect(seenBy(plugin, 'doc').sort()).toEqual([
      'dbname1/_design/doc2',
      'dbname1/doc1',
      'dbname2/_design/doc4',
      'dbname2/doc3',
      'dbname3/doc5',
    ]);
    expect(countOf(plugin, 'start')).toBe(1);
    expect(countOf(plugin, 'complete')).toBe(1);
  });

  test('shows only what has changed since the scan that gave a token', async () => {
    const { token = '' } = summaryOf(await scanAll([recorder()]));
    server.database('dbname2')?.put({ _id: 'new' });
    const plugin = recorder();
    const again = summaryOf(await scanAll([plugin], { since: token }));
    server.database('dbname2')?.remove('new');
    expect(seenBy(plugin, 'db')).toEqual(['dbname2']);
    expect(seenBy(plugin, 'doc')).toEqual(['dbname2/new']);
    expect(seenBy(plugin, 'start')).toEqual([expect.stringMatching(/calls/)]);
    expect(again.complete).toBe(true);
  });

  test('passes over a database that is gone or must not be read', async () => {
    const fetch = async (url: string, init: RequestInit): Promise<Response> => {
      if (url.includes('/dbname2')) return Response.json({ error: 'not_found', reason: 'no_db_file' }, { status: 404 });
      return globalThis.fetch(url, init);
    };
    const plugin = recorder();
    const events: ScanEvent[] = [];
    for await (const event of scan(couch(server.url, { fetch }), [plugin])) events.push(event);
    expect(seenBy(plugin, 'dbClosing')).toEqual(['dbname1', 'dbname3']);
    expect(events.filter(({ type }) => type === 'failure')).toMatchObject([{ db: 'dbname2', fatal: false }]);
  });

  test('fails where the one database that it was given is not there', async () => {
    const all = async (): Promise<void> => {
      for await (const _ of scan(couch.db(`${server.url}/nowhere`), [recorder()])) void _;
    };
    await expect(all()).rejects.toMatchObject({ name: 'CouchError', status: 404 });
  });

  test('tells how far it has come', async () => {
    const progress = (await scanAll([recorder()])).filter((event): event is Progress => event.type === 'progress');
    expect(progress[0]).toMatchObject({ db: 'dbname1', databases: 1, documents: 2, pending: 0 });
  });

  test.each<[string, () => unknown, RegExp]>([
    ['no plugins', () => scan(couch(server.url), []), /needs a plugin/],
    ['two plugins of a name', () => scan(couch(server.url), [recorder(), recorder()]), /Two scan plugins/],
    ['a plugin without a name', () => scan(couch(server.url), [{ ...bare('a b') }]), /needs a name/],
    [
      'a plugin without resume',
      () => scan(couch(server.url), [{ ...bare('a'), resume: undefined as never }]),
      /lacks its resume/,
    ],
    [
      'a callback that is none',
      () => scan(couch(server.url), [{ ...bare('a'), doc: 7 as never }]),
      /must be a function/,
    ],
    [
      'a callback that is spelled wrong',
      () => scan(couch(server.url), [{ ...bare('a'), docID: () => {} } as never]),
      /"docID"/,
    ],
    ['nothing to scan', () => scan([], [recorder()]), /nothing to scan/],
    ['a feed that is none', () => scan(couch(server.url), [recorder()], { feed: 'longpoll' as never }), /feed/],
    ['last without a store', () => scan(couch(server.url), [recorder()], { since: 'last' }), /need a store/],
    ['a batch of nothing', () => scan(couch(server.url), [recorder()], { batchSize: 0 }), /batchSize/],
  ])('refuses %s', (_, begin, said) => {
    expect(begin).toThrow(said);
    try {
      begin();
    } catch (error) {
      expect(isInputError(error)).toBe(true);
    }
  });

  test.each<[string, ScanOptions, RegExp]>([
    ['a token that is none', { since: 'x' }, /token/],
    ['a budget that is none', { budget: { documents: 0 } }, /documents of a budget/],
    ['a pattern that cannot be used', { skipDbs: ['('] }, /skipDbs.*"\("/],
  ])('fails with %s', async (_, options, said) => {
    await expect(scanAll([recorder()], options)).rejects.toThrow(said);
  });
});

function findingsIn(events: readonly ScanEvent[]): Finding[] {
  return events.filter((event): event is Finding => event.type === 'finding');
}

function bare(name: string): ScanPlugin {
  return { name, start: () => ({ state: undefined }), resume: () => ({ state: undefined }), db: () => {} };
}
