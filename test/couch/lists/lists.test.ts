import { afterEach, describe, expect, test } from 'vitest';
import { startServer } from '../../../demo/server/index.ts';
import { platform } from '../../../src/core/platform.ts';
import { type CouchOptions, couch } from '../../../src/couch/couch.ts';
import type { AllDocsOptions } from '../../../src/couch/lists/all-docs.ts';
import type { AllDocsRow } from '../../../src/couch/lists/list-row.ts';
import { startHeldServer } from '../../support/held-server.ts';
import { answer, cutAfter, type Scripted, startScriptedServer } from '../../support/scripted-server.ts';
import { createDatabase } from '../../support/source-database.ts';
import { virtualClock } from '../../support/virtual-clock.ts';

let server: { close(): Promise<void> } | undefined;

afterEach(() => server?.close());

/** Without waits between tries: there is nothing to wait for. */
const impatient: CouchOptions = { retry: { attempts: 3, base: 0, cap: 0 } };

const row = (id: string): string => JSON.stringify({ id, key: id, value: { rev: '1-a' } });
const list = (...rows: string[]): string =>
  `{"total_rows":${rows.length},"offset":0,"rows":[\r\n${rows.join(',\r\n')}\r\n]}\n`;

async function scripted(...script: Scripted[]) {
  const started = await startScriptedServer(...script);
  server = started;
  return { requests: started.requests, db: couch.db(`${started.url}/db`, impatient) };
}

async function sampleDatabase() {
  const started = await startServer();
  server = started;
  const { url, replicate } = await createDatabase(started.url);
  await replicate([
    '{"_id":"a","_rev":"1-a","n":12345678901234567890}',
    '{"_id":"b","_rev":"1-b"}',
    '{"_id":"b","_rev":"1-c"}',
    '{"_id":"c","_rev":"1-d","_deleted":true}',
    '{"_id":"d","_rev":"1-e"}',
  ]);
  return { db: couch.db(url), url, replicate, requests: started.requests };
}

async function ids(rows: AsyncIterable<{ readonly id: string }>): Promise<string[]> {
  const told: string[] = [];
  for await (const { id } of rows) told.push(id);
  return told;
}

describe('allDocs', () => {
  test.each<[AllDocsOptions, string[]]>([
    [{}, ['a', 'b', 'd']],
    [{ startKey: 'b' }, ['b', 'd']],
    [{ endKey: 'b' }, ['a', 'b']],
    [{ startKey: 'aa', endKey: 'c' }, ['b']],
    [{ descending: true }, ['d', 'b', 'a']],
    [{ descending: true, startKey: 'b' }, ['b', 'a']],
    [{ limit: 2 }, ['a', 'b']],
    [{ limit: 0 }, []],
  ])('lists what %j asks for', async (options, expected) => {
    const { db } = await sampleDatabase();
    expect(await ids(db.allDocs(options))).toEqual(expected);
  });

  test('shows winners on request, numbers as they came, and their conflicts', async () => {
    const { db } = await sampleDatabase();
    const rows: AllDocsRow[] = [];
    for await (const found of db.allDocs({ includeDocs: true, conflicts: true, limit: 2 })) rows.push(found);
    expect(rows).toEqual([
      {
        id: 'a',
        rev: '1-a',
        doc: { _id: 'a', _rev: '1-a', n: 12345678901234567000 },
        docText: '{"_id":"a","_rev":"1-a","n":12345678901234567890}',
      },
      {
        id: 'b',
        rev: '1-c',
        doc: { _id: 'b', _rev: '1-c', _conflicts: ['1-b'] },
        docText: '{"_id":"b","_rev":"1-c","_conflicts":["1-b"]}',
      },
    ]);
  });

  test('goes on where an answer broke off, and tells no row twice and none too many', async () => {
    const { db, requests } = await scripted(
      cutAfter(`{"total_rows":9,"offset":0,"rows":[${row('a')},${row('b')},{"id":"c`),
      answer('{"error":"timeout"}', 503),
      cutAfter(`{"rows":[${row('b')},${row('c')},`),
      // c was deleted meanwhile.
      answer(list(row('d'), row('e'))),
    );
    expect(await ids(db.allDocs({ startKey: 'A', endKey: 'z', limit: 4 }))).toEqual(['a', 'b', 'c', 'd']);
    expect(requests.map(({ query }) => [query.get('start_key'), query.get('end_key'), query.get('limit')])).toEqual([
      ['"A"', '"z"', '4'],
      ['"b"', '"z"', '3'],
      ['"b"', '"z"', '3'],
      ['"c"', '"z"', '2'],
    ]);
  });

  test('gives up an answer that breaks off again and again at the same row', async () => {
    const { db, requests } = await scripted(cutAfter(`{"rows":[${row('a')},`));
    await expect(ids(db.allDocs())).rejects.toMatchObject({ name: 'NetworkError', failure: 'cut' });
    expect(requests).toHaveLength(3);
  });

  test('leaves its connection to who waits for one when its time is over, and goes on in its turn', async () => {
    const held = await startHeldServer();
    server = held;
    const clock = virtualClock();
    const open = (name: string) =>
      couch
        .db(`${held.url}/${name}`, { connections: 2, platform: clock.platform })
        .metered({ traffic: { requests: 0, bytes: 0 } });
    const reader = open('long').allDocs()[Symbol.asyncIterator]();
    let next = reader.next();
    const long = await held.request();
    await long.write(`{"rows":[\n${row('a')},\n`);
    expect((await next).value?.id).toBe('a');
    const other = ids(open('other').allDocs());
    await clock.sleeping(250);
    next = reader.next();
    await clock.advance(5000);
    await long.write(`${row('b')},\n`);
    expect((await next).value?.id).toBe('b');
    next = reader.next();
    await long.closed;
    (await held.request()).answer(answer(list(row('x'))));
    expect(await other).toEqual(['x']);
    const again = await held.request();
    expect([again.path.split('?')[0], again.query.get('start_key')]).toEqual(['/long/_all_docs', '"b"']);
    again.answer(answer(list(row('b'), row('c'))));
    expect((await next).value?.id).toBe('c');
    expect((await reader.next()).done).toBe(true);
  });

  test('lets its reader ask for something else at every row, over one connection', async () => {
    const all = Array.from({ length: 20 }, (_, n) => `d${n + 10}`);
    const started = await startScriptedServer((response, seen) => {
      if (!seen.path.includes('_all_docs')) return answer({ db_name: 'db', update_seq: 1 })(response, seen);
      const from = JSON.parse(seen.query.get('start_key') ?? '""');
      // Too much to be read at once.
      const padded = all.filter((id) => id >= from).map((id) => row(id).replace('{', `{"x":"${'x'.repeat(50_000)}",`));
      answer(list(...padded))(response, seen);
    });
    server = started;
    // Patience is not what is tested.
    const on = platform({ sleep: (ms, signal) => platform().sleep(ms === 250 ? 1 : ms, signal) });
    const db = couch.db(`${started.url}/db`, { connections: 1, platform: on });
    const told: string[] = [];
    for await (const { id } of db.allDocs()) {
      told.push(id);
      await db.info();
    }
    expect(told).toEqual(all);
    expect(started.requests.filter(({ path }) => path.includes('_all_docs')).length).toBeGreaterThan(1);
  });

  test.each([
    ['{"rows":[{"key":"a","error":"not_found"}]}', 'A row of the list of documents is not CouchDB'],
    ['{"rows":[{"id":"a"}]}', 'A row of the list of documents is not CouchDB'],
    ['{"results":[]}', 'The answer has no list "rows"'],
  ])('refuses %s', async (text, message) => {
    const { db } = await scripted(answer(text));
    await expect(ids(db.allDocs())).rejects.toThrow(message);
  });

  test('has nothing to say of a database that is not there', async () => {
    const { db } = await scripted(answer({ error: 'not_found', reason: 'Database does not exist.' }, 404));
    await expect(ids(db.allDocs())).rejects.toMatchObject({ name: 'CouchError', status: 404 });
  });
});

describe('designDocs', () => {
  const name = (n: number): string => `_design/${n.toString().padStart(3, '0')}`;

  async function withDesignDocs(count: number) {
    const sample = await sampleDatabase();
    const names = Array.from({ length: count }, (_, n) => name(n));
    await sample.replicate(names.map((id) => JSON.stringify({ _id: id, _rev: '1-a', id })));
    return { ...sample, names };
  }

  test.each([
    [0, 1],
    [99, 1],
    [100, 2],
    [198, 2],
    [199, 3],
    [250, 3],
  ])('are told once each, %d of them with %d requests', async (count, expected) => {
    const { db, names, requests } = await withDesignDocs(count);
    expect(await ids(db.designDocs())).toEqual(names);
    expect(requests.count('GET', /_design_docs/)).toBe(expected);
  });

  test('come with revision and body', async () => {
    const { db } = await withDesignDocs(1);
    for await (const found of db.designDocs()) {
      expect(found).toEqual({ id: name(0), rev: '1-a', doc: { _id: name(0), _rev: '1-a', id: name(0) } });
    }
  });

  test.each([
    [404, { error: 'not_found', reason: 'missing' }],
    [400, { error: 'bad_request', reason: 'Only reserved document ids may start with underscore.' }],
    [405, { error: 'method_not_allowed', reason: 'Only GET allowed' }],
  ])('are a part of all documents for a server that answers %d', async (status, refusal) => {
    const design = JSON.stringify({
      id: '_design/a',
      key: '_design/a',
      value: { rev: '1-a' },
      doc: { _id: '_design/a' },
    });
    const { db, requests } = await scripted(answer(refusal, status), answer(list(design)));
    expect(await ids(db.designDocs())).toEqual(['_design/a']);
    expect(requests[1]?.path).toBe(
      '/db/_all_docs?start_key=%22_design%2F%22&end_key=%22_design0%22&limit=100&include_docs=true',
    );
  });

  test('of a database that is not there are an error', async () => {
    const { db, requests } = await scripted(answer({ error: 'not_found', reason: 'Database does not exist.' }, 404));
    await expect(ids(db.designDocs())).rejects.toMatchObject({ name: 'CouchError', status: 404 });
    expect(requests).toHaveLength(1);
  });

  test('that were deleted while the list was made are left out', async () => {
    const gone = JSON.stringify({ id: '_design/a', key: '_design/a', value: { rev: '1-a' }, doc: null });
    const { db } = await scripted(answer(list(gone)));
    expect(await ids(db.designDocs())).toEqual([]);
  });
});

describe('designDocInfo', () => {
  test('is what the server says of the indexes', async () => {
    const { db, replicate } = await sampleDatabase();
    await replicate(['{"_id":"_design/a b","_rev":"1-a","language":"erlang","views":{}}']);
    expect(await db.designDocInfo('_design/a b')).toMatchObject({
      name: 'a b',
      view_index: { language: 'erlang', updater_running: false, sizes: { active: expect.any(Number) } },
    });
  });

  test('is nothing where there is no such design document', async () => {
    const { db, replicate } = await sampleDatabase();
    await replicate(['{"_id":"_design/gone","_rev":"1-a","_deleted":true}']);
    expect(await db.designDocInfo('_design/never')).toBeUndefined();
    expect(await db.designDocInfo('_design/gone')).toBeUndefined();
  });

  test('of a database that is not there is an error, and so is the id of another document', async () => {
    const { db, requests } = await scripted(answer({ error: 'not_found', reason: 'Database does not exist.' }, 404));
    await expect(db.designDocInfo('_design/a')).rejects.toMatchObject({ name: 'CouchError', status: 404 });
    await expect(db.designDocInfo('a')).rejects.toThrow('"a" is not the id of a design document');
    await expect(db.designDocInfo('_design/')).rejects.toMatchObject({ name: 'InputError' });
    expect(requests).toHaveLength(1);
  });
});
