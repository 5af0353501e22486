import { firstValueFrom, filter as where } from 'rxjs';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type CouchServer, startServer } from '../../demo/server/index.ts';
import { couch } from '../../src/couch/couch.ts';
import type { Kv } from '../../src/kv/kv.ts';
import { memoryKv } from '../../src/kv/memory.ts';
import type { ScanPlugin } from '../../src/scan/plugin.ts';
import type { ScannerStatus } from '../../src/scan/scanner/control.ts';
import type { ScannerOptions } from '../../src/scan/scanner/options.ts';
import { createScanner, type Scanner, type ScannerEvent } from '../../src/scan/scanner/scanner.ts';
import { findings$ } from '../../src/scan/state/findings.ts';
import { countOf, recorder, seenBy } from './recorder.ts';
import { tens } from './tens.ts';

const limits = { db: Infinity, feed: Infinity, doc: Infinity, write: Infinity };

let server: CouchServer;
let kv: Kv;
let scanners: Scanner[];
beforeAll(async () => {
  server = await startServer();
});
beforeEach(() => {
  kv = memoryKv();
  scanners = [];
  for (const name of ['one', 'two', 'three']) {
    server.createDatabase(name).load(Array.from({ length: 100 }, (_, n) => ({ _id: `d${n}`, _rev: '1-a', n })));
  }
});
afterEach(() => Promise.all(scanners.map((scanner) => scanner.close())));
afterAll(() => server.close());

function start(plugins: readonly ScanPlugin[], options: Partial<ScannerOptions> = {}): Scanner {
  const scanner = createScanner({
    kv,
    server: couch(server.url),
    plugins,
    limits,
    interval: 50,
    penalties: { min: 50 },
    ...options,
  });
  scanners.push(scanner);
  return scanner;
}

function reaches(scanner: Scanner, has: (status: ScannerStatus) => boolean): Promise<ScannerStatus> {
  return firstValueFrom(scanner.status$.pipe(where(has)));
}

/** Resolves when something has come about in the plugins of this process. */
async function until(has: () => boolean): Promise<void> {
  while (!has()) await new Promise((resolve) => setTimeout(resolve, 5));
}

function finished(scanner: Scanner, plugin: string): Promise<ScannerStatus> {
  return reaches(scanner, ({ plugins }) => plugins[plugin]?.state === 'finished');
}

async function kept(id = 'scanner'): Promise<string[]> {
  const found: string[] = [];
  for await (const { db, id: doc } of findings$(kv, { id })) found.push(`${db}/${doc}`);
  return found;
}

const expected = ['one', 'three', 'two'].flatMap((db) =>
  Array.from({ length: 10 }, (_, n) => `${db}/d${n * 10}`).sort(),
);

describe('createScanner', () => {
  test('does nothing before a plugin is enabled, and is idempotent in all it is told', async () => {
    const scanner = start([tens()]);
    expect(await scanner.checkpoints()).toEqual({});
    expect(scanner.status()).toEqual({ id: 'scanner', stopped: false, plugins: {} });
    expect(await scanner.resetCheckpoints()).toEqual([]);
    await scanner.stop();
    await scanner.stop();
    expect(scanner.status().stopped).toBe(true);
    await scanner.resume();
    await scanner.resume();
    expect(scanner.status().stopped).toBe(false);
    expect(server.requests.total).toBe(0);
  });

  test('scans once what is enabled, and keeps what it finds', async () => {
    const plugin = tens();
    const scanner = start([plugin]);
    const events: ScannerEvent[] = [];
    scanner.events$.subscribe((event) => events.push(event));
    await scanner.enable('tens');
    await finished(scanner, 'tens');
    expect(plugin.shown).toHaveLength(300);
    expect(plugin.totals).toEqual([300]);
    expect(await kept()).toEqual(expected);
    expect(events.filter(({ type }) => type === 'finding')).toHaveLength(30);
    expect(Object.keys(await scanner.checkpoints())).toEqual(['tens']);
  });

  test.each(['rest', 'none'])('splits a large database, and puts the parts together: %s', async (tombstones) => {
    if (tombstones === 'rest') server.database('two')?.remove('d99');
    const ids: string[] = [];
    const plugin = tens({ docId: (_, db, id) => void ids.push(`${db.name}/${id}`) });
    const scanner = start([plugin], { partSize: 20, batchSize: 7, concurrency: 3 });
    await scanner.enable('tens');
    const { plugins } = await finished(scanner, 'tens');
    expect(plugins['tens']).toMatchObject({ parts: 18, left: 0 });
    const documents = tombstones === 'rest' ? 299 : 300;
    expect(new Set(plugin.shown)).toHaveLength(documents);
    expect(plugin.shown).toHaveLength(documents);
    expect(plugin.totals).toEqual([documents]);
    expect(ids).toHaveLength(300);
    expect(await kept()).toEqual(expected);
  });

  test.each(['docRevs alone', 'with bodies'])('shows losers in a database that is split: %s', async (what) => {
    server.database('one')?.bulkDocs([{ _id: 'd7', _rev: '1-b' }], { newEdits: false });
    const seen: string[][] = [];
    const plugin = tens({
      docRevs: (_, _db, { id, leaves }) => {
        if (id === 'd7') seen.push(leaves.map(({ rev }) => rev));
        return what === 'with bodies' ? undefined : { go: 'skip' };
      },
    });
    const scanner = start([plugin], { partSize: 20, databases: ['one'] });
    await scanner.enable('tens');
    await finished(scanner, 'tens');
    expect(seen).toEqual([['1-b', '1-a']]);
    expect(plugin.shown).toHaveLength(what === 'with bodies' ? 100 : 0);
  });

  test('has a plugin choose and order the parts of a database', async () => {
    const plugin = tens({ partitions: (_, _db, parts) => ({ parts: [...parts].reverse().slice(1) }) });
    const scanner = start([plugin], { partSize: 25, databases: ['one'] });
    await scanner.enable('tens');
    await finished(scanner, 'tens');
    expect(plugin.shown).toHaveLength(75);
  });

  test('keeps one that cannot be split together', async () => {
    const plugin = recorder({ ddoc: undefined as never });
    const scanner = start([plugin], { partSize: 10 });
    await scanner.enable('recorder');
    await finished(scanner, 'recorder');
    expect(seenBy(plugin, 'db')).toEqual(['one', 'three', 'two']);
    expect(countOf(plugin, 'start')).toBe(1);
    expect(countOf(plugin, 'complete')).toBe(1);
  });

  test('shares a scan with others of its id, without overlap', async () => {
    const plugins = [tens(), tens(), tens()];
    const all = plugins.map((plugin) => start([plugin], { partSize: 20, batchSize: 5 }));
    await all[0]?.enable('tens');
    await Promise.all(all.map((scanner) => finished(scanner, 'tens')));
    const shown = plugins.flatMap((plugin) => plugin.shown);
    expect(shown).toHaveLength(300);
    expect(new Set(shown)).toHaveLength(300);
    expect(plugins.flatMap(({ totals }) => totals)).toEqual([300]);
    expect(await kept()).toEqual(expected);
  });

  test('goes on with what a stopped process leaves', async () => {
    let release: () => void = () => {};
    const blocked = new Promise<void>((resolve) => {
      release = resolve;
    });
    const first = tens({
      async docId() {
        if (first.shown.length >= 45) await blocked;
      },
    });
    const one = start([first], { batchSize: 10 });
    await one.enable('tens');
    await until(() => first.shown.length >= 45);
    const stopping = one.stop();
    release();
    await stopping;
    expect(await kept()).not.toEqual(expected);
    const second = tens();
    const other = start([second], { batchSize: 10 });
    await finished(other, 'tens');
    expect(await kept()).toEqual(expected);
    expect(new Set([...first.shown, ...second.shown])).toHaveLength(300);
    expect(first.shown.length + second.shown.length).toBeLessThanOrEqual(320);
  });

  test('repeats, looking only at what has changed', async () => {
    const plugin = tens();
    const scanner = start([plugin], { schedule: { repeat: '1_sec', jitter: '1_percent' } });
    await scanner.enable('tens');
    await until(() => plugin.totals.length >= 1);
    server.database('two')?.put({ _id: 'more', n: 70 });
    await until(() => plugin.shown.includes('two/more'));
    await until(() => plugin.totals.length >= 2);
    expect(plugin.shown).toHaveLength(301);
    expect(await kept()).toContain('two/more');
  });

  test('changes its schedule at once', async () => {
    const plugin = tens();
    const scanner = start([plugin]);
    await scanner.enable('tens');
    await finished(scanner, 'tens');
    await scanner.change({ schedule: { repeat: '1_sec' } });
    await until(() => plugin.totals.length >= 2);
    await expect(scanner.change({ schedule: { repeat: 'sometimes' } })).rejects.toThrow(/repeat/);
  });

  test('tries a plugin again that has crashed, after a penalty, from its checkpoint', async () => {
    let crashes = 0;
    const plugin = tens({
      checkpoint({ seen }) {
        if (seen >= 50 && crashes < 2) {
          crashes += 1;
          throw new Error('Out of order');
        }
        return { data: { seen } };
      },
    });
    const scanner = start([plugin], { batchSize: 10 });
    await scanner.enable('tens');
    await finished(scanner, 'tens');
    expect(crashes).toBe(2);
    expect(plugin.totals).toEqual([300]);
    expect(await kept()).toEqual(expected);
  });

  test('starts a plugin over that asks for it', async () => {
    let checkpoints = 0;
    const starts: unknown[] = [];
    const plugin = tens({
      start(_, previous) {
        starts.push(previous);
        return { state: { seen: 0 } };
      },
      checkpoint({ seen }) {
        checkpoints += 1;
        return checkpoints === 3 ? { go: 'reset' } : { data: { seen } };
      },
    });
    const scanner = start([plugin], { batchSize: 50 });
    await scanner.enable('tens');
    await finished(scanner, 'tens');
    expect(starts).toEqual([undefined, undefined]);
    expect(plugin.totals).toEqual([300]);
    expect(await kept()).toEqual(expected);
  });

  test('runs a plugin again at the time that it says', async () => {
    let asked = 0;
    const plugin = tens({
      start() {
        asked += 1;
        return asked === 1 ? { go: 'reschedule', at: Date.now() + 100 } : { state: { seen: 0 } };
      },
    });
    const scanner = start([plugin]);
    await scanner.enable('tens');
    await finished(scanner, 'tens');
    expect(asked).toBe(2);
  });

  test('counts a skipped scan as one that ran', async () => {
    let asked = 0;
    const plugin = tens({
      start() {
        asked += 1;
        return asked === 1 ? { go: 'skip' } : { state: { seen: 0 } };
      },
    });
    const scanner = start([plugin], { schedule: { repeat: '1_sec' } });
    await scanner.enable('tens');
    await until(() => plugin.totals.length >= 1);
    expect(asked).toBe(2);
  });

  test('stands still while the server is in maintenance, and goes on by itself', async () => {
    server.maintenance('true');
    const plugin = tens();
    const scanner = start([plugin]);
    await scanner.enable('tens');
    await firstValueFrom(scanner.events$.pipe(where((event) => event.type === 'job' && event.became !== 'started')));
    expect(plugin.shown).toEqual([]);
    server.maintenance('false');
    await finished(scanner, 'tens');
    expect(plugin.totals).toEqual([300]);
  });

  test('forgets a plugin that is disabled, and scans from scratch when it is enabled again', async () => {
    const plugin = tens();
    const scanner = start([plugin]);
    await scanner.enable('tens');
    await finished(scanner, 'tens');
    await scanner.disable('tens');
    expect(scanner.status().plugins).toEqual({});
    expect(await scanner.checkpoints()).toEqual({});
    await scanner.enable('tens');
    await finished(scanner, 'tens');
    expect(plugin.totals).toEqual([300, 300]);
  });

  test('starts over when its checkpoints are reset', async () => {
    const plugin = tens();
    const scanner = start([plugin], { schedule: { repeat: '1_hour' } });
    await scanner.enable('tens');
    await until(() => plugin.totals.length === 1);
    await reaches(scanner, ({ plugins }) => plugins['tens']?.state === 'waiting');
    expect(await scanner.resetCheckpoints()).toEqual(['tens']);
    await until(() => plugin.totals.length === 2);
    expect(plugin.shown).toHaveLength(600);
  });

  test('stops and goes on everywhere', async () => {
    const [one, other] = [start([tens()]), start([tens()])];
    await one.stop({ everywhere: true });
    await one.enable('tens');
    await reaches(other, ({ stopped, plugins }) => stopped && plugins['tens'] !== undefined);
    await other.resume({ everywhere: true });
    await finished(one, 'tens');
    expect(await kept()).toEqual(expected);
  });

  test('passes over at once what it is told to', async () => {
    const plugin = tens();
    const scanner = start([plugin]);
    await scanner.change({ skipDbs: [/^t/], skipDocs: ['0$'] });
    await scanner.enable('tens');
    await finished(scanner, 'tens');
    expect(plugin.shown).toHaveLength(90);
    expect(plugin.shown.every((shown) => shown.startsWith('one/'))).toBe(true);
    await expect(scanner.change({ skipDbs: ['('] })).rejects.toThrow(/skipDbs/);
  });

  test('leaves a plugin to those who have it', async () => {
    const plugin = tens();
    const [without, having] = [start([recorder()]), start([plugin])];
    await having.enable('tens');
    await finished(without, 'tens');
    expect(plugin.totals).toEqual([300]);
  });

  test('refuses what it cannot do, in words', async () => {
    const scanner = start([tens()]);
    await expect(scanner.enable('ten')).rejects.toThrow('There is no scan plugin "ten": there are tens');
    expect(() => start([], { server: undefined as never })).toThrow(/server or sources/);
    expect(() => start([], { id: 'a/b' })).toThrow(/id of a scanner/);
    expect(() => start([], { schedule: { repeat: 'never' } })).toThrow(/repeat/);
    await scanner.close();
    await expect(scanner.enable('tens')).rejects.toMatchObject({ name: 'ClosedError' });
  });
});
