import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type CouchServer, type DatabaseHandle, startServer } from '../../demo/server/index.ts';
import { ask, askJson } from './server-client.ts';

let server: CouchServer;
let database: DatabaseHandle;
let url: string;

beforeEach(async () => {
  server = await startServer();
  database = server.createDatabase('db');
  url = `${server.url}/db`;
});

afterEach(() => server.close());

describe('a database handle', () => {
  test('writes, changes and deletes', async () => {
    const first = database.put({ _id: 'a', n: 1 });
    const second = database.put({ _id: 'a', _rev: first, n: 2 });
    expect(database.text('a')).toBe(`{"_id":"a","_rev":"${second}","n":2}`);
    expect(second).toMatch(/^2-/);
    const tombstone = database.remove('a');
    expect(tombstone).toMatch(/^3-/);
    expect(database.text('a')).toBeUndefined();
    expect(await askJson('GET', `${url}/a`)).toEqual({ error: 'not_found', reason: 'deleted' });
  });

  test('refuses a conflict', () => {
    database.put({ _id: 'a' });
    expect(() => database.put({ _id: 'a' })).toThrow('409 conflict: Document update conflict.');
  });

  test('keeps JSON text as it is given', () => {
    database.put('{"_id":"a","10":12345678901234567890,"2":1.0}');
    expect(database.text('a')).toMatch(/,"10":12345678901234567890,"2":1.0\}$/);
  });

  test('loads documents from a generator, with their histories', async () => {
    function* documents(): Generator<object> {
      for (let i = 0; i < 2500; i++) {
        yield { _id: `doc-${i}`, _revisions: { start: 3, ids: ['c', 'b', 'a'] }, i };
      }
    }
    database.load(documents());
    expect(database.documentCount).toBe(2500);
    const { _revisions } = await askJson('GET', `${url}/doc-2499?revs=true`);
    expect(_revisions).toEqual({ start: 3, ids: ['c', 'b', 'a'] });
  });

  test('is found again by name', () => {
    database.put({ _id: 'a' });
    expect(server.database('db')?.documentCount).toBe(1);
    expect(server.deleteDatabase('db')).toBe(true);
    expect(server.database('db')).toBeUndefined();
  });
});

describe('edits', () => {
  test('the same edit has the same revision everywhere', () => {
    const rev = database.put({ _id: 'a', n: 1, list: [1, 'x', null, true, 1.5, { o: {} }] });
    expect(server.createDatabase('other').put({ _id: 'a', n: 1, list: [1, 'x', null, true, 1.5, { o: {} }] })).toBe(
      rev,
    );
  });

  test('a deleted document goes on where it ended', () => {
    database.put({ _id: 'a' });
    database.remove('a');
    expect(database.put({ _id: 'a', again: true })).toMatch(/^3-/);
  });

  test('two edits of one document in a batch: the first wins', async () => {
    const results = await askJson('POST', `${url}/_bulk_docs`, {
      docs: [
        { _id: 'a', n: 1 },
        { _id: 'a', n: 2 },
      ],
    });
    expect(results).toMatchObject([{ ok: true }, { error: 'conflict' }]);
  });

  test('a stub that nothing can fill stops the whole batch', async () => {
    const lacking = { _id: 'z', _attachments: { x: { stub: true, content_type: 'text/plain', length: 0 } } };
    const { status } = await ask('POST', `${url}/_bulk_docs`, { docs: [{ _id: 'a' }, lacking] });
    expect(status).toBe(412);
    expect(database.documentCount).toBe(0);
  });

  test('conflicts stay until their leaf is deleted', async () => {
    database.bulkDocs(
      ['x', 'y'].map((id) => ({ _id: 'a', _revisions: { start: 2, ids: [id, 'r'] } })),
      { newEdits: false },
    );
    expect(await askJson('GET', `${url}/a?conflicts=true`)).toMatchObject({ _rev: '2-y', _conflicts: ['2-x'] });
    database.remove('a', '2-x');
    expect(await askJson('GET', `${url}/a?conflicts=true`)).toEqual({ _id: 'a', _rev: '2-y' });
  });

  test('histories are cut to the limit of the database', async () => {
    await ask('PUT', `${url}/_revs_limit`, 2);
    let rev = database.put({ _id: 'a' });
    for (let n = 1; n < 5; n++) rev = database.put({ _id: 'a', _rev: rev, n });
    const { _revisions } = await askJson('GET', `${url}/a?revs=true`);
    expect(_revisions).toMatchObject({ start: 5, ids: [expect.any(String), expect.any(String)] });
  });

  test('bodies of old revisions are there until compaction', async () => {
    const first = database.put({ _id: 'a', n: 1 });
    database.put({ _id: 'a', _rev: first, n: 2 });
    expect(await askJson('GET', `${url}/a?rev=${first}`)).toMatchObject({ n: 1 });
    expect((await ask('POST', `${url}/_compact`, {})).status).toBe(202);
    expect((await ask('GET', `${url}/a?rev=${first}`)).status).toBe(404);
  });

  test('a document is copied with what it has', async () => {
    const rev = database.put({ _id: 'a', n: 1, _attachments: { t: { content_type: 'image/png', data: 'AAAA' } } });
    const response = await fetch(`${url}/a`, { method: 'COPY', headers: { Destination: 'b%20c' } });
    expect(response.status).toBe(201);
    const copy = await askJson('GET', `${url}/b%20c?attachments=true`);
    expect(copy).toMatchObject({ n: 1, _attachments: { t: { data: 'AAAA' } } });
    // A revision does not depend on the id, so the same first edit has the same.
    expect(copy._rev).toBe(rev);
  });

  test('POST to a database makes an id', async () => {
    const { id, rev } = await askJson('POST', url, { n: 1 });
    expect(id).toMatch(/^[0-9a-f]{32}$/);
    expect(await askJson('GET', `${url}/${id}`)).toEqual({ _id: id, _rev: rev, n: 1 });
  });

  test('an attachment is put, read and removed', async () => {
    const put = await fetch(`${url}/a/pic.png`, {
      method: 'PUT',
      headers: { 'Content-Type': 'image/png' },
      body: 'data',
    });
    const { rev } = await put.json();
    expect(await (await fetch(`${url}/a/pic.png`)).text()).toBe('data');
    expect((await ask('DELETE', `${url}/a/pic.png?rev=${rev}`)).status).toBe(200);
    expect((await ask('GET', `${url}/a/pic.png`)).status).toBe(404);
  });
});

describe('design documents', () => {
  test('a validation function sees the document, what it replaces and who writes', async () => {
    const check = `function (next, before, user) {
      if (before && before.locked && user.roles.indexOf('_admin') < 0) throw({ forbidden: 'locked' });
      if (!next._deleted && typeof next.n !== 'number') throw({ forbidden: 'n is ' + typeof next.n });
    }`;
    database.put({ _id: '_design/check', validate_doc_update: check });
    expect(() => database.put({ _id: 'a' })).toThrow('403 forbidden: n is undefined');
    const rev = database.put({ _id: 'a', n: 1, locked: true });
    expect(database.put({ _id: 'a', _rev: rev, n: 2 })).toMatch(/^2-/);
  });

  test('a validation function sees revisions, and what a deletion replaces', async () => {
    const check = `function (next, before) {
      if (next._deleted) throw({ forbidden: JSON.stringify([next._rev, before._rev, before._revisions.start]) });
      if (before) throw({ forbidden: JSON.stringify([next._rev, next._revisions.ids, before.n]) });
      if (next._rev) throw({ forbidden: 'a new document has no revision' });
    }`;
    const rev = database.put({ _id: 'a', n: 1 });
    database.put({ _id: '_design/check', validate_doc_update: check });
    const [generation, id] = rev.split('-');
    expect(() => database.put({ _id: 'a', _rev: rev, n: 2 })).toThrow(JSON.stringify([rev, [id], 1]));
    expect(() => database.remove('a')).toThrow(JSON.stringify([rev, rev, Number(generation)]));
    expect(database.put({ _id: 'b' })).toMatch(/^1-/);
  });

  test('a function that does not end is stopped', async () => {
    database.put({ _id: '_design/loop', filters: { loop: 'function () { for (;;); }' } });
    database.put({ _id: 'a' });
    expect((await ask('GET', `${url}/_changes?filter=loop/loop`)).status).toBe(500);
  });

  test('functions cannot reach the server', async () => {
    const flee = `function (doc) { return this.constructor.constructor('return typeof process')() === 'undefined'; }`;
    database.put({ _id: '_design/out', filters: { flee } });
    database.put({ _id: 'a' });
    const { results } = await askJson('GET', `${url}/_changes?filter=out/flee`);
    expect(results).toHaveLength(2);
  });

  test.each([
    [{ views: { all: {} } }, 'View `all` must contain map function'],
    [{ views: { all: { map: 5 } } }, '`views.all.map` field must have string type'],
    [{ filters: { f: 5 } }, '`filters.f` field must have object or string type'],
    [{ language: [] }, '`language` field must have string type'],
    [{ rewrites: {} }, '`rewrites` field must have string or array type'],
  ])('%j is refused', (body, reason) => {
    expect(() => database.put({ _id: '_design/bad', ...body })).toThrow(`400 invalid_design_doc: ${reason}`);
  });

  test('views are sorted by key as CouchDB compares them', async () => {
    const keys = ['b', 'a', 10, 9, null, [1], { a: 1 }, true, 'A', 'á'];
    database.bulkDocs(keys.map((key, i) => ({ _id: `doc-${i}`, key })));
    database.put({ _id: '_design/v', views: { byKey: { map: 'function (doc) { emit(doc.key, doc._id); }' } } });
    const { rows } = await askJson('GET', `${url}/_design/v/_view/byKey`);
    expect(rows.map(({ key }: { key: unknown }) => key)).toEqual([
      null,
      true,
      9,
      10,
      'a',
      'A',
      'á',
      'b',
      [1],
      { a: 1 },
    ]);
    const range = await askJson('GET', `${url}/_design/v/_view/byKey?startkey="a"&endkey="b"&inclusive_end=false`);
    expect(range).toMatchObject({ total_rows: 10, offset: 4, rows: [{ key: 'a' }, { key: 'A' }, { key: 'á' }] });
  });
});

describe('purging', () => {
  test('forgets a leaf, and the document with its last', async () => {
    database.bulkDocs(
      ['x', 'y'].map((id) => ({ _id: 'a', _revisions: { start: 2, ids: [id, 'r'] } })),
      { newEdits: false },
    );
    expect(await askJson('POST', `${url}/_purge`, { a: ['2-y', '1-r'] })).toEqual({
      purge_seq: null,
      purged: { a: ['2-y'] },
    });
    expect(await askJson('GET', `${url}/a?revs=true`)).toMatchObject({ _rev: '2-x', _revisions: { ids: ['x', 'r'] } });
    await ask('POST', `${url}/_purge`, { a: ['2-x'] });
    expect(await askJson('GET', `${url}/a`)).toEqual({ error: 'not_found', reason: 'missing' });
    expect((await askJson('GET', `${url}/_changes`)).results).toEqual([]);
  });
});
