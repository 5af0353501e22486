import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type CouchServer, startServer } from '../../../demo/server/index.ts';
import type { LiveChangesOptions } from '../../../src/couch/changes.ts';
import { couch } from '../../../src/couch/couch.ts';
import type { DatabaseUpdate } from '../../../src/couch/updates.ts';
import { type FeedReader, readFeed } from '../../support/feed-reader.ts';

describe('A live feed of demo/server', () => {
  let server: CouchServer;
  let reader: FeedReader;

  beforeEach(async () => {
    server = await startServer();
    server.createDatabase('db').put({ _id: 'a' });
  });
  afterEach(async () => {
    await reader.leave();
    await server.close();
  });

  test.each(['live', 'continuous', 'longpoll', 'eventsource', 'polling'] as const)(
    'survives a stop of the server: %s',
    async (feed) => {
      const { port } = server;
      reader = readFeed(`${server.url}/db`, { feed, interval: 20 });
      expect(await reader.untilIdle()).toEqual(['a 1', 'idle']);
      const next = reader.untilIdle();
      await server.close();
      server = await startServer({ port });
      // Another history under the same name: what it has is told from its beginning.
      server.createDatabase('db').put({ _id: 'b' });
      expect(await next).toEqual(['b 1', 'idle']);
    },
  );

  test('survives maintenance', async () => {
    reader = readFeed(`${server.url}/db`, { feed: 'continuous', heartbeat: 1000 });
    expect(await reader.untilIdle()).toEqual(['a 1', 'idle']);
    const next = reader.untilIdle();
    server.maintenance('true');
    // The feed notices by its next heartbeat, and is refused from then on.
    while (server.requests.all.every(({ status }) => status !== 500)) await turn();
    server.maintenance('false');
    server.database('db')?.put({ _id: 'b' });
    expect(await next).toEqual(['b 1', 'idle']);
  });

  test('reads a database again that was deleted and made again', async () => {
    reader = readFeed(`${server.url}/db`, { feed: 'continuous' });
    expect(await reader.untilIdle()).toEqual(['a 1', 'idle']);
    const next = reader.untilIdle();
    server.createDatabase('db').put({ _id: 'b' });
    expect(await next).toEqual(['b 1', 'idle']);
  });
});

describe('server.updates', () => {
  let server: CouchServer;

  beforeEach(async () => {
    server = await startServer();
  });
  afterEach(() => server.close());

  test('tells what became of databases', async () => {
    server.createDatabase('_global_changes');
    server.createDatabase('one').put({ _id: 'a' });
    server.createDatabase('two');
    server.deleteDatabase('two');
    const told: string[] = [];
    for await (const event of couch(server.url).updates()) {
      told.push('dbName' in event ? `${event.type} ${event.dbName}` : event.type);
    }
    expect(told.slice(0, -1).sort()).toEqual(['created one', 'created two', 'deleted two', 'updated one']);
    expect(told.at(-1)).toBe('end');
  });

  test('goes on after any of them', async () => {
    server.createDatabase('_global_changes');
    for (const name of ['one', 'two', 'three']) server.createDatabase(name);
    const told: DatabaseUpdate[] = [];
    for await (const event of couch(server.url).updates()) if ('dbName' in event) told.push(event);
    expect(told).toHaveLength(3);
    const [first, ...others] = told;
    const later: DatabaseUpdate[] = [];
    for await (const event of couch(server.url).updates({ since: first?.seq ?? 0 })) {
      if ('dbName' in event) later.push(event);
    }
    expect(later.map(({ dbName }) => dbName)).toEqual(others.map(({ dbName }) => dbName));
  });

  test.each(['live', 'continuous', 'longpoll', 'eventsource', 'polling'] as const)('follows them: %s', async (feed) => {
    server.createDatabase('_global_changes');
    const told: string[] = [];
    for await (const event of couch(server.url).updates({ feed, interval: 20, since: 'now' })) {
      if (event.type !== 'idle') told.push(`${event.type} ${'dbName' in event ? event.dbName : ''}`);
      if (told.length === 0) server.createDatabase('new');
      else break;
    }
    expect(told).toEqual(['created new']);
  });

  test('is refused where nobody notes it', async () => {
    const reading = couch(server.url).updates({ feed: 'live' })[Symbol.asyncIterator]();
    await expect(reading.next()).rejects.toMatchObject({ name: 'CouchError', status: 404, error: 'not_found' });
  });
});

test.each([
  [{ feed: 'constant' }, 'Option feed'],
  [{ feed: 'live', heartbeat: 0 }, 'Option heartbeat'],
  [{ feed: 'live', timeout: 1.5 }, 'Option timeout'],
  [{ feed: 'polling', interval: Number.NaN }, 'Option interval'],
  [{ feed: 'live', limit: 0 }, 'Option limit'],
  [{ feed: 'live', descending: true }, 'Option descending'],
  [{ feed: 'eventsource', once: true }, 'Option once'],
  [{ feed: 'live', docIds: [], selector: {} }, 'exclude each other'],
])('Options %j are refused', (options, said) => {
  const database = couch.db(`http://127.0.0.1:1/${randomUUID()}`);
  expect(() => database.changes(options as LiveChangesOptions)).toThrow(
    expect.objectContaining({ name: 'InputError', message: expect.stringContaining(said) }),
  );
});

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
