import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type CouchServer, startServer } from '../../demo/server/index.ts';
import { couch } from '../../src/couch/couch.ts';
import { memoryKv } from '../../src/kv/memory.ts';
import { pull } from '../../src/pull/pull.ts';
import type { PullResult } from '../../src/pull/status.ts';
import { openReplica, type Replica } from '../../src/replica/replica.ts';
import type { FailedRevision } from '../../src/replica/target.ts';
import { awkwardDocuments } from '../support/documents.ts';
import { expectFaithful } from '../support/faithful.ts';
import { hasty } from '../support/hasty.ts';
import { createDatabase, type SourceDatabase } from '../support/source-database.ts';

let server: CouchServer;
let source: SourceDatabase;
let replica: Replica;

beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server.close());
beforeEach(async () => {
  source = await createDatabase(server.url);
  // Keys of two kilobytes, as the narrowest stores have them.
  replica = await openReplica(memoryKv({ limits: { keyBytes: 2048 } }), source.name);
});
afterEach(() => server.faults.clear());

function run(): Promise<PullResult> {
  return pull(couch.db(source.url, { platform: hasty }), replica).done;
}

async function failed(): Promise<FailedRevision[]> {
  const all: FailedRevision[] = [];
  for await (const failure of replica.failed()) all.push(failure);
  return all;
}

const deep = (_id: string) => ({ _id, _rev: '2-b', _revisions: { start: 2, ids: ['b', 'a'] }, named: _id });

describe('Ids', () => {
  test.each(['_bulk_get', 'open_revs'])('of every kind come by %s', async (way) => {
    // Two that no path can carry come with their revision in a body, or are on record.
    const unspeakable = way === 'open_revs' ? ['.', '..'] : [];
    if (way === 'open_revs') server.faults.add({ path: /_bulk_get/, answer: { status: 405 } });
    const ids = new Set([...awkwardDocuments.map(({ _id }) => _id), 'nul\u0000', '\u0000', '\r\n', 'x'.repeat(3000)]);
    const spoken = [...ids].filter((id) => !unspeakable.includes(id));
    const documents = [...ids].map(deep);
    expect(await source.replicate(documents)).toMatchObject({ status: 201, body: [] });
    expect(await run()).toMatchObject({ docsWritten: spoken.length, docsFailed: unspeakable.length });
    for (const id of spoken) expect(await replica.get(id)).toEqual({ _id: id, _rev: '2-b', named: id });
    expect((await failed()).map(({ id }) => id).sort()).toEqual(unspeakable);
    server.faults.clear();
    expect((await run()).docsFailed).toBe(0);
    await expectFaithful(replica, source);
  });

  test('longer than any key, and alike for all of their beginning, are told apart', async () => {
    const long = ['x'.repeat(10_000), `${'x'.repeat(10_000)}y`, '日'.repeat(5000), `${'日'.repeat(5000)}本`];
    await source.replicate(long.map(deep));
    expect(await run()).toMatchObject({ docsWritten: 4, docsFailed: 0 });
    for (const id of long) expect((await replica.get(id))?.['named'] === id).toBe(true);
    const listed: string[] = [];
    for await (const { _id } of replica.allDocs()) listed.push(_id);
    expect(listed).toEqual([...long].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b))));
  });

  test('that differ by case or normalisation alone are different documents', async () => {
    const ids = ['resume', 'Resume', 'RESUME', 'r\u00e9sum\u00e9', 're\u0301sume\u0301', '\u212b', '\u00c5', 'A\u030a'];
    await source.replicate(ids.map(deep));
    expect(await run()).toMatchObject({ docsWritten: ids.length });
    for (const id of ids) expect(await replica.get(id)).toMatchObject({ named: id });
  });
});

describe('Values', () => {
  const nested = (depth: number, inner: string): string => `${'{"a":['.repeat(depth)}${inner}${']}'.repeat(depth)}`;

  test.each([
    ['a large integer', '12345678901234567890123456789012345678901234567890'],
    ['an integer just too large', '9007199254740993'],
    ['a decimal that is whole', '1.0'],
    ['17 digits', '0.12345678901234567'],
    ['a small number', '1e-300'],
    ['a text of escapes', '"\\u0000\\u001f\\u2028\\ud83e\\udd5e\\\\\\"\\/"'],
    ['depth', nested(1000, '1')],
    ['names that every object knows', '{"__proto__":{"polluted":1},"constructor":2,"toString":3,"1":4,"01":5,"":6}'],
    ['members of a changes row', '{"id":"x","seq":7,"rev":"9-x","changes":[{"rev":"9-x"}],"doc":{},"last_seq":1}'],
    ['members of a document', '{"_id":"x","_rev":"9-x","_deleted":true,"_revisions":{"start":1,"ids":["x"]}}'],
  ])('come as the source shows them, with the feed and by themselves: %s', async (_what, value) => {
    const text = (id: string, rev: string, path: string): string =>
      `{"_id":"${id}","_rev":"${rev}","_revisions":${path},"z":${value},"a":${value}}`;
    await source.replicate([
      text('first', '1-a', '{"start":1,"ids":["a"]}'),
      text('later', '2-b', '{"start":2,"ids":["b","a"]}'),
    ]);
    expect(await run()).toMatchObject({ docsWritten: 2, docsFailed: 0, requests: 3 });
    await expectFaithful(replica, source);
    const shown = (await source.read('/first')).text;
    const members = shown.slice(shown.indexOf('"z":')).trim();
    for (const id of ['first', 'later']) expect(await replica.text(id)).toContain(members.slice(0, -1));
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });

  test('deeper than any call stack come whole', async () => {
    await source.replicate(['{"_id":"doc","_rev":"1-a","mine":1}']);
    const deepest = `${'['.repeat(200_000)}${']'.repeat(200_000)}`;
    const database = couch.db(source.url, {
      fetch: async (url, init) => {
        const text = await (await fetch(url, init)).text();
        return new Response(text.replace('"mine":1', `"mine":${deepest}`));
      },
    });
    expect(await pull(database, replica).done).toMatchObject({ docsWritten: 1, docsFailed: 0 });
    expect((await replica.text('doc')) === `{"_id":"doc","_rev":"1-a","mine":${deepest}}`).toBe(true);
  });

  test('that some servers add with names of their own are kept', async () => {
    await source.replicate(['{"_id":"doc","_rev":"1-a","mine":1}']);
    const database = couch.db(source.url, {
      fetch: async (url, init) => {
        const text = await (await fetch(url, init)).text();
        return new Response(text.replace('"mine":1', '"mine":1,"_attributes":{"x":1.0},"_exp":12345678901234567890'));
      },
    });
    await pull(database, replica).done;
    expect(await replica.text('doc')).toBe(
      '{"_id":"doc","_rev":"1-a","mine":1,"_attributes":{"x":1.0},"_exp":12345678901234567890}',
    );
  });
});
