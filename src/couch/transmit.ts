import { NetworkError, ProtocolError } from '../core/errors.ts';
import { isJsonObject } from '../core/json-value.ts';
import type { Platform } from '../core/platform.ts';
import type { Connection, RequestDescription } from './connection.ts';

/** Redirects that are followed, as many as browsers do at the most. */
const LONGEST_CHAIN = 20;

/**
 * Brings a request to the server and gives the answer, whatever its status. Where the answer is that the credentials are
 * not good any more, they are renewed and the request is sent once again.
 *
 * Redirects are followed by hand, and only within the origin: headers that a caller has added to his requests must not
 * reach another server.
 *
 * @param name of the request, for messages
 */
export async function transmit(
  connection: Connection,
  description: RequestDescription,
  signal: AbortSignal,
  name: string,
): Promise<Response> {
  const { authorization, platform, traffic } = connection;
  const exchange = { platform, traffic, signal };
  let url = withQuery(description.url, description.query);
  let method: string = description.method ?? 'GET';
  let body = description.json === undefined ? undefined : JSON.stringify(description.json);
  let isRenewed = false;
  for (let step = 0; step < LONGEST_CHAIN; step += 1) {
    const authorizing = await authorization.headers(exchange);
    const headers = headersOf(connection, description, authorizing, body);
    const init: RequestInit = { method, headers, signal, redirect: 'manual' };
    if (body !== undefined) init.body = body;
    if (authorization.credentials !== undefined) init.credentials = authorization.credentials;
    traffic.requests += 1;
    const response = await fetchOnce(platform, url, init, name);
    authorization.learn?.(response.headers);
    if (!isRenewed && response.status === 401 && (await authorization.renew(authorizing, exchange))) {
      isRenewed = true;
      await response.body?.cancel();
      continue;
    }
    const location = response.headers.get('location');
    if (!isRedirect(response, location)) return response;
    await response.body?.cancel();
    const target = location === null ? undefined : new URL(location, url);
    if (target === undefined || target.origin !== new URL(url).origin) {
      throw new ProtocolError(`${name} was redirected to another address; use that address itself`, false);
    }
    url = target.href;
    if (response.status === 303) {
      method = 'GET';
      body = undefined;
    }
  }
  throw new ProtocolError(`${name} was redirected more than ${LONGEST_CHAIN} times`, false);
}

function headersOf(
  { headers: own }: Connection,
  { accept = 'application/json', range }: RequestDescription,
  authorizing: Headers,
  body: string | undefined,
): Headers {
  const headers = new Headers(own);
  headers.set('accept', accept);
  if (range !== undefined) headers.set('range', range);
  authorizing.forEach((value, header) => {
    headers.set(header, value);
  });
  if (body !== undefined) headers.set('content-type', 'application/json');
  return headers;
}

/** A browser does not show where a redirect leads, but that it is one. */
function isRedirect({ type, status }: Response, location: string | null): boolean {
  return type === 'opaqueredirect' || (status >= 300 && status < 400 && location !== null);
}

async function fetchOnce(platform: Platform, url: string, init: RequestInit, name: string): Promise<Response> {
  try {
    return await platform.fetch(url, init);
  } catch (error) {
    throw new NetworkError(`${name} found nobody who answers${causeOf(error)}`, 'unreachable', { cause: error });
  }
}

function withQuery(url: string, query: RequestDescription['query'] = {}): string {
  const parameters = Object.entries(query).filter((pair): pair is [string, string] => pair[1] !== undefined);
  if (parameters.length === 0) return url;
  return `${url}?${parameters.map(([name, value]) => `${name}=${encodeURIComponent(value)}`).join('&')}`;
}

/** What the platform says of the failure: `fetch` hides the system's own word one level down. */
export function causeOf(error: unknown): string {
  const cause = error instanceof Error && isJsonObject(error.cause) ? error.cause : error;
  if (!isJsonObject(cause)) return '';
  const said = cause['code'] ?? cause['message'];
  return typeof said === 'string' && said !== '' ? ` (${said})` : '';
}
