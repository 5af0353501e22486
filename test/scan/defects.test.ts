import { firstValueFrom, filter as where } from 'rxjs';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type CouchServer, startServer } from '../../demo/server/index.ts';
import { couch } from '../../src/couch/couch.ts';
import { createQueue } from '../../src/jobs/queue.ts';
import type { Kv } from '../../src/kv/kv.ts';
import { memoryKv } from '../../src/kv/memory.ts';
import type { ScanEvent, ScanSummary } from '../../src/scan/events.ts';
import { DEFAULT_LIMITS } from '../../src/scan/limiter/limits.ts';
import type { ScanOptions } from '../../src/scan/options.ts';
import type { ScanPlugin } from '../../src/scan/plugin.ts';
import { conflicts } from '../../src/scan/plugins/conflicts.ts';
import { scan } from '../../src/scan/scan.ts';
import { ScannerControl } from '../../src/scan/scanner/control.ts';
import { createScanner, type Scanner } from '../../src/scan/scanner/scanner.ts';

/*
 * What CouchDB's own scanner does otherwise than it should, and this one not. The others of these defects are tested beside what they
 * are about: of schedules (D2 to D7), penalties (D1), totals (D9), conflicts (D13), patterns (D16 to D18, D21, D28), features of design
 * documents (D19, D20) and configurations (D27). D14 and D15 are of plugins that do not exist here.
 */

let server: CouchServer;
let kv: Kv;
let scanner: Scanner | undefined;
beforeAll(async () => {
  server = await startServer();
});
beforeEach(() => {
  kv = memoryKv();
  for (const name of ['one', 'two']) {
    server.createDatabase(name).load(Array.from({ length: 50 }, (_, n) => ({ _id: `d${n}`, _rev: '1-a', n })));
  }
  server.requests.reset();
});
afterEach(async () => {
  server.maintenance('false');
  await scanner?.close();
  scanner = undefined;
});
afterAll(() => server.close());

function plugin(more: Partial<ScanPlugin>): ScanPlugin {
  return { name: 'probe', start: () => ({ state: {} }), resume: () => ({ state: {} }), db: () => {}, ...more };
}

async function run(given: ScanPlugin, options: ScanOptions = {}): Promise<ScanEvent[]> {
  const events: ScanEvent[] = [];
  for await (const event of scan(couch(server.url), [given], options)) events.push(event);
  return events;
}

function summaryOf(events: readonly ScanEvent[]): ScanSummary {
  const summary = events.at(-1);
  if (summary?.type !== 'summary') throw new Error('There is no summary');
  return summary;
}

function background(given: ScanPlugin, options = {}): Scanner {
  const limits = { db: Infinity, feed: Infinity, doc: Infinity, write: Infinity };
  scanner = createScanner({ kv, server: couch(server.url), plugins: [given], limits, interval: 50, ...options });
  return scanner;
}

function reaches(given: Scanner, state: string): Promise<unknown> {
  return firstValueFrom(given.status$.pipe(where(({ plugins }) => plugins['probe']?.state === state)));
}

/** Resolves when the plugin has run, and is to run again. */
function comesToNext(given: Scanner): Promise<unknown> {
  return firstValueFrom(
    given.status$.pipe(where(({ plugins: { probe } }) => probe?.state === 'waiting' && probe.next !== undefined)),
  );
}

describe('the scanner', () => {
  test('has the limits that are documented for it (D8)', () => {
    expect(DEFAULT_LIMITS).toEqual({ db: 25, feed: 50, doc: 1000, write: 500 });
  });

  test('takes a stop from the first checkpoint (D10)', async () => {
    let checkpoints = 0;
    const stopping = plugin({
      checkpoint() {
        checkpoints += 1;
        return checkpoints === 1 ? { go: 'stop', data: {} } : { data: {} };
      },
    });
    expect(summaryOf(await run(stopping, { store: kv }))).toMatchObject({
      plugins: { probe: { state: 'unfinished' } },
    });
    expect(summaryOf(await run(stopping, { store: kv })).complete).toBe(true);
  });

  test('gets past an object that a plugin always fails on (D11)', async () => {
    const seen: string[] = [];
    const given = plugin({
      doc(_, db, { id }) {
        if (id === 'd7') throw new Error('Poisonous');
        seen.push(`${db.name}/${id}`);
      },
    });
    const events: unknown[] = [];
    const running = background(given);
    running.events$.subscribe((event) => {
      if (event.type === 'failure') events.push([event.db, event.id, event.message, event.fatal]);
    });
    await running.enable('probe');
    await reaches(running, 'finished');
    expect(seen).toHaveLength(98);
    expect(events).toEqual([
      ['one', 'd7', 'Poisonous', false],
      ['two', 'd7', 'Poisonous', false],
    ]);
  });

  test('shows every id to a plugin that wants no more than ids (D12)', async () => {
    const ids: string[] = [];
    await run(plugin({ docId: (_, _db, id) => void ids.push(id) }));
    expect(ids).toHaveLength(100);
    expect(server.requests.all.some(({ path }) => path.includes('include_docs=true'))).toBe(false);
  });

  test('reads bodies only of documents in conflict to find these (D13)', async () => {
    server.database('one')?.load([{ _id: 'd3', _rev: '1-b' }]);
    const summary = summaryOf(await run(conflicts()));
    expect(summary).toMatchObject({ documents: 100, bodies: 0, findings: 1 });
    expect(server.requests.all.filter(({ path }) => path.includes('_bulk_get'))).toHaveLength(1);
    expect(server.requests.all.some(({ path }) => path.includes('include_docs=true'))).toBe(false);
  });

  test('keeps nothing of a plugin that was disabled while no process was there (D22)', async () => {
    const running = background(plugin({ checkpoint: () => ({ data: { much: 1 } }) }));
    await running.enable('probe');
    await reaches(running, 'finished');
    await running.close();
    const control = new ScannerControl(kv, createQueue(kv), 'scanner');
    expect(Object.keys(await control.checkpoints())).toEqual(['probe']);
    await control.disable('probe');
    expect(await control.checkpoints()).toEqual({});
  });

  test('stands still as soon as the server goes into maintenance, and tells that from being stopped (D23, D24)', async () => {
    let seen = 0;
    const given = plugin({
      async doc() {
        seen += 1;
        if (seen === 5) server.maintenance('true');
        if (seen >= 5 && seen < 60) await new Promise((resolve) => setTimeout(resolve, 10));
      },
    });
    const running = background(given, { batchSize: 10 });
    const released = firstValueFrom(
      running.events$.pipe(where((event) => event.type === 'job' && event.became !== 'started' && seen > 0)),
    );
    await running.enable('probe');
    await released;
    expect(seen).toBeLessThan(100);
    expect(running.status()).toMatchObject({ stopped: false, plugins: { probe: { state: 'scanning', left: 1 } } });
    await running.stop();
    expect(running.status().stopped).toBe(true);
    server.maintenance('false');
    await running.resume();
    await reaches(running, 'finished');
    expect(seen).toBe(100);
  });

  test('has others scan what a dead process had begun (D25)', async () => {
    const running = background(plugin({ doc: () => new Promise((resolve) => setTimeout(resolve, 5)) }), {
      batchSize: 10,
    });
    await running.enable('probe');
    await firstValueFrom(running.events$.pipe(where(({ type }) => type === 'progress')));
    await running.close();
    let seen = 0;
    const doc = (): void => {
      seen += 1;
    };
    const other = background(plugin({ doc }));
    await reaches(other, 'finished');
    expect(seen).toBeGreaterThan(0);
    expect(seen).toBeLessThan(100);
  });

  test('takes up another jitter at once (D26)', async () => {
    let starts = 0;
    const given = plugin({
      start() {
        starts += 1;
        return { state: {} };
      },
    });
    const running = background(given, { schedule: { repeat: '1_sec', jitter: '100_percent' } });
    await running.change({ schedule: { repeat: '1_hour', jitter: '1_min' } });
    await running.enable('probe');
    await comesToNext(running);
    const next = running.status().plugins['probe']?.next ?? 0;
    const startedAt = running.status().plugins['probe']?.startedAt ?? 0;
    expect(next - startedAt).toBeGreaterThanOrEqual(3_600_000);
    expect(next - startedAt).toBeLessThanOrEqual(3_660_000);
    await running.change({ schedule: { repeat: '1_sec', jitter: '1_sec' } });
    while (starts < 2) await new Promise((resolve) => setTimeout(resolve, 10));
  });

  test('draws the jitter of a run once (D7)', async () => {
    const running = background(plugin({}), { schedule: { repeat: '1_hour', jitter: '100_percent' } });
    await running.enable('probe');
    await comesToNext(running);
    const next = running.status().plugins['probe']?.next;
    for (let asked = 0; asked < 3; asked += 1) {
      await running.change({ schedule: { repeat: '1_hour', jitter: '100_percent' } });
      await comesToNext(running);
      expect(running.status().plugins['probe']?.next).toBe(next);
    }
  });

  test('counts every page of the feed and every body against its limits (D29)', async () => {
    const taken: Record<string, number> = {};
    const limit = {
      take(kind: string, count: number): Promise<void> {
        taken[kind] = (taken[kind] ?? 0) + count;
        return Promise.resolve();
      },
    };
    await run(plugin({ docId: () => {} }), { limit, batchSize: 20 });
    expect(taken).toEqual({ db: 2, feed: 6 });
    await run(plugin({ doc: () => {} }), { limit, batchSize: 20 });
    expect(taken).toEqual({ db: 4, feed: 12, doc: 100 });
    await run(plugin({ db: (_, _db, { write }) => write(7) }), { limit });
    expect(taken['write']).toBe(14);
  });

  test('tells how far it has come, what it found and what it came to, and keeps that (D30)', async () => {
    const events = await run(
      plugin({ docId: (_, _db, id, { found }) => (id === 'd1' ? found({ one: 1 }) : undefined) }),
    );
    expect(events.map(({ type }) => type).filter((type, index, all) => type !== all[index - 1])).toEqual([
      'finding',
      'progress',
      'finding',
      'summary',
    ]);
    expect(JSON.parse(JSON.stringify(summaryOf(events)))).toMatchObject({ databases: 2, documents: 100, findings: 2 });
  });
});
