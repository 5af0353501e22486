import { isCouchError, ProtocolError } from '../core/errors.ts';
import { Feed } from '../core/feed.ts';
import { Database } from './database.ts';
import { encodeSegment } from './request/address.ts';
import type { Endpoint } from './request/endpoint.ts';
import { send, sendForObject } from './request/request.ts';
import { withRetry } from './request/retry.ts';
import { type UpdatesEvent, type UpdatesOptions, updates } from './updates.ts';

/** What `GET /` tells of a server. */
export interface ServerInfo {
  /** CouchDB's version, such as `3.4.3`, where the server says. */
  readonly version?: string;
  /** The server's identifier, where it says. */
  readonly uuid?: string;
}

/** A CouchDB server. Making one sends nothing. */
export class Server {
  readonly #endpoint: Endpoint;

  /** @internal */
  constructor(endpoint: Endpoint) {
    this.#endpoint = endpoint;
  }

  /** Its url, without credentials. */
  get url(): string {
    return this.#endpoint.url;
  }

  /** A database of this server, by its name as it is spelled outside of urls. */
  db(name: string): Database {
    return new Database({ ...this.#endpoint, url: `${this.#endpoint.url}/${encodeSegment(name)}` }, name);
  }

  /** The server's greeting. One request. */
  async info(options: { readonly signal?: AbortSignal } = {}): Promise<ServerInfo> {
    const { connection, url } = this.#endpoint;
    const { signal } = options;
    const answer = await withRetry(this.#endpoint, signal, () => sendForObject(connection, { url: `${url}/`, signal }));
    const { version, uuid } = answer;
    return {
      ...(typeof version === 'string' ? { version } : {}),
      ...(typeof uuid === 'string' ? { uuid } : {}),
    };
  }

  /**
   * Whether the server is there and not in maintenance (`GET /_up`). One request, tried once.
   *
   * @throws CouchError (401, 403) where the server does not tell that to this user
   */
  async up(options: { readonly signal?: AbortSignal } = {}): Promise<boolean> {
    const { connection, url } = this.#endpoint;
    try {
      const answer = await send(connection, { url: `${url}/_up`, signal: options.signal });
      answer.close();
      return true;
    } catch (error) {
      if (isCouchError(error) && error.status !== 401 && error.status !== 403) return false;
      throw error;
    }
  }

  /** The names of the databases, in order, between two names where given. One request; CouchDB asks an admin's rights for it. */
  databases(
    options: { readonly startKey?: string; readonly endKey?: string; readonly signal?: AbortSignal } = {},
  ): Feed<string> {
    const { startKey, endKey } = options;
    const query = {
      start_key: startKey === undefined ? undefined : JSON.stringify(startKey),
      end_key: endKey === undefined ? undefined : JSON.stringify(endKey),
    };
    const endpoint = this.#endpoint;
    return new Feed(
      async function* (signal) {
        yield await withRetry(endpoint, signal, async () => {
          const answer = await send(endpoint.connection, { url: `${endpoint.url}/_all_dbs`, query, signal });
          return parseNames(await answer.text());
        });
      },
      { signal: options.signal },
    );
  }

  /**
   * What becomes of this server's databases: see {@link UpdatesOptions} and {@link UpdatesEvent}.
   *
   * @throws CouchError with status 404 where the server has no database `_global_changes`, in which it notes this
   */
  updates(options: UpdatesOptions = {}): Feed<UpdatesEvent> {
    return updates(this.#endpoint, options);
  }
}

function parseNames(text: string): string[] {
  let names: unknown;
  try {
    names = JSON.parse(text);
  } catch (error) {
    throw new ProtocolError('The answer to GET /_all_dbs is not JSON', true, { cause: error });
  }
  if (Array.isArray(names) && names.every((name): name is string => typeof name === 'string')) return names;
  throw new ProtocolError('The answer to GET /_all_dbs is not a list of names', true);
}
