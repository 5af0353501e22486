import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { CouchServer } from '../../demo/server/index.ts';
import { startServer } from '../../demo/server/index.ts';
import { couch } from '../../src/couch/couch.ts';
import type { Kv } from '../../src/kv/kv.ts';
import { memoryKv } from '../../src/kv/memory.ts';
import { pull } from '../../src/pull/pull.ts';
import { openReplica } from '../../src/replica/replica.ts';
import { baseline } from '../../src/scan/baseline.ts';
import type { Finding, ScanEvent, ScanSummary } from '../../src/scan/events.ts';
import type { ScanOptions } from '../../src/scan/options.ts';
import type { ScanPlugin } from '../../src/scan/plugin.ts';
import { scan } from '../../src/scan/scan.ts';
import type { Scannable } from '../../src/scan/source/open-source.ts';
import { findings$, scans } from '../../src/scan/state/findings.ts';
import { tens } from './tens.ts';

let server: CouchServer;
let kv: Kv;
/** How far the clock of the server is ahead. */
let later = 0;
beforeAll(async () => {
  server = await startServer({ platform: { now: () => Date.now() + later } });
});
afterAll(() => server.close());
beforeEach(() => {
  kv = memoryKv();
  for (const name of ['one', 'two', 'three']) {
    const db = server.createDatabase(name);
    db.load(Array.from({ length: 100 }, (_, n) => ({ _id: `d${n}`, _rev: '1-a', n })));
  }
});

async function run(
  plugin: ScanPlugin,
  options: ScanOptions = {},
  source: Scannable = couch(server.url),
): Promise<ScanSummary> {
  let last: ScanEvent | undefined;
  for await (const event of scan(source, [plugin], { store: kv, ...options })) last = event;
  if (last?.type !== 'summary') throw new Error('There is no summary');
  return last;
}

async function kept(options = {}): Promise<string[]> {
  const found: string[] = [];
  for await (const { db, id } of findings$(kv, options)) found.push(`${db}/${id}`);
  return found;
}

const expected = ['one', 'three', 'two'].flatMap((db) =>
  Array.from({ length: 10 }, (_, n) => `${db}/d${n * 10}`).sort(),
);

describe('a scan with a store', () => {
  test('keeps its findings, in order', async () => {
    expect(await run(tens())).toMatchObject({ complete: true, findings: 30 });
    expect(await kept()).toEqual(expected);
    expect(await kept({ db: 'three' })).toEqual(expected.slice(10, 20));
    expect(await kept({ plugin: 'other' })).toEqual([]);
    expect(await kept({ id: 'other' })).toEqual([]);
    const ids: string[] = [];
    for await (const id of scans(kv)) ids.push(id);
    expect(ids).toEqual(['scan']);
  });

  test.each([1, 2, 3, 5, 8])('goes on where it was broken off: %i commits in', async (commits) => {
    const plugin = tens();
    const events = scan(couch(server.url), [plugin], { store: failing(kv, commits), batchSize: 20 });
    await expect(drain(events)).rejects.toThrow('The machine is gone');
    const before = plugin.shown.length;
    const summary = await run(plugin, { batchSize: 20 });
    expect(summary.complete).toBe(true);
    expect(new Set(plugin.shown)).toHaveLength(300);
    // At most one batch is scanned twice.
    expect(plugin.shown.length - 300).toBeLessThanOrEqual(20);
    expect(before).toBeGreaterThan(0);
    expect(await kept()).toEqual(expected);
  });

  test('looks only at what has changed since the last one, and takes out what is not found any more', async () => {
    const plugin = tens();
    await run(plugin);
    const db = server.database('three');
    const rev = (id: string): string => (JSON.parse(db?.text(id) ?? '{}') as { _rev: string })._rev;
    db?.put({ _id: 'd10', _rev: rev('d10'), n: 11 });
    db?.remove('d20');
    db?.put({ _id: 'd31', _rev: rev('d31'), n: 100 });
    server.createDatabase('four').put({ _id: 'd0', n: 0 });
    plugin.shown.length = 0;
    server.requests.reset();
    const summary = await run(plugin, { since: 'last' });
    const requests = server.requests.total;
    server.deleteDatabase('four');
    expect(plugin.shown.sort()).toEqual(['four/d0', 'three/d10', 'three/d31']);
    expect(summary).toMatchObject({ complete: true, findings: 2 });
    expect(await kept()).toEqual(
      [...expected.filter((found) => !['three/d10', 'three/d20'].includes(found)), 'four/d0', 'three/d31'].sort(
        byDatabase,
      ),
    );
    expect(requests).toBeLessThanOrEqual(10);
  });

  test('starts over when the configuration of a plugin has changed, and forgets what only the old one found', async () => {
    await run(tens());
    const other = tens({
      configuration: { every: 20 },
      doc(_, _db, { body }, { found }) {
        if (Number(body['n']) % 20 === 0) found({ n: body['n'] });
      },
    });
    const starts: unknown[] = [];
    const start: ScanPlugin<{ seen: number }>['start'] = (_, previous) => {
      starts.push(previous);
      return { state: { seen: 0 } };
    };
    await run({ ...other, start }, { since: 'last' });
    expect(starts).toEqual([undefined]);
    expect(await kept()).toEqual(expected.filter((found) => Number(found.split('/d')[1]) % 20 === 0));
  });

  test('finds what rules that came could not be found before, and drops what those that went had found', async () => {
    const rules = (list: readonly number[], shown: string[] = []): ScanPlugin => ({
      name: 'rules',
      configuration: { list },
      start: () => ({ state: undefined }),
      resume: () => ({ state: undefined }),
      db: () => {},
      doc(_, db, { id, body }, { found }) {
        shown.push(`${list.join()} ${db.name}/${id}`);
        for (const n of list) if (body['n'] === n) found({ n });
      },
      since({ list: before }) {
        const added = list.filter((n) => !(before as number[]).includes(n));
        return added.length === 0 ? 'nothing' : rules(added, shown);
      },
      isStale: ({ n }) => !list.includes(Number(n)),
    });
    await run(rules([1, 2]));
    server.database('one')?.put({ _id: 'new', n: 2 });
    const shown: string[] = [];
    const summary = await run(rules([2, 3], shown), { since: 'last' });
    expect(summary.complete).toBe(true);
    // Everything for the new rule alone, and for all of them what is new.
    expect(shown.filter((what) => what.startsWith('3 '))).toHaveLength(301);
    expect(shown.filter((what) => what.startsWith('2,3 '))).toEqual(['2,3 one/new']);
    expect(await kept()).toEqual(['one/d2', 'one/d3', 'one/new', 'three/d2', 'three/d3', 'two/d2', 'two/d3']);
    shown.length = 0;
    await run(rules([3], shown), { since: 'last' });
    expect(shown).toEqual([]);
    expect(await kept()).toEqual(['one/d3', 'three/d3', 'two/d3']);
  });

  test('gives the next scan what complete gave', async () => {
    const given: unknown[] = [];
    const start: ScanPlugin<{ seen: number }>['start'] = (_, previous) => {
      given.push(previous);
      return { state: { seen: 0 } };
    };
    await run(tens({ start }));
    await run(tens({ start }));
    expect(given).toEqual([undefined, { seen: 300 }]);
  });

  test('takes out what was found in a database that is gone', async () => {
    await run(tens());
    server.deleteDatabase('two');
    await run(tens(), { since: 'last' });
    expect(await kept()).toEqual(expected.slice(0, 20));
    server.createDatabase('two').put({ _id: 'd50', n: 50 });
    await run(tens(), { since: 'last' });
    expect(await kept({ db: 'two' })).toEqual(['two/d50']);
  });

  test('looks at everything of a database that was made anew', async () => {
    await run(tens());
    // The server tells databases of one name apart by the second in which they were made.
    later += 5000;
    server.createDatabase('two').put({ _id: 'd50', n: 50 });
    await run(tens(), { since: 'last' });
    expect(await kept({ db: 'two' })).toEqual(['two/d50']);
    expect(await kept({ db: 'one' })).toHaveLength(10);
  });

  test('is one scan of one source', async () => {
    await run(tens());
    await expect(run(tens(), {}, couch.db(`${server.url}/one`))).rejects.toThrow(/another id/);
    await run(tens(), { id: 'other' }, couch.db(`${server.url}/one`));
    expect(await kept({ id: 'other' })).toHaveLength(10);
  });

  test('cannot write any more once it was begun again elsewhere', async () => {
    const first = scan(couch(server.url), [tens()], { store: kv, batchSize: 10 }).batches()[Symbol.asyncIterator]();
    await first.next();
    await run(tens());
    await expect(
      (async () => {
        while (!(await first.next()).done);
      })(),
    ).rejects.toMatchObject({ name: 'LeaseLostError' });
    expect(await kept()).toEqual(expected);
  });

  test('keeps many findings of one document', async () => {
    const many: ScanPlugin = {
      name: 'many',
      start: () => ({ state: undefined }),
      resume: () => ({ state: undefined }),
      db: () => {},
      doc(_, _db, { id, body }, { found }) {
        if (id === 'd0') for (let n = 0; n < Number(body['many'] ?? 5000); n += 1) found({ n, text: 'x'.repeat(100) });
      },
    };
    const small = memoryKv({ limits: { valueBytes: 65_536, mutationsPerUpdate: 1000, bytesPerUpdate: 800_000 } });
    kv = small;
    await run(many);
    expect(await kept({ db: 'one' })).toHaveLength(5000);
    const db = server.database('one');
    db?.put({ ...JSON.parse(db.text('d0') ?? ''), many: 3 });
    await run(many, { since: 'last' });
    expect(await kept({ db: 'one' })).toHaveLength(3);
  });

  test('neither tells nor keeps what is known', async () => {
    await run(tens());
    const known = await baseline(findings$(kv, { db: 'one' }));
    kv = memoryKv();
    expect(await run(tens(), { isKnown: known })).toMatchObject({ findings: 20 });
    expect(await kept()).toEqual(expected.slice(10));
  });

  test('goes on with what changes, as it changes', async () => {
    const found: Finding[] = [];
    let told: () => void = () => {};
    const something = (): Promise<void> =>
      new Promise((resolve) => {
        told = resolve;
      });
    const live = scan(couch.db(`${server.url}/two`), [tens()], { store: kv, feed: 'continuous' });
    const reading = live.subscribe((event) => {
      if (event.type !== 'finding') return;
      found.push(event);
      told();
    });
    while (found.length < 10) await something();
    const db = server.database('two');
    for (const n of [1000, 2000]) {
      db?.put({ _id: `live${n}`, n });
      while (!found.some(({ id }) => id === `live${n}`)) await something();
    }
    reading.unsubscribe();
    expect(found).toHaveLength(12);
    expect(await kept()).toContain('two/live2000');
    // A later scan goes on from there.
    const plugin = tens();
    await run(plugin, {}, couch.db(`${server.url}/two`));
    expect(plugin.shown).toEqual([]);
  });

  test('follows all databases of a server, and new ones', async () => {
    server.createDatabase('_global_changes');
    const found: string[] = [];
    let told: () => void = () => {};
    const something = (): Promise<void> =>
      new Promise((resolve) => {
        told = resolve;
      });
    const reading = scan(couch(server.url), [tens()], { store: kv, feed: 'continuous' }).subscribe((event) => {
      if (event.type !== 'finding') return;
      found.push(`${event.db}/${event.id}`);
      told();
    });
    while (found.length < 30) await something();
    server.database('one')?.put({ _id: 'live', n: 0 });
    server.createDatabase('fresh').put({ _id: 'live', n: 0 });
    while (!(found.includes('one/live') && found.includes('fresh/live'))) await something();
    reading.unsubscribe();
    server.deleteDatabase('fresh');
    server.deleteDatabase('_global_changes');
    expect(found).toHaveLength(32);
  });
});

describe('a scan of a replica', () => {
  test('finds what a scan of its source does', async () => {
    const local = memoryKv();
    const replica = await openReplica(local, 'one');
    await pull(couch.db(`${server.url}/one`), replica).done;
    const plugin = tens();
    expect(await run(plugin, {}, replica)).toMatchObject({ complete: true, findings: 10, documents: 100 });
    expect(await kept()).toEqual(expected.slice(0, 10));
    server.database('one')?.put({ _id: 'later', n: 0 });
    await pull(couch.db(`${server.url}/one`), replica).done;
    plugin.shown.length = 0;
    expect(await run(plugin, { since: 'last' }, replica)).toMatchObject({ documents: 1, findings: 1 });
    expect(plugin.shown).toEqual(['one/later']);
  });

  test('follows it', async () => {
    const replica = await openReplica(memoryKv(), 'one');
    const found: string[] = [];
    const arrived = new Promise<void>((resolve) => {
      scan(replica, [tens()], { feed: 'continuous', signal: ending.signal }).subscribe({
        next: (event) => {
          if (event.type === 'finding') found.push(String(event.id));
          if (found.length === 10) resolve();
        },
        error: () => {},
      });
    });
    await pull(couch.db(`${server.url}/one`), replica).done;
    await arrived;
    ending.abort();
    expect(found).toHaveLength(10);
  });
  const ending = new AbortController();
});

/** A store of which the machine goes away after some commits. */
function failing(store: Kv, commits: number): Kv {
  let left = commits;
  return {
    ...store,
    limits: store.limits,
    reach: store.reach,
    read: (keys) => store.read(keys),
    page: (range, options) => store.page(range, options),
    watch: (key) => store.watch(key),
    close: () => store.close(),
    update(guards, decide, options) {
      left -= 1;
      // The claim and the initial checkpoint are not counted.
      if (left < -2) return Promise.reject(new Error('The machine is gone'));
      return store.update(guards, decide, options);
    },
  };
}

async function drain(events: AsyncIterable<unknown>): Promise<void> {
  for await (const _ of events) void _;
}

function byDatabase(a: string, b: string): number {
  const [[left = '', l = ''], [right = '', r = '']] = [a.split('/'), b.split('/')];
  if (left !== right) return left < right ? -1 : 1;
  return l < r ? -1 : 1;
}
