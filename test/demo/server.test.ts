import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { get } from 'node:http';
import { text } from 'node:stream/consumers';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { gzip } from '../../demo/server/attachments.ts';
import { type CouchServer, startServer } from '../../demo/server/index.ts';

/** A batch that was sent to a CouchDB unparsed, and what it answered. */
interface Step {
  readonly docs: readonly string[];
  readonly status: number;
  /** Where it was not `[]`. */
  readonly answer?: string;
}

/** What a CouchDB told of a document after all steps. */
interface ExpectedDocument {
  readonly id: string;
  readonly path: string;
  readonly changes: readonly string[];
  readonly deleted?: boolean;
  readonly get: { readonly status: number; readonly body: string };
  readonly openRevs: { readonly status: number; readonly attachments: boolean; readonly body: string };
}

interface Expected {
  readonly docCount: number;
  readonly docDelCount: number;
  readonly getQuery: string;
  readonly openRevsQuery: string;
  readonly docs: readonly ExpectedDocument[];
}

const { steps } = await oracle<{ readonly steps: readonly Step[] }>('replica-src');
const expected = await oracle<Expected>('expected');

let server: CouchServer;
let database: string;

beforeAll(async () => {
  server = await startServer({ compress });
  database = `${server.url}/src`;
  await fetch(database, { method: 'PUT' });
});

afterAll(() => server.close());

test('every batch is taken or refused as by CouchDB', async () => {
  for (const { docs, status, answer = '[]' } of steps) {
    const body = `{"new_edits":false,"docs":[${docs.join(',')}]}`;
    const response = await fetch(`${database}/_bulk_docs`, { method: 'POST', headers: JSON_TYPE, body });
    expect({ status: response.status, answer: await response.text() }).toEqual({ status, answer: `${answer}\n` });
  }
});

test('the database counts the same documents', async () => {
  const response = await fetch(database);
  const { docCount, docDelCount } = expected;
  expect(await response.json()).toMatchObject({ doc_count: docCount, doc_del_count: docDelCount });
});

test('the changes feed tells the same leaf revisions of the same documents', async () => {
  const response = await fetch(`${database}/_changes?style=all_docs`);
  const { results } = await response.json();
  const told = new Map(
    results.map(({ id, changes, deleted }: Row) => [id, { changes: changes.map(({ rev }) => rev), deleted }]),
  );
  const recorded = new Map(expected.docs.map(({ id, changes, deleted }) => [id, { changes, deleted }]));
  expect(told).toEqual(recorded);
});

describe.each(expected.docs)('document $id', ({ path, get: recorded, openRevs }) => {
  test('reads the same, byte for byte', async () => {
    expect(await read(`${path}?${expected.getQuery}`)).toEqual(recorded);
  });

  test('has the same leaves, byte for byte', async () => {
    const withData = expected.openRevsQuery;
    const query = openRevs.attachments ? withData : withData.replace('&attachments=true', '');
    const { status, body } = openRevs;
    expect(await read(`${path}?${query}`)).toEqual({ status, body });
  });
});

interface Row {
  readonly id: string;
  readonly changes: readonly { readonly rev: string }[];
  readonly deleted?: boolean;
}

const JSON_TYPE = { 'Content-Type': 'application/json' };

/** Not by `fetch`, which takes the ids `.` and `..` for steps on a path. */
async function read(path: string): Promise<{ status: number | undefined; body: string }> {
  const request = get({ port: server.port, path: `/src/${path}`, headers: { Accept: 'application/json' } });
  const [response] = await once(request, 'response');
  return { status: response.statusCode, body: await text(response) };
}

async function oracle<T>(name: string): Promise<T> {
  const packed = await readFile(new URL(`../oracle/${name}.json.gz`, import.meta.url));
  return JSON.parse(gunzipSync(packed).toString());
}

/**
 * Node's zlib is not the one that CouchDB uses, and for one of the attachments it finds another way to write the same. Its
 * digest is that of the compressed bytes, so those of the original are needed.
 */
function compress(bytes: Uint8Array): Uint8Array {
  const original = Buffer.from(ORIGINAL, 'base64');
  return gunzipSync(original).equals(bytes) ? original : gzip(bytes);
}

const ORIGINAL = 'H4sIAAAAAAAAA+Pl0tVNTErmBVK8XBDSOT+vJDWvRDeksiDVSqECJAwA7ZMp1iYAAAA=';
