import { InputError } from '../core/errors.ts';
import { type Platform, platform } from '../core/platform.ts';
import { Database } from './database.ts';
import { groupOf } from './group.ts';
import { type Address, parseAddress, parseDatabaseAddress } from './request/address.ts';
import { type Auth, authorizationOf } from './request/auth.ts';
import type { TimeLimits } from './request/connection.ts';
import type { Endpoint } from './request/endpoint.ts';
import { defaultRetry, type RetryPolicy } from './request/retry.ts';
import { Server } from './server.ts';

/** How a server is reached. */
export interface CouchOptions {
  /** Takes precedence over credentials in the url. */
  readonly auth?: Auth;
  /** In place of the platform's own `fetch`. */
  readonly fetch?: Platform['fetch'];
  /** Sent with every request. */
  readonly headers?: HeadersInit;
  /** How often a request that may be tried again is tried: 5 times in all by default, with growing waits. */
  readonly retry?: Partial<RetryPolicy>;
  /** How long an answer may take: 60 seconds to its head, once there is a connection, and between two pieces of its body. */
  readonly limits?: Partial<TimeLimits>;
  /**
   * The most connections to the origin at the same time, 6 by default, as browsers allow them; `Infinity` for any number. All
   * handles with the same `fetch` share them, and the fewest that any of those in use asks for holds for all.
   */
  readonly connections?: number;
  /** Clock and chance, for tests. */
  readonly platform?: Partial<Platform>;
}

/** As many as browsers allow to one origin, over all their tabs. */
const DEFAULT_CONNECTIONS = 6;

/** 60 seconds: CouchDB sends a line break every 5 while it has nothing else to say. */
const defaultLimits: TimeLimits = { head: 60_000, body: 60_000 };

/**
 * A CouchDB server, by its url; a base path, as behind a proxy, and credentials may be in it. Nothing is sent yet.
 *
 * @throws InputError when the url or the options cannot be used
 *
 * @example
 * ```ts
 * const server = couch('http://127.0.0.1:5984', { auth: { username: 'reader', password: 'secret' } });
 * const recipes = server.db('recipes');
 * ```
 */
export function couch(url: string, options: CouchOptions = {}): Server {
  const address = parseAddress(url);
  return new Server(endpoint(address, address.url, options));
}

/**
 * A database, by its whole url.
 *
 * @throws InputError when the url names no database, or the options cannot be used
 */
couch.db = function db(url: string, options: CouchOptions = {}): Database {
  const address = parseDatabaseAddress(url);
  return new Database(endpoint(address, address.server, options), address.name);
};

function endpoint({ url, credentials }: Address, server: string, options: CouchOptions): Endpoint {
  const on = platform({ ...options.platform, ...(options.fetch === undefined ? {} : { fetch: options.fetch }) });
  const retry = { ...defaultRetry, ...options.retry };
  if (!(retry.attempts >= 1 && retry.base >= 0 && retry.cap >= 0)) {
    throw new InputError('Option retry must have attempts of at least 1, and base and cap of at least 0 milliseconds');
  }
  const { connections = DEFAULT_CONNECTIONS } = options;
  if (!(connections >= 1)) throw new InputError(`Option connections must be at least 1, not ${connections}`);
  return {
    url,
    server,
    group: groupOf(server, options.auth ?? credentials, options.headers),
    platform: on,
    retry,
    lacking: { bulkGetUntil: 0, multipartUntil: 0 },
    connection: {
      platform: on,
      origin: new URL(server).origin,
      connections,
      authorization: authorizationOf(options.auth ?? credentials, server),
      headers: new Headers(options.headers),
      limits: { ...defaultLimits, ...options.limits },
      traffic: { requests: 0, bytes: 0 },
    },
  };
}
