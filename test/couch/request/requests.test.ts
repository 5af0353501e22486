import { afterEach, describe, expect, test } from 'vitest';
import { type CouchOptions, couch } from '../../../src/couch/couch.ts';
import type { Database } from '../../../src/couch/database.ts';
import {
  answer,
  cutAfter,
  hangUp,
  type Scripted,
  type ScriptedServer,
  silence,
  startScriptedServer,
} from '../../support/scripted-server.ts';

let server: ScriptedServer;
/** The waits between tries, which are not waited for. */
let waits: number[];

afterEach(() => server.close());

async function databaseOf(script: Scripted[], options: CouchOptions = {}, path = '/db'): Promise<Database> {
  server = await startScriptedServer(...script);
  waits = [];
  const sleep = async (ms: number, signal?: AbortSignal): Promise<void> => {
    // The watchdog's sleeps are long, and must go on; those between tries are noted and over at once.
    if (ms >= 20_000) return new Promise((_, reject) => signal?.addEventListener('abort', () => reject(signal.reason)));
    waits.push(ms);
  };
  return couch.db(`${server.url}${path}`, { platform: { sleep, random: () => 0.5 }, ...options });
}

const info = {
  db_name: 'db',
  doc_count: 3,
  doc_del_count: 1,
  update_seq: '4-x',
  instance_start_time: '17',
  sizes: { external: 9 },
};

async function readAll<T>(feed: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const value of feed) all.push(value);
  return all;
}

describe('A request', () => {
  test('asks for JSON, and carries what authorises it and the caller’s own headers', async () => {
    const database = await databaseOf([answer(info)], {
      auth: { username: 'jürgen', password: 'pass:wört' },
      headers: { 'x-mine': 'yes' },
    });
    expect(await database.info()).toEqual({
      name: 'db',
      docCount: 3,
      docDelCount: 1,
      updateSeq: '4-x',
      instanceStartTime: '17',
      externalSize: 9,
    });
    const { headers, path } = server.requests[0] ?? { headers: {}, path: '' };
    expect(path).toBe('/db');
    expect(headers).toMatchObject({
      accept: 'application/json',
      authorization: `Basic ${Buffer.from('jürgen:pass:wört', 'utf8').toString('base64')}`,
      'x-mine': 'yes',
    });
    expect(headers['content-type']).toBeUndefined();
  });

  test('takes credentials out of the url', async () => {
    server = await startScriptedServer(answer(info));
    const database = couch.db(`${server.url.replace('://', '://us%40er:p%3Aw@')}/base/path/db`);
    await database.info();
    expect(server.requests[0]?.path).toBe('/base/path/db');
    expect(server.requests[0]?.headers.authorization).toBe(`Basic ${btoa('us@er:p:w')}`);
    expect(database.url).not.toContain('p%3Aw');
  });

  test('asks a function for headers each time', async () => {
    let turn = 0;
    const database = await databaseOf([answer({}, 503), answer(info)], {
      auth: async () => ({ authorization: `Bearer ${++turn}` }),
    });
    await database.info();
    expect(server.requests.map(({ headers }) => headers.authorization)).toEqual(['Bearer 1', 'Bearer 2']);
  });

  test('sends a bearer token, and shows no secret that cannot be sent', async () => {
    const database = await databaseOf([answer(info)], { auth: { bearer: 'abc' } });
    await database.info();
    expect(server.requests[0]?.headers.authorization).toBe('Bearer abc');
    expect(() => couch(server.url, { auth: { bearer: 'sec\nret' } })).toThrow(
      expect.objectContaining({ name: 'InputError', message: expect.not.stringContaining('sec') }),
    );
  });

  test.each([408, 425, 502, 503, 504, 507])('is sent again after status %d, with growing waits', async (status) => {
    const database = await databaseOf([answer('busy', status), answer('busy', status), answer(info)]);
    expect((await database.info()).docCount).toBe(3);
    expect(waits).toEqual([125, 250]);
  });

  test('waits as long as Retry-After asks', async () => {
    const database = await databaseOf([answer('', 503, { 'retry-after': '7' }), answer(info)]);
    await database.info();
    expect(waits).toEqual([7000]);
  });

  test('reads Retry-After as a date too', async () => {
    const now = Date.UTC(2030, 0, 1);
    const date = new Date(now + 9000).toUTCString();
    const database = await databaseOf([answer('', 503, { 'retry-after': date })], {
      retry: { attempts: 1 },
      platform: { now: () => now },
    });
    await expect(database.info()).rejects.toMatchObject({ retryAfter: 9000 });
  });

  test.each([
    [{ error: 'internal_server_error', reason: 'No DB shards could be opened.' }, 500, true],
    [{ error: 'timeout', reason: 'The request could not be processed in a reasonable amount of time.' }, 500, true],
    [{ error: 'unknown_error', reason: 'badarg' }, 500, false],
    [{ error: 'function_clause', reason: null }, 500, false],
    [{ error: 'nodedown', reason: 'progress not possible' }, 412, true],
    [{ error: 'precondition_failed', reason: 'x' }, 412, false],
    [{ error: 'unauthorized', reason: 'Name or password is incorrect.' }, 401, false],
    [{ error: 'forbidden', reason: 'You are not allowed to access this db.' }, 403, false],
    [{ error: 'not_found', reason: 'Database does not exist.' }, 404, false],
    [{ error: 'bad_request', reason: 'x' }, 400, false],
  ])('tells of %j with status %d whether to try again: %s', async (body, status, retryable) => {
    const database = await databaseOf([answer(body, status)], { retry: { attempts: 3 } });
    await expect(database.info()).rejects.toMatchObject({
      name: 'CouchError',
      status,
      error: body.error,
      reason: body.reason ?? '',
      retryable,
    });
    expect(server.requests).toHaveLength(retryable ? 3 : 1);
  });

  test('says what it was, but no query and no credentials', async () => {
    server = await startScriptedServer(answer({ error: 'x', reason: 'y' }, 400));
    const database = couch.db(`${server.url.replace('://', '://user:secret@')}/db`);
    const error = await readAll(database.changes({ since: 'seq' })).catch((caught: unknown) => caught);
    expect(error).toMatchObject({ request: `GET ${server.url}/db/_changes` });
    expect(String(error)).not.toMatch(/secret|since/);
  });

  test('does not hold a whole page of a proxy in its error', async () => {
    const database = await databaseOf([answer(`<html>${'x'.repeat(1_000_000)}`, 404)]);
    const error: Error = await database.info().then(
      () => expect.unreachable(),
      (caught) => caught,
    );
    expect(error.message.length).toBeLessThan(400);
    expect(error.message).toContain('<html>');
  });

  test.each([
    ['a page of HTML', answer('<html>login</html>', 200, { 'content-type': 'text/html' })],
    ['an empty body', answer('')],
    ['a list', answer([])],
    ['something else', answer({ ok: true })],
  ])('takes %s for no database', async (_what, step) => {
    const database = await databaseOf([step], { retry: { attempts: 2 } });
    await expect(database.info()).rejects.toMatchObject({ name: 'ProtocolError' });
  });

  test.each([
    ['nobody answers', [hangUp], 'unreachable'],
    ['the answer breaks off', [cutAfter('{"db_')], 'cut'],
  ])('is sent again when %s, and gives up in the end', async (_what, script, failure) => {
    const database = await databaseOf(script, { retry: { attempts: 4 } });
    await expect(database.info()).rejects.toMatchObject({ name: 'NetworkError', failure });
    expect(server.requests).toHaveLength(4);
  });

  test('waits no longer than it may for the head of an answer', async () => {
    server = await startScriptedServer(silence);
    const database = couch.db(`${server.url}/db`, { limits: { head: 50 }, retry: { attempts: 1 } });
    await expect(database.info()).rejects.toMatchObject({ name: 'NetworkError', failure: 'timeout' });
  });

  test('waits no longer than it may between two pieces of a body', async () => {
    server = await startScriptedServer((response) => response.write('{"db_name":'));
    const database = couch.db(`${server.url}/db`, { limits: { body: 50 }, retry: { attempts: 1 } });
    await expect(database.info()).rejects.toMatchObject({ name: 'NetworkError', failure: 'timeout' });
  });

  test('follows redirects within the server, with its headers', async () => {
    const database = await databaseOf([answer('', 301, { location: '/moved/db' }), answer(info)], {
      headers: { 'x-mine': 'yes' },
    });
    await database.info();
    expect(server.requests.map(({ path, headers }) => [path, headers['x-mine']])).toEqual([
      ['/db', 'yes'],
      ['/moved/db', 'yes'],
    ]);
  });

  test('follows no redirect to another server, where its headers would go along', async () => {
    const other = await startScriptedServer(answer(info));
    const database = await databaseOf([answer('', 302, { location: `${other.url}/db` })], {
      auth: { bearer: 'secret' },
    });
    await expect(database.info()).rejects.toMatchObject({ name: 'ProtocolError', retryable: false });
    expect(other.requests).toEqual([]);
    await other.close();
  });

  test('does not run in circles', async () => {
    const database = await databaseOf([answer('', 302, { location: '/db' })]);
    await expect(database.info()).rejects.toThrow('redirected more than 20 times');
  });

  test('does not wait for another try when the caller aborts', async () => {
    const controller = new AbortController();
    server = await startScriptedServer((response) => {
      answer('', 503)(response, { method: '', path: '', query: new URLSearchParams(), headers: {}, body: '' });
      controller.abort(new Error('enough'));
    });
    const database = couch.db(`${server.url}/db`, { retry: { base: 1e6, cap: 1e6 } });
    await expect(database.info({ signal: controller.signal })).rejects.toThrow();
    expect(server.requests).toHaveLength(1);
  });
});

describe('db.changes', () => {
  const row = (seq: unknown, id: string): string => JSON.stringify({ seq, id, changes: [{ rev: '1-a' }] });
  const whole = (...rows: string[]): Scripted =>
    answer(`{"results":[\n${rows.join(',\n')}\n],\n"last_seq":"9-z","pending":0}\n`);

  test('goes on after the last row with a sequence when the answer breaks off', async () => {
    const database = await databaseOf([
      cutAfter(`{"results":[\n${row('1-a', 'a')},\n${row(null, 'b')},\n{"seq":"3-`),
      whole(row('2-b', 'b'), row('3-c', 'c')),
    ]);
    const events = await readAll(database.changes({ since: '0-start', limit: 10 }));
    expect(events.map((event) => (event.type === 'row' ? event.id : event.lastSeq))).toEqual([
      'a',
      'b',
      'b',
      'c',
      '9-z',
    ]);
    expect(server.requests.map(({ query }) => [query.get('since'), query.get('limit')])).toEqual([
      ['0-start', '10'],
      ['1-a', '9'],
    ]);
  });

  test('takes no end for one that has no last_seq', async () => {
    const database = await databaseOf([answer(`{"results":[${row('1-a', 'a')}],`), whole()], {
      retry: { attempts: 2 },
    });
    expect((await readAll(database.changes())).at(-1)).toEqual({ type: 'end', lastSeq: '9-z', pending: 0 });
    expect(server.requests[1]?.query.get('since')).toBe('1-a');
  });

  test('gives up after as many failures in a row as it may, and not before', async () => {
    const script = Array.from({ length: 6 }, (_, n) => cutAfter(`{"results":[${row(`${n}-x`, `${n}`)},`));
    const database = await databaseOf([...script, hangUp], { retry: { attempts: 3 } });
    const ids: string[] = [];
    const reading = (async () => {
      for await (const event of database.changes()) if (event.type === 'row') ids.push(event.id);
    })();
    await expect(reading).rejects.toMatchObject({ name: 'NetworkError' });
    expect(ids).toEqual(['0', '1', '2', '3', '4', '5']);
    expect(server.requests).toHaveLength(8);
  });

  test('puts every option where CouchDB looks for it', async () => {
    const database = await databaseOf([whole()]);
    await readAll(
      database.changes({ style: 'all_docs', includeDocs: true, seqInterval: 500, since: [1, 'x'], descending: true }),
    );
    await readAll(database.changes({ docIds: ['a/b'] }));
    await readAll(database.changes({ selector: { type: 'x' } }));
    await readAll(database.changes({ filter: { name: 'app/f', params: { key: 'a&b' } } }));
    await readAll(database.changes({ filter: { view: 'app/v' } }));
    expect(server.requests.map(({ method, query, body }) => [method, Object.fromEntries(query), body])).toEqual([
      [
        'GET',
        { style: 'all_docs', include_docs: 'true', seq_interval: '500', since: '[1,"x"]', descending: 'true' },
        '',
      ],
      ['POST', { filter: '_doc_ids' }, '{"doc_ids":["a/b"]}'],
      ['POST', { filter: '_selector' }, '{"selector":{"type":"x"}}'],
      ['GET', { filter: 'app/f', key: 'a&b' }, ''],
      ['GET', { filter: '_view', view: 'app/v' }, ''],
    ]);
    expect(() => database.changes({ docIds: [], selector: {} })).toThrow('exclude each other');
  });
});

describe('db.revisions', () => {
  const doc = (id: string, rev: string): object => ({
    ok: { _id: id, _rev: rev, _revisions: { start: Number(rev.split('-')[0]), ids: [rev.split('-')[1]] } },
  });
  const found = (results: readonly { id: string; rev?: string | undefined }[]): string[] =>
    results.map(({ id, rev }) => `${id} ${rev}`).sort();

  test('asks only for the rest when an answer breaks off', async () => {
    const database = await databaseOf([
      cutAfter(`{"results":[${JSON.stringify({ id: 'a', docs: [doc('a', '2-x')] })},{"id":"b","docs":[{"o`),
      answer({
        results: [
          { id: 'b', docs: [doc('b', '2-y')] },
          { id: 'a', docs: [doc('a', '2-z')] },
        ],
      }),
    ]);
    const results = await readAll(
      database.revisions([
        { id: 'a', revs: ['2-x', '2-z'] },
        { id: 'b', revs: ['2-y'] },
      ]),
    );
    expect(found(results)).toEqual(['a 2-x', 'a 2-z', 'b 2-y']);
    expect(JSON.parse(server.requests[1]?.body ?? '')).toEqual({
      docs: [
        { id: 'a', rev: '2-z' },
        { id: 'b', rev: '2-y' },
      ],
    });
  });

  test('has one result for every wanted revision, however the server groups or leaves them out', async () => {
    const database = await databaseOf([
      answer({
        results: [
          { id: 'b', docs: [{}] },
          { id: 'a', docs: [doc('a', '2-z'), doc('a', '2-x'), { missing: '9-q' }] },
          { id: 'c', docs: [{ error: 'forbidden', reason: 'not yours' }] },
        ],
      }),
    ]);
    const results = await readAll(
      database.revisions([
        { id: 'a', revs: ['2-x', '9-q', '2-z'] },
        { id: 'b', revs: ['1-a'] },
        { id: 'c', revs: ['1-c'] },
        { id: 'd' },
      ]),
    );
    expect(found(results)).toEqual(['a 2-x', 'a 2-z', 'a 9-q', 'b 1-a', 'c 1-c', 'd undefined']);
    expect(
      results
        .filter((result) => 'missing' in result)
        .map(({ id }) => id)
        .sort(),
    ).toEqual(['a', 'b', 'd']);
    expect(results.find(({ id }) => id === 'c')).toMatchObject({ error: { error: 'forbidden', reason: 'not yours' } });
  });

  test('asks in batches, and not at all for nothing', async () => {
    const database = await databaseOf([
      (response, { body }) => {
        const { docs } = JSON.parse(body) as { docs: { id: string; rev: string }[] };
        answer({ results: docs.map(({ id, rev }) => ({ id, docs: [doc(id, rev)] })) })(response, {} as never);
      },
    ]);
    expect(await readAll(database.revisions([]))).toEqual([]);
    const wanted = Array.from({ length: 25 }, (_, n) => ({ id: `${n}`, revs: ['1-a'] }));
    expect(await readAll(database.revisions(wanted, { batchSize: 10 }))).toHaveLength(25);
    expect(server.requests).toHaveLength(3);
    expect(server.requests[0]).toMatchObject({ method: 'POST', path: '/db/_bulk_get?revs=true' });
  });

  test('asks once more for what did not come, and only for that, where it is told to be patient', async () => {
    const lacking = {
      results: [
        { id: 'a', docs: [doc('a', '1-x')] },
        { id: 'a', docs: [{ error: { id: 'a', rev: '2-y', error: 'not_found', reason: 'missing' } }] },
        { id: 'b', docs: [{ error: { id: 'b', rev: '1-z', error: 'internal_fabric_error', reason: 'timeout' } }] },
      ],
    };
    const database = await databaseOf([
      answer(lacking),
      answer({
        results: [
          { id: 'a', docs: [{ error: { id: 'a', rev: '2-y', error: 'not_found', reason: 'missing' } }] },
          { id: 'b', docs: [doc('b', '1-z')] },
        ],
      }),
      answer(lacking),
    ]);
    const wanted = [
      { id: 'a', revs: ['1-x', '2-y'] },
      { id: 'b', revs: ['1-z'] },
    ];
    const results = await readAll(database.revisions(wanted, { patience: 2000 }));
    expect(found(results)).toEqual(['a 1-x', 'a 2-y', 'b 1-z']);
    expect(results.filter((result) => !('text' in result))).toEqual([{ id: 'a', rev: '2-y', missing: true }]);
    expect(waits).toEqual([2000]);
    expect(server.requests.map(({ body }) => JSON.parse(body).docs.length)).toEqual([3, 2]);
    expect(found(await readAll(database.revisions(wanted)))).toEqual(['a 1-x', 'a 2-y', 'b 1-z']);
    expect(server.requests).toHaveLength(3);
  });

  test('gives up on answers that break off again and again behind what did not come', async () => {
    const missing = { id: 'a', docs: [{ error: { id: 'a', rev: '1-x', error: 'not_found', reason: 'missing' } }] };
    const database = await databaseOf([cutAfter(`{"results":[${JSON.stringify(missing)},{"id":"b",`)], {
      retry: { attempts: 3 },
    });
    const reading = readAll(
      database.revisions([
        { id: 'a', revs: ['1-x'] },
        { id: 'b', revs: ['1-y'] },
      ]),
    );
    await expect(reading).rejects.toMatchObject({ name: 'NetworkError', failure: 'cut' });
    expect(server.requests).toHaveLength(3);
  });

  test.each([
    ['_bulk_get', []],
    ['open_revs', [answer('', 405)]],
  ])('says that parts were sent where JSON was asked for, in answer to %s', async (_where, before) => {
    const parts = '--abc\r\nContent-Type: application/json\r\n\r\n{"_id":"a","_rev":"2-x"}\r\n--abc--';
    const multipart = answer(parts, 200, { 'content-type': 'multipart/mixed; boundary="abc"' });
    const database = await databaseOf([...before, multipart], { retry: { attempts: 1 } });
    await expect(readAll(database.revisions([{ id: 'a', revs: ['2-x'] }]))).rejects.toMatchObject({
      name: 'ProtocolError',
      message: expect.stringContaining('--abc'),
    });
  });

  test('takes no document that nobody asked for', async () => {
    const database = await databaseOf([answer({ results: [{ id: 'b', docs: [doc('b', '1-x')] }] })], {
      retry: { attempts: 1 },
    });
    await expect(readAll(database.revisions([{ id: 'a', revs: ['1-x'] }]))).rejects.toThrow('not asked for: "b"');
  });
});

describe('db.revisions of a server without _bulk_get', () => {
  const path = (rev: string): object => ({ start: Number(rev.split('-')[0]), ids: [rev.split('-')[1]] });
  const openRevs: Scripted = (response, request) => {
    const id = decodeURIComponent(new URL(request.path, 'http://h').pathname.slice('/db/'.length));
    const asked = request.query.get('open_revs') ?? '';
    if (asked === 'all') answer([{ ok: { _id: id, _rev: '1-a', _revisions: path('1-a') } }])(response, request);
    else {
      const docs = (JSON.parse(asked) as string[]).map((rev) =>
        rev.startsWith('9-') ? { missing: rev } : { ok: { _id: id, _rev: rev, _revisions: path(rev) } },
      );
      answer(docs)(response, request);
    }
  };

  test.each([
    [405, { error: 'method_not_allowed', reason: 'Only GET allowed' }],
    [501, ''],
    [404, { error: 'not_found', reason: 'missing' }],
    [400, { error: 'bad_request', reason: 'Only reserved document ids may start with underscore.' }],
    [403, '<html>Only reading is allowed</html>'],
  ])('asks for each document by open_revs after status %d, and does not try again', async (status, body) => {
    const database = await databaseOf([answer(body, status), openRevs]);
    const wanted = [{ id: 'a/b', revs: ['1-x', '9-gone'] }, { id: '_design/d', revs: ['2-y'] }, { id: 'all' }];
    const results = await readAll(database.revisions(wanted));
    expect(results.map(({ id, rev }) => `${id} ${rev}`).sort()).toEqual([
      '_design/d 2-y',
      'a/b 1-x',
      'a/b 9-gone',
      'all 1-a',
    ]);
    expect(results.find(({ rev }) => rev === '9-gone')).toMatchObject({ missing: true });
    await readAll(database.revisions(wanted));
    expect(server.requests.filter(({ method }) => method === 'POST')).toHaveLength(1);
    expect(server.requests).toHaveLength(7);
    expect(server.requests[1]?.headers.accept).toBe('application/json');
  });

  test('asks for _bulk_get again after an hour, as what has refused it may be a proxy', async () => {
    let now = 5;
    const script = [answer('', 405), openRevs, openRevs, answer({ results: [{ id: 'all', docs: [{ ok: {} }] }] })];
    server = await startScriptedServer(...script);
    const database = couch.db(`${server.url}/db`, { platform: { elapsed: () => now } });
    await readAll(database.revisions([{ id: 'all' }]));
    now += 3_599_999;
    await readAll(database.revisions([{ id: 'all' }]));
    now += 1;
    await readAll(database.revisions([{ id: 'all' }]));
    expect(server.requests.map(({ method }) => method)).toEqual(['POST', 'GET', 'GET', 'POST']);
  });

  test.each([
    [403, { error: 'forbidden', reason: 'You are not allowed to access this db.' }],
    [400, { error: 'bad_request', reason: 'invalid UTF-8 JSON' }],
  ])('is not taken for one that has it and refuses with status %d', async (status, body) => {
    const database = await databaseOf([answer(body, status)]);
    await expect(readAll(database.revisions([{ id: 'a' }]))).rejects.toMatchObject({ status, reason: body.reason });
    expect(server.requests).toHaveLength(1);
  });

  test('splits a list of revisions that no url can hold', async () => {
    const database = await databaseOf([answer('', 405), openRevs]);
    const revs = Array.from({ length: 400 }, (_, n) => `1-${n.toString(16).padStart(32, '0')}`);
    const results = await readAll(database.revisions([{ id: 'many', revs }]));
    expect(results.map(({ rev }) => rev).sort()).toEqual(revs);
    for (const { path: asked } of server.requests) expect(asked.length).toBeLessThan(8000);
  });

  test('has a result also for an id that no url can carry', async () => {
    const database = await databaseOf([answer('', 405), openRevs]);
    expect(await readAll(database.revisions([{ id: '..', revs: ['1-a'] }]))).toEqual([
      { id: '..', rev: '1-a', error: { error: 'bad_id', reason: expect.any(String) } },
    ]);
  });

  test('is not taken for one that has no such database', async () => {
    const database = await databaseOf([answer({ error: 'not_found', reason: 'Database does not exist.' }, 404)]);
    await expect(readAll(database.revisions([{ id: 'a' }]))).rejects.toMatchObject({ status: 404 });
    expect(server.requests).toHaveLength(1);
  });
});

describe('db.get', () => {
  test('knows a missing document from a missing database', async () => {
    const database = await databaseOf([
      answer({ error: 'not_found', reason: 'missing' }, 404),
      answer({ error: 'not_found', reason: 'deleted' }, 404),
      answer({ error: 'not_found', reason: 'Database does not exist.' }, 404),
      answer({ _id: 'a/b', _rev: '1-x' }),
    ]);
    expect(await database.get('x')).toBeUndefined();
    expect(await database.get('x')).toBeUndefined();
    await expect(database.get('x')).rejects.toMatchObject({ status: 404 });
    expect(await database.get('a/b', { rev: '1-x', revs: true, conflicts: true })).toEqual({ _id: 'a/b', _rev: '1-x' });
    expect(server.requests.at(-1)?.path).toBe('/db/a%2Fb?rev=1-x&revs=true&conflicts=true');
    expect(() => couch.db(`${server.url}/db`)).not.toThrow();
    await expect(database.get('..')).rejects.toMatchObject({ name: 'InputError' });
  });
});

describe('A server', () => {
  test('tells who it is, whether it is up, and what it holds', async () => {
    server = await startScriptedServer(
      answer({ couchdb: 'Welcome', version: '3.4.3', uuid: 'u' }),
      answer({ status: 'ok' }),
      answer({ status: 'maintenance_mode' }, 404),
      answer(['a', 'b/c']),
    );
    const couchdb = couch(`${server.url}/prefix/`);
    expect(await couchdb.info()).toEqual({ version: '3.4.3', uuid: 'u' });
    expect([await couchdb.up(), await couchdb.up()]).toEqual([true, false]);
    expect(await readAll(couchdb.databases({ startKey: 'a', endKey: 'c' }))).toEqual(['a', 'b/c']);
    expect(server.requests.map(({ path }) => path)).toEqual([
      '/prefix/',
      '/prefix/_up',
      '/prefix/_up',
      '/prefix/_all_dbs?start_key=%22a%22&end_key=%22c%22',
    ]);
    expect(couchdb.db('b/c+d').url).toBe(`${server.url}/prefix/b%2Fc%2Bd`);
  });

  test.each([401, 403])('say that a user is not told whether a server is up: %i', async (status) => {
    server = await startScriptedServer(answer({ error: 'unauthorized', reason: 'Not you' }, status));
    await expect(couch(server.url).up()).rejects.toMatchObject({ name: 'CouchError', status });
  });
});
