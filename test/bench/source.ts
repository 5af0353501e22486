import { setTimeout as sleep } from 'node:timers/promises';
import { createDatabase, type SourceDatabase, withoutCredentials } from '../support/source-database.ts';
import type { DataSet } from './data-sets.ts';

/** Documents that are written with one request. */
const BATCH = 1000;

/** Stands in a database once it is complete. */
const MARKER = '/_local/couchtide-bench';

/** A server that data sets can be loaded into. */
export interface BenchServer {
  /** Without a slash at the end, with credentials where it asks for any. */
  readonly url: string;
  /** What it calls itself, and where it is. */
  readonly title: string;
}

/**
 * Asks a server what it is.
 *
 * @throws Error when it is none that this benchmark can measure
 */
export async function meetServer(serverUrl: string): Promise<BenchServer> {
  const url = serverUrl.replace(/\/+$/, '');
  const { protocol, host } = new URL(url);
  if (protocol !== 'http:')
    throw new Error(`The benchmark stands between programs and server: ${host} must speak http`);
  const { url: plain, headers } = withoutCredentials(url);
  const response = await fetch(`${plain}/`, { headers }).catch((error: unknown) => {
    throw new Error(`${plain} cannot be reached: is a server running there?`, { cause: error });
  });
  const welcome = (await response.json().catch(() => ({}))) as { couchdb?: string; version?: string };
  if (!response.ok || welcome.couchdb === undefined) {
    throw new Error(`${plain} is no CouchDB server: name a server with its administrator, and not a database of it`);
  }
  return { url, title: `CouchDB ${welcome.version} at ${host}` };
}

/**
 * The path of a database with so many documents of a set. It is loaded when it is not there yet, and stays: another run
 * finds it.
 */
export async function provideDatabase(
  { url }: BenchServer,
  name: string,
  set: DataSet,
  count: number,
): Promise<string> {
  const path = `/couchtide-bench-${name}${count === set.count ? '' : `-${count}`}`;
  const marker = JSON.stringify({ title: set.title, count });
  if (await isComplete(`${url}${path}`, marker)) return path;
  const { url: plain, headers } = withoutCredentials(url + path);
  await fetch(plain, { method: 'DELETE', headers });
  const database = await createDatabase(url, path.slice(1));
  const batch: object[] = [];
  for (const revision of set.revisions(count)) {
    batch.push(revision);
    if (batch.length === BATCH) await write(database, batch.splice(0));
  }
  if (batch.length > 0) await write(database, batch);
  await settle(database);
  const { status, text } = await database.send('PUT', MARKER, { marker });
  if (status >= 300) throw new Error(`The server answered ${status} to the marker of ${path}: ${text}`);
  return path;
}

/** Has the server do at once, and to the end, what it else would do while something is measured. */
async function settle(database: SourceDatabase): Promise<void> {
  const { status, text } = await database.send('POST', '/_compact', {});
  if (status !== 202) throw new Error(`The server answered ${status} to _compact: ${text}`);
  while (JSON.parse((await database.read('')).text).compact_running === true) await sleep(100);
}

async function isComplete(url: string, marker: string): Promise<boolean> {
  const { url: plain, headers } = withoutCredentials(url);
  const response = await fetch(plain + MARKER, { headers });
  const found = (await response.json()) as { marker?: string };
  return found.marker === marker;
}

async function write(database: SourceDatabase, revisions: readonly object[]): Promise<void> {
  const { status, body } = await database.replicate(revisions);
  if (status !== 201) throw new Error(`The server answered ${status} to _bulk_docs: ${JSON.stringify(body)}`);
}
