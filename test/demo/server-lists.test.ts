import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type CouchServer, type DatabaseHandle, startServer } from '../../demo/server/index.ts';
import { ask, askJson } from './server-client.ts';

let server: CouchServer;
let database: DatabaseHandle;
let url: string;

/** Ids whose order by UTF-16 units is another than that by bytes, and some with blanks and marks. */
const IDS = ['\u{10000}', '\u{e000}', '\ud7ff', 'z', 'a', 'A', 'a b', 'a+b', 'é', '_design/d', '1', '10', '2'];
const sorted = [...IDS].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));

beforeAll(async () => {
  server = await startServer();
  database = server.createDatabase('db');
  database.bulkDocs(IDS.map((_id, n) => ({ _id, n })));
  database.put({ _id: 'gone' });
  database.remove('gone');
  url = `${server.url}/db`;
});

afterAll(() => server.close());

interface Row {
  readonly id: string;
}

describe('_all_docs', () => {
  test('is in the order of the bytes of ids', async () => {
    const { rows, total_rows } = await askJson('GET', `${url}/_all_docs`);
    expect(rows.map(({ id }: Row) => id)).toEqual(sorted);
    expect(total_rows).toBe(IDS.length);
  });

  test('any range is the part of the list that it says', async () => {
    const key = fc.option(fc.oneof(fc.constantFrom(...IDS), fc.string({ maxLength: 3 })), { nil: undefined });
    const range = fc.record({
      startkey: key,
      endkey: key,
      inclusive_end: fc.boolean(),
      descending: fc.boolean(),
      skip: fc.integer({ min: 0, max: 5 }),
      limit: fc.integer({ min: 0, max: 15 }),
    });
    await fc.assert(
      fc.asyncProperty(range, async (asked) => {
        const { startkey, endkey, inclusive_end, descending, skip, limit } = asked;
        const query = Object.entries(asked).filter(([, value]) => value !== undefined);
        const parameters = query.map(([name, value]) => `${name}=${encodeURIComponent(JSON.stringify(value))}`);
        const { rows } = await askJson('GET', `${url}/_all_docs?${parameters.join('&')}`);
        const order = (a: string, b: string): number =>
          Buffer.compare(Buffer.from(a), Buffer.from(b)) * (descending ? -1 : 1);
        const expected = [...sorted]
          .sort(order)
          .filter((id) => startkey === undefined || order(id, startkey) >= 0)
          .filter((id) => endkey === undefined || order(id, endkey) < (inclusive_end ? 1 : 0))
          .slice(skip, skip + limit);
        expect(rows.map(({ id }: Row) => id)).toEqual(expected);
      }),
      { numRuns: 200 },
    );
  });

  test.each([
    ['limit=-1', 'Invalid value for positive integer: "-1"'],
    ['limit=x', 'Invalid value for integer: "x"'],
    ['descending=maybe', 'Invalid boolean parameter: "maybe"'],
  ])('%s is refused', async (query, reason) => {
    expect(await askJson('GET', `${url}/_all_docs?${query}`)).toEqual({ error: 'query_parse_error', reason });
  });
});

test('_find goes on from its bookmark until everything was found', async () => {
  const found: string[] = [];
  for (let bookmark: string | undefined; bookmark !== 'nil'; ) {
    const answer = await askJson('POST', `${url}/_find`, { selector: { n: { $gte: 0 } }, limit: 4, bookmark });
    found.push(...answer.docs.map(({ _id }: { _id: string }) => _id));
    ({ bookmark } = answer);
  }
  expect(found).toEqual(sorted.filter((id) => !id.startsWith('_')));
});

test('_find refuses a bookmark of others', async () => {
  const { status } = await ask('POST', `${url}/_find`, { selector: {}, bookmark: 'x' });
  expect(status).toBe(400);
});

test('_bulk_get of everything that the feed tells gives everything', async () => {
  const { results } = await askJson('GET', `${url}/_changes?style=all_docs`);
  const docs = results.flatMap(({ id, changes }: { id: string; changes: { rev: string }[] }) =>
    changes.map(({ rev }) => ({ id, rev })),
  );
  const answer = await askJson('POST', `${url}/_bulk_get?revs=true`, { docs });
  const told = answer.results.flatMap(({ docs: found }: { docs: { ok: { _id: string; _rev: string } }[] }) =>
    found.map(({ ok }) => ok),
  );
  expect(told.map(({ _id, _rev }: { _id: string; _rev: string }) => ({ id: _id, rev: _rev }))).toEqual(docs);
  const diff = await askJson('POST', `${url}/_revs_diff`, Object.fromEntries(docs.map(pairOf)));
  expect(diff).toEqual({});
});

test('a broken escape in a path is refused', async () => {
  expect(await askJson('GET', `${url}/%zz`)).toEqual({ error: 'bad_request', reason: 'invalid_url_encoding' });
});

function pairOf({ id, rev }: { id: string; rev: string }): [id: string, revs: string[]] {
  return [id, [rev]];
}
