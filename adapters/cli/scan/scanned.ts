import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { InputError, isCouchError, isProtocolError } from '../../../src/core/errors.ts';
import { type CouchOptions, couch } from '../../../src/couch/couch.ts';
import { hasCredentials } from '../../../src/couch/request/address.ts';
import type { Server } from '../../../src/couch/server.ts';
import type { Scannable } from '../../../src/scan/source/open-source.ts';
import { fsKv } from '../../fs/index.ts';
import type { Context } from '../context.ts';
import { openOnly } from '../directory.ts';

/** What a command scans. */
export interface Scanned {
  readonly source: Scannable;
  /** What it is called, the same from everywhere: a url, without credentials. */
  readonly url: string;
  close(): Promise<void>;
}

/**
 * What is meant: the url of a server or of a database, or a directory with a replica. A url with a path may be either, as a server may
 * stand behind a prefix: it is asked.
 *
 * @throws InputError for what is none of them
 */
export async function openScanned(given: string, { environment, signal }: Context): Promise<Scanned> {
  if (!/^https?:\/\//i.test(given)) return openDirectory(given);
  const options = credentials(given, environment);
  const server = couch(given, options);
  if (new URL(given).pathname === '/') return remote(server, server.url);
  const db = couch.db(given, options);
  try {
    await db.info({ signal });
  } catch (error) {
    if (!(isProtocolError(error) || (isCouchError(error) && error.status === 404))) throw error;
    const { version } = await server.info({ signal }).catch(() => ({ version: undefined }));
    if (version === undefined) throw error;
    return remote(server, server.url);
  }
  return remote(db, db.url);
}

/** The server of a url. */
export function openServer(url: string, { environment }: Context): Server {
  if (!/^https?:\/\//i.test(url))
    throw new InputError(`${JSON.stringify(url)} is no url of a server, such as http://127.0.0.1:5984`);
  return couch(url, credentials(url, environment));
}

function credentials(url: string, { COUCHTIDE_USER, COUCHTIDE_PASSWORD = '' }: Context['environment']): CouchOptions {
  if (COUCHTIDE_USER === undefined || hasCredentials(url)) return {};
  return { auth: { username: COUCHTIDE_USER, password: COUCHTIDE_PASSWORD } };
}

function remote(source: Scannable, url: string): Scanned {
  return { source, url, close: () => Promise.resolve() };
}

async function openDirectory(directory: string): Promise<Scanned> {
  const kv = await fsKv(directory, { readOnly: true });
  try {
    const replica = await openOnly(kv, directory);
    return { source: replica, url: pathToFileURL(resolve(directory)).href, close: () => kv.close() };
  } catch (error) {
    await kv.close();
    throw error;
  }
}
