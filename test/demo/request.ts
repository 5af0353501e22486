import { ANONYMOUS } from '../../demo/server/identity.ts';
import type { Request } from '../../demo/server/model.ts';
import { decodePath, parseQuery } from '../../demo/server/url.ts';

/** A request that no socket brought. Header names in lower case. */
export function request(
  method: string,
  target: string,
  headers: Readonly<Record<string, string>> = {},
  body = '',
): Request {
  const [rawPath = '', query = ''] = target.split('?');
  const bytes = Buffer.from(body);
  return {
    method,
    rawPath,
    path: decodePath(rawPath),
    query: parseQuery(query),
    headers: { get: (name) => headers[name] },
    remoteAddress: '127.0.0.1',
    signal: new AbortController().signal,
    identity: ANONYMOUS,
    body: () => Promise.resolve(bytes),
    rawBody: () => Promise.resolve(bytes),
  };
}
