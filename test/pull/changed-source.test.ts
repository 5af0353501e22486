import { filter, firstValueFrom } from 'rxjs';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type CouchServer, startServer } from '../../demo/server/index.ts';
import { platform } from '../../src/core/platform.ts';
import { type CouchOptions, couch } from '../../src/couch/couch.ts';
import { memoryKv } from '../../src/kv/memory.ts';
import type { PullOptions } from '../../src/pull/options.ts';
import { type Pull, pull } from '../../src/pull/pull.ts';
import type { PullState } from '../../src/pull/state.ts';
import type { PullEvent, PullResult } from '../../src/pull/status.ts';
import { openReplica, type Replica } from '../../src/replica/replica.ts';
import { smallDocuments } from '../support/documents.ts';
import { virtualClock } from '../support/virtual-clock.ts';

let server: CouchServer;
let replica: Replica;
/** When the server believes to make its databases. */
let time: number;

beforeEach(async () => {
  time = 1_700_000_000_000;
  server = await startServer({ platform: { now: () => time } });
  replica = await openReplica(memoryKv(), 'replica');
});
afterEach(() => server.close());

/** Makes the source, in place of what was there, a while later. */
function remake(documents: readonly object[]): void {
  time += 60_000;
  server.createDatabase('source').load(documents);
}

interface Pulled {
  readonly result: PullResult;
  readonly events: readonly PullEvent[];
}

async function pullOnce(options: PullOptions = {}, connection: CouchOptions = {}): Promise<Pulled> {
  const running = pull(couch.db(`${server.url}/source`, connection), replica, options);
  const events = eventsOf(running);
  return { result: await running.done, events };
}

function eventsOf(running: Pull): PullEvent[] {
  const events: PullEvent[] = [];
  running.events$.subscribe((event) => events.push(event));
  return events;
}

/** What is told of the source, and of where the pull begins. */
function tidings(events: readonly PullEvent[]): string[] {
  return events.flatMap((event) => {
    if (event.type === 'started') return [`${event.reason} at ${String(event.since).split('-')[0]}`];
    return event.type.startsWith('source-') ? [event.type] : [];
  });
}

describe('A pull of a source that was made anew', () => {
  test('says so, and brings what that has; what is here stays', async () => {
    remake(smallDocuments(30));
    expect(tidings((await pullOnce()).events)).toEqual(['first at 0']);
    remake(smallDocuments(5, 'second'));
    const { result, events } = await pullOnce();
    expect(tidings(events)).toEqual(['source-recreated', 'recreated at 0']);
    expect(result).toMatchObject({ docsWritten: 5, docsFailed: 0 });
    expect(await replica.info()).toMatchObject({ docCount: 35 });
    expect(tidings((await pullOnce()).events)).toEqual(['resumed at 5']);
  });

  test('also when the new one is empty, or longer than the old one', async () => {
    remake(smallDocuments(5));
    await pullOnce();
    remake([]);
    expect(tidings((await pullOnce()).events)).toEqual(['source-recreated', 'recreated at 0']);
    expect(tidings((await pullOnce()).events)).toEqual(['resumed at 0']);
    remake(smallDocuments(50, 'third'));
    expect(tidings((await pullOnce()).events)).toEqual(['source-recreated', 'recreated at 0']);
    expect(await replica.info()).toMatchObject({ docCount: 55 });
  });

  test('fetches nothing that is here already', async () => {
    const edited = { start: 2, ids: ['b', 'a'] };
    const documents = smallDocuments(40).map(({ _id }) => ({ _id, _rev: '2-b', _revisions: edited }));
    remake(documents);
    await pullOnce();
    remake(documents);
    server.requests.reset();
    const { result, events } = await pullOnce();
    expect(tidings(events)).toEqual(['source-recreated', 'recreated at 0']);
    expect(result).toMatchObject({ docsRead: 0, docsWritten: 0, requests: 2 });
  });

  test('begins at its beginning, whatever the option since says', async () => {
    remake(smallDocuments(5));
    await pullOnce({ since: 'now' });
    remake(smallDocuments(3, 'second'));
    expect((await pullOnce({ since: 'now' })).result).toMatchObject({ docsWritten: 3 });
  });

  test('between two pages begins again', async () => {
    remake(smallDocuments(300));
    const running = pull(couch.db(`${server.url}/source`), replica, { batchSize: 10 });
    const events = eventsOf(running);
    running.events$.subscribe(({ type }) => {
      if (type === 'checkpoint' && events.filter((event) => event.type === 'checkpoint').length === 1) {
        remake(smallDocuments(7, 'second'));
      }
    });
    expect(await running.done).toMatchObject({ state: 'completed' });
    expect(tidings(events)).toEqual(['first at 0', 'source-recreated', 'recreated at 0']);
    for (const { _id } of smallDocuments(7, 'second')) expect(await replica.get(_id)).toBeDefined();
    expect(tidings((await pullOnce()).events)).toEqual(['resumed at 7']);
  });
});

describe('A pull of a source that has lost changes', () => {
  /** Databases of one server that are made at the same time and with the same ids are one, as far as can be seen. */
  async function restore(documents: readonly object[]): Promise<void> {
    server.createDatabase('source').load(documents);
  }

  beforeEach(async () => {
    await server.close();
    server = await startServer({ platform: { now: () => time, uuid: () => '0'.repeat(32) } });
  });

  test('says so, and brings what it would never have been told of', async () => {
    await restore(smallDocuments(20));
    const { result } = await pullOnce();
    await restore([...smallDocuments(5), ...smallDocuments(4, 'after')]);
    const told = await fetch(`${server.url}/source/_changes?since=${String(result.seq)}`);
    expect(await told.json()).toMatchObject({ results: [] });
    const again = await pullOnce();
    expect(tidings(again.events)).toEqual(['source-rewound', 'rewound at 0']);
    expect(again.result).toMatchObject({ docsRead: 4, docsWritten: 4 });
    expect(tidings((await pullOnce()).events)).toEqual(['resumed at 9']);
  });
});

/** A server of old, whose sequences are numbers and which knows no time of creation. */
function numbered(database: { rows: number; started: string; prefix: string }): typeof fetch {
  return async (input) => {
    const url = new URL(String(input));
    if (!url.pathname.endsWith('/_changes')) {
      const { rows, started } = database;
      return Response.json({ db_name: 'source', doc_count: rows, update_seq: rows, instance_start_time: started });
    }
    const since = Number(url.searchParams.get('since') ?? 0);
    const results = Array.from({ length: database.rows }, (_, n) => {
      const [id, rev] = [`${database.prefix}${n + 1}`, '1-a'];
      return { seq: n + 1, id, changes: [{ rev }], doc: { _id: id, _rev: rev } };
    });
    return Response.json({ results: results.slice(since), last_seq: Math.max(since, database.rows), pending: 0 });
  };
}

describe('A pull of a source whose sequences are numbers', () => {
  test('notices that there are fewer than it has read, and heeds no start of a process', async () => {
    const database = { rows: 9, started: '1795264419312', prefix: 'a' };
    const connection = { fetch: numbered(database) };
    await pullOnce({}, connection);
    database.started = '1795264999999';
    expect(tidings((await pullOnce({}, connection)).events)).toEqual(['resumed at 9']);
    Object.assign(database, { rows: 4, prefix: 'b' });
    const { events, result } = await pullOnce({}, connection);
    expect(tidings(events)).toEqual(['source-rewound', 'rewound at 0']);
    expect(result).toMatchObject({ docsWritten: 4 });
  });

  test('asks for them before every poll', async () => {
    const database = { rows: 9, started: '1795264419312', prefix: 'a' };
    const source = couch.db(`${server.url}/source`, { fetch: numbered(database) });
    const running = pull(source, replica, { mode: 'continuous', interval: 5, platform: hasty });
    const events = eventsOf(running);
    await running.caughtUp;
    Object.assign(database, { rows: 4, prefix: 'b' });
    await firstValueFrom(running.events$.pipe(filter((event) => event.type === 'checkpoint' && event.seq === 4)));
    await running.stop();
    expect(tidings(events)).toEqual(['first at 0', 'source-rewound', 'rewound at 0']);
    expect(await replica.info()).toMatchObject({ docCount: 13 });
  });
});

test.each([
  {},
  { seq: null },
  { seq: { number: 5 } },
  { seq: true },
  { last_seq: '5-x', history: 'none' },
  { seq: 'garbage' },
  { seq: '' },
  { seq: 5 },
  { seq: [5, 'x'] },
  // What only the server can tell to be none of its own.
  { seq: '3-g1AAAAxyz' },
  { seq: '3-g1AAAAxyz', created: 17 },
])('A checkpoint %j is no checkpoint', async (value) => {
  remake(smallDocuments(3));
  await replica.writeCheckpoint({ id: 'mine', value });
  expect((await pullOnce({ id: 'mine' })).result).toMatchObject({ state: 'completed', docsWritten: 3 });
  expect(tidings((await pullOnce({ id: 'mine' })).events)).toEqual(['resumed at 3']);
});

test('A position that the caller gives is refused as the source refuses it', async () => {
  remake(smallDocuments(3));
  await expect(pullOnce({ since: '3-g1AAAAxyz' })).rejects.toMatchObject({ name: 'CouchError', status: 400 });
});

/** Long waits are cut short: what is tested is that there are some, and what happens after them. */
const hasty = platform({ sleep: (ms, signal) => platform().sleep(ms >= 20_000 ? ms : Math.min(ms, 5), signal) });

describe.each([
  ['live', {}],
  ['live, of what is selected', { selector: { text: { $exists: true } } }],
  ['by polling', { interval: 5 }],
] as [string, PullOptions][])('A continuous pull, %s,', (_how, options) => {
  let running: Pull;
  let events: PullEvent[];

  beforeEach(async () => {
    remake(smallDocuments(20));
    const source = couch.db(`${server.url}/source`, { platform: hasty });
    running = pull(source, replica, { mode: 'continuous', platform: hasty, ...options });
    events = eventsOf(running);
    await running.caughtUp;
  });
  afterEach(() => running.stop());

  const until = async (state: PullState): Promise<void> => {
    await firstValueFrom(running.status$.pipe(filter((status) => status.state === state)));
  };
  const untilHere = async (count: number): Promise<void> => {
    const stored = () =>
      firstValueFrom(running.events$.pipe(filter(({ type }) => type === 'batch')), { defaultValue: undefined });
    // Subscribed before the replica is asked, so that no batch in between is overlooked.
    for (let next = stored(); (await replica.info()).docCount < count; next = stored()) await next;
  };

  test('notices that the source was made anew, be it ever so quickly', async () => {
    remake(smallDocuments(4, 'second'));
    await untilHere(24);
    await until('live');
    expect(tidings(events)).toContain('source-recreated');
    server.database('source')?.put({ _id: 'after', text: '' });
    await untilHere(25);
    expect(tidings((await pullOnce(options.selector === undefined ? {} : options)).events)).toEqual(['resumed at 5']);
  });

  test('waits while the source is gone, and goes on with the new one', async () => {
    server.deleteDatabase('source');
    await until('backing-off');
    expect(tidings(events)).toEqual(['first at 0', 'source-deleted']);
    remake(smallDocuments(4, 'second'));
    await untilHere(24);
    await until('live');
    expect(tidings(events)).toEqual(['first at 0', 'source-deleted', 'source-recreated', 'recreated at 0']);
    server.deleteDatabase('source');
    await until('backing-off');
    expect(tidings(events).filter((tiding) => tiding === 'source-deleted')).toHaveLength(2);
  });
});

test('A live pull notices that its source was made anew, also where both are empty', async () => {
  remake([]);
  const source = couch.db(`${server.url}/source`, { platform: hasty });
  const running = pull(source, replica, { mode: 'continuous', platform: hasty });
  const recreated = firstValueFrom(running.events$.pipe(filter(({ type }) => type === 'source-recreated')));
  await expect.poll(() => server.requests.count('GET', /feed=continuous/)).toBe(1);
  remake([]);
  await recreated;
  await running.stop();
});

test('A live pull whose connection breaks asks once whether its source is the same, and is live again', async () => {
  remake(smallDocuments(3));
  server.faults.add({ path: /feed=continuous/, cut: { bytes: 1 }, times: 1 });
  const source = couch.db(`${server.url}/source`, { platform: hasty });
  const running = pull(source, replica, { mode: 'continuous', platform: hasty });
  const events = eventsOf(running);
  await firstValueFrom(running.events$.pipe(filter(({ type }) => type === 'retry')));
  expect(running.status().state).toBe('backing-off');
  await firstValueFrom(running.events$.pipe(filter(({ type }) => type === 'caught-up')));
  expect(running.status().state).toBe('live');
  expect(server.requests.count('GET', '/source')).toBe(2);
  expect(tidings(events)).toEqual(['first at 0']);
  await running.stop();
});

describe('A source that is not there', () => {
  const gone = { name: 'CouchError', status: 404, message: expect.stringContaining('was deleted or does not exist') };

  test('ends a pull, and leaves what is here', async () => {
    remake(smallDocuments(3));
    await pullOnce();
    server.deleteDatabase('source');
    for (const mode of ['oneshot', 'continuous'] as const) {
      const running = pull(couch.db(`${server.url}/source`), replica, { mode });
      const events = eventsOf(running);
      await expect(running.done).rejects.toMatchObject(gone);
      expect(events.map(({ type }) => type)).toEqual(['source-deleted', 'error']);
      expect(running.status()).toMatchObject({ state: 'failed', requests: 1, error: gone });
    }
    expect(await replica.info()).toMatchObject({ docCount: 3 });
  });

  test('ends a pull that is under way, and nothing that it was to bring counts as failed', async () => {
    const revisions = { start: 2, ids: ['b', 'a'] };
    remake(smallDocuments(9).map(({ _id }) => ({ _id, _rev: '2-b', _revisions: revisions })));
    for (const path of [/_bulk_get/, /_changes/]) {
      const missing = '{"error":"not_found","reason":"Database does not exist."}';
      server.faults.add({ path, answer: { status: 404, body: missing } });
      await expect(pullOnce()).rejects.toMatchObject(gone);
      server.faults.clear();
    }
    expect(await replica.info()).toMatchObject({ docCount: 0, failed: 0, checkpoints: [] });
  });

  test('is waited for by a pull that had found it, for a minute', async () => {
    remake(smallDocuments(3));
    const clock = virtualClock();
    const source = couch.db(`${server.url}/source`, { platform: clock.platform });
    const running = pull(source, replica, { mode: 'continuous', interval: 1000, platform: clock.platform });
    await running.caughtUp;
    server.deleteDatabase('source');
    await clock.sleeping(1000);
    const waits: number[] = [];
    // A pull that goes on for ever would be noticed by the time that the test may take.
    running.events$.subscribe(async (event) => {
      if (event.type !== 'retry') return;
      waits.push(event.delay);
      await clock.sleeping(event.delay);
      await clock.advance(event.delay);
    });
    await clock.advance(1000);
    await expect(running.done).rejects.toMatchObject(gone);
    expect(waits.slice(0, 4)).toEqual([250, 500, 1000, 2000]);
    const waited = waits.reduce((sum, wait) => sum + wait, 0);
    expect(waited).toBeGreaterThanOrEqual(60_000);
    expect(waited).toBeLessThan(70_000);
  });

  test('is waited for anew each time that it goes', async () => {
    remake(smallDocuments(3));
    const clock = virtualClock();
    const source = couch.db(`${server.url}/source`, { platform: clock.platform });
    const running = pull(source, replica, { mode: 'continuous', interval: 120_000, platform: clock.platform });
    const until = (state: PullState) =>
      firstValueFrom(running.status$.pipe(filter((status) => status.state === state)));
    for (let absence = 0; absence < 3; absence += 1) {
      await until('live');
      await clock.sleeping(120_000);
      const missing = '{"error":"not_found","reason":"Database does not exist."}';
      const back = server.faults.add({ answer: { status: 404, body: missing } });
      await clock.advance(120_000);
      await until('backing-off');
      back();
      await clock.sleeping(250);
      await clock.advance(250);
    }
    await until('live');
    await running.stop();
  });
});
