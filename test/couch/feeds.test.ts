import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type CouchServer, startServer } from '../../demo/server/index.ts';
import type { LiveChangesEvent, LiveChangesOptions } from '../../src/couch/changes.ts';
import { couch } from '../../src/couch/couch.ts';
import type { LiveFeed } from '../../src/couch/feed-timing.ts';
import type { DatabaseUpdate } from '../../src/couch/updates.ts';
import { type IntegrationServer, integrationServers } from '../integration/servers.ts';
import { createDatabase, type SourceDatabase } from '../support/source-database.ts';

/** A feed, read in short texts. */
function read(url: string, options: LiveChangesOptions) {
  const iterator = couch.db(url).changes(options)[Symbol.asyncIterator]();
  const texts = async function* (): AsyncGenerator<string> {
    for (;;) {
      const { done, value } = await iterator.next();
      if (done) return;
      yield textOf(value);
    }
  };
  const told = texts();
  return {
    /** What is told, up to and with the next sign that nothing is left. */
    async untilIdle(): Promise<string[]> {
      const all: string[] = [];
      for (;;) {
        const { done, value } = await told.next();
        if (done) return all;
        all.push(value);
        if (value === 'idle') return all;
      }
    },
    leave: () => iterator.return?.(),
  };
}

function textOf(event: LiveChangesEvent): string {
  return event.type === 'row' ? `${event.id} ${event.changes[0]?.rev.split('-')[0]}` : event.type;
}

describe.each(integrationServers)('On %s', (_name, open, { isCouchDb }) => {
  let server: IntegrationServer;
  let database: SourceDatabase;
  let reader: ReturnType<typeof read>;

  beforeAll(async () => {
    server = await open();
  });
  afterAll(() => server.close());
  beforeEach(async () => {
    database = await createDatabase(server.url);
  });
  afterEach(async () => {
    await reader.leave();
    await database.destroy();
  });

  /** What a server is not made for is no test that could be left out. */
  const whatCouchDbDoes = isCouchDb ? test : () => {};
  const whatOthersDo = isCouchDb ? () => {} : test;

  const feeds: LiveFeed[] = [
    'live',
    'continuous',
    'longpoll',
    'polling',
    ...(isCouchDb ? ['eventsource' as const] : []),
  ];
  describe.each(feeds)('a %s feed', (feed) => {
    const begin = (options: Partial<LiveChangesOptions> = {}): void => {
      reader = read(database.url, { feed, interval: 20, ...options });
    };

    test('tells what there is, then what comes, and when it is idle', async () => {
      await database.put({ _id: 'a' });
      const rev = await database.put({ _id: 'b' });
      begin();
      const [one, other, idle] = await reader.untilIdle();
      expect([[one, other].sort(), idle]).toEqual([['a 1', 'b 1'], 'idle']);
      await database.put({ _id: 'b', _rev: rev });
      expect(await reader.untilIdle()).toEqual(['b 2', 'idle']);
      await database.put({ _id: 'ü/ö +1' });
      expect(await reader.untilIdle()).toEqual(['ü/ö +1 1', 'idle']);
    });

    test('of an empty database is idle, and tells its first document', async () => {
      begin({ includeDocs: true });
      expect(await reader.untilIdle()).toEqual(['idle']);
      await database.put({ _id: 'first' });
      expect(await reader.untilIdle()).toEqual(['first 1', 'idle']);
    });

    test('from now on leaves out what was there before', async () => {
      await database.put({ _id: 'before' });
      begin({ since: 'now' });
      expect(await reader.untilIdle()).toEqual(['idle']);
      await database.put({ _id: 'after' });
      expect(await reader.untilIdle()).toEqual(['after 1', 'idle']);
    });

    test('of some documents tells no others', async () => {
      await database.put({ _id: 'mine' });
      await database.put({ _id: 'other' });
      begin({ docIds: ['mine', 'later'] });
      expect(await reader.untilIdle()).toEqual(['mine 1', 'idle']);
      await database.put({ _id: 'another' });
      await database.put({ _id: 'later' });
      // Some feeds say in between that they have passed over the other.
      let told = await reader.untilIdle();
      while (told.length === 1) told = await reader.untilIdle();
      expect(told).toEqual(['later 1', 'idle']);
    });

    test('ends after so many rows', async () => {
      await database.put({ _id: 'a' });
      begin({ limit: 2 });
      expect(await reader.untilIdle()).toEqual(['a 1', 'idle']);
      await database.put({ _id: 'b' });
      expect(await reader.untilIdle()).toEqual(['b 1', 'end']);
    });

    // Other servers leave a feed open that waits for the changes of a database that is gone.
    whatCouchDbDoes('ends with the error of its database when that is deleted', async () => {
      await database.put({ _id: 'a' });
      begin();
      await reader.untilIdle();
      await database.destroy();
      await expect(reader.untilIdle()).rejects.toMatchObject({ name: 'CouchError', status: 404 });
    });
  });

  test.each(isCouchDb ? (['continuous', 'longpoll'] as const) : [])(
    'a %s feed that is read once has an end',
    async (feed) => {
      await database.put({ _id: 'a' });
      reader = read(database.url, { feed, once: true, timeout: 1 });
      expect(await reader.untilIdle()).toEqual(['a 1', 'end']);
    },
  );

  whatOthersDo('an event source is said to be lacking', async () => {
    reader = read(database.url, { feed: 'eventsource' });
    expect(await reader.untilIdle()).toEqual(['idle']);
    await expect(reader.untilIdle()).rejects.toMatchObject({ name: 'ProtocolError', retryable: false });
  });
});

describe('A live feed of demo/server', () => {
  let server: CouchServer;
  let reader: ReturnType<typeof read>;

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
      reader = read(`${server.url}/db`, { feed, interval: 20 });
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
    reader = read(`${server.url}/db`, { feed: 'continuous', heartbeat: 1000 });
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
    reader = read(`${server.url}/db`, { feed: 'continuous' });
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
