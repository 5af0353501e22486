import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type CouchServer, startServer } from '../../../demo/server/index.ts';
import { couch } from '../../../src/couch/couch.ts';
import type { Database } from '../../../src/couch/database.ts';
import { answer, type ScriptedServer, startScriptedServer } from '../../support/scripted-server.ts';
import { createDatabase, type SourceDatabase } from '../../support/source-database.ts';

const session = { username: 'reader', password: 'secret' };

describe('A session on a CouchDB', () => {
  let server: CouchServer;
  let source: SourceDatabase;

  beforeEach(async () => {
    server = await startServer({ admins: { reader: 'secret' } });
    source = await createDatabase(server.url.replace('://', '://reader:secret@'));
    server.requests.reset();
  });
  afterEach(() => server.close());

  const urlOf = (): string => source.url.replace('reader:secret@', '');

  test('is begun with the first request and carries all others', async () => {
    const database = couch.db(urlOf(), { auth: { session } });
    await Promise.all([database.info(), database.info(), database.info()]);
    await database.info();
    expect(server.requests.count('POST', '/_session')).toBe(1);
    expect(server.requests.total).toBe(5);
  });

  test('is not tried again with a password that is wrong', async () => {
    const database = couch.db(urlOf(), { auth: { session: { ...session, password: 'wrong' } } });
    await expect(database.info()).rejects.toMatchObject({ status: 401, message: expect.not.stringContaining('wrong') });
    expect(server.requests.total).toBe(1);
  });
});

describe('A session', () => {
  let server: ScriptedServer;
  let now = 0;

  afterEach(() => server.close());

  const info = answer({ db_name: 'db', update_seq: 1 });
  const login = (cookie: string, more = ''): ReturnType<typeof answer> =>
    answer({ ok: true }, 200, { 'set-cookie': `AuthSession=${cookie}; Version=1; Path=/; HttpOnly${more}` });
  const unauthorized = answer({ error: 'unauthorized', reason: 'You are not authorized' }, 401);

  function open(attempts = 1): Database {
    now = 0;
    return couch.db(`${server.url}/prefix/db`, {
      auth: { session },
      platform: { elapsed: () => now },
      retry: { attempts, base: 0 },
    });
  }
  const seen = (): string[] =>
    server.requests.map(({ method, path, headers }) => `${method} ${path} ${headers.cookie ?? '-'}`);

  test('is renewed when nine tenths of its life are over', async () => {
    server = await startScriptedServer(login('one', '; Max-Age=600'), info, info, login('two', '; Max-Age=600'), info);
    const database = open();
    await database.info();
    now = 539_000;
    await database.info();
    now = 540_000;
    await database.info();
    expect(seen()).toEqual([
      'POST /prefix/_session -',
      'GET /prefix/db AuthSession=one',
      'GET /prefix/db AuthSession=one',
      'POST /prefix/_session -',
      'GET /prefix/db AuthSession=two',
    ]);
    expect(JSON.parse(server.requests[0]?.body ?? '')).toEqual({ name: 'reader', password: 'secret' });
  });

  test('goes on with a newer cookie that any answer brings', async () => {
    const renewed = answer({ db_name: 'db', update_seq: 1 }, 200, { 'set-cookie': 'AuthSession=two; Max-Age=600' });
    server = await startScriptedServer(login('one'), renewed, info);
    const database = open();
    await database.info();
    await database.info();
    expect(seen().at(-1)).toBe('GET /prefix/db AuthSession=two');
  });

  test('is begun anew once when it is refused, and the request repeated', async () => {
    server = await startScriptedServer(login('one'), info, unauthorized, login('two'), info);
    const database = open();
    await database.info();
    now = 60_000;
    await database.info();
    expect(seen().slice(2)).toEqual([
      'GET /prefix/db AuthSession=one',
      'POST /prefix/_session -',
      'GET /prefix/db AuthSession=two',
    ]);
  });

  test('is not begun over and over when it is refused though it is new', async () => {
    server = await startScriptedServer(login('one'), unauthorized);
    await expect(open().info()).rejects.toMatchObject({ status: 401 });
    expect(server.requests).toHaveLength(2);
  });

  test.each([
    ['shows the page of a proxy', answer('<html>Sign in, please</html>', 200, { 'content-type': 'text/html' })],
    ['is busy', answer({ error: 'too_many_requests' }, 429, { 'retry-after': '0' })],
    ['is starting', answer({ error: 'nodedown' }, 503)],
  ])('is begun by another try when the server %s', async (_case, step) => {
    server = await startScriptedServer(step, login('one'), info);
    await open(2).info();
    expect(seen()).toEqual(['POST /prefix/_session -', 'POST /prefix/_session -', 'GET /prefix/db AuthSession=one']);
  });

  test('gives way to name and password on a server that has none', async () => {
    server = await startScriptedServer(answer({ error: 'not_found' }, 404), info);
    const database = open();
    await database.info();
    await database.info();
    expect(server.requests.map(({ headers }) => headers.authorization)).toEqual([
      undefined,
      `Basic ${btoa('reader:secret')}`,
      `Basic ${btoa('reader:secret')}`,
    ]);
  });
});

describe('A function that gives headers', () => {
  test('is asked once more after a refusal, and the request repeated only if it gives others', async () => {
    let token = 1;
    const server = await startScriptedServer((response, request) => {
      const isGood = request.headers.authorization === 'Bearer 2';
      answer(
        isGood ? { db_name: 'db', update_seq: 1 } : { error: 'unauthorized', reason: 'expired' },
        isGood ? 200 : 401,
      )(response, request);
      token = 2;
    });
    expect(
      (await couch.db(`${server.url}/db`, { auth: () => ({ authorization: `Bearer ${token}` }) }).info()).name,
    ).toBe('db');
    expect(server.requests).toHaveLength(2);
    await expect(
      couch.db(`${server.url}/db`, { auth: () => ({ authorization: 'Bearer 9' }) }).info(),
    ).rejects.toMatchObject({ status: 401 });
    expect(server.requests).toHaveLength(3);
    await server.close();
  });
});
