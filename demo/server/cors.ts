/**
 * Cross-origin requests.
 *
 * @see https://docs.couchdb.org/en/stable/config/http.html#cross-origin-resource-sharing
 *
 * @module
 */

import type { CorsConfig } from './config.ts';
import type { Answer, AnswerHeaders, Request } from './model.ts';

/** How long a client may remember the answer to a preflight, in seconds. */
const MAX_AGE = '600';

/** What scripts may always read of an answer, but only when the answer has it. */
const SIMPLE_HEADERS = ['cache-control', 'content-language', 'expires', 'last-modified', 'pragma'];

const COUCH_HEADERS = [
  'accept-ranges',
  'etag',
  'server',
  'x-couch-request-id',
  'x-couch-update-newrev',
  'x-couchdb-body-time',
];

/** The answer to a preflight that asks for what is allowed; `undefined` for any other request. */
export function preflightAnswer(request: Request, config: CorsConfig | undefined): Answer | undefined {
  const allowed = request.method === 'OPTIONS' ? allowOrigin(request, config) : undefined;
  const method = request.headers.get('access-control-request-method');
  if (config === undefined || allowed === undefined || method === undefined) return undefined;
  const asked = request.headers.get('access-control-request-headers') ?? '';
  const names = asked.split(/,\s*/).filter((name) => name !== '');
  const known = new Set(config.headers.map((name) => name.toLowerCase()));
  if (!config.methods.includes(method) || !names.every((name) => known.has(name.toLowerCase()))) return undefined;
  const headers = {
    ...allowed,
    'Access-Control-Allow-Headers': asked,
    'Access-Control-Allow-Methods': config.methods.join(', '),
    'Access-Control-Max-Age': MAX_AGE,
  };
  return { status: 204, headers, body: '' };
}

/** What is added to the headers of an answer so that a page of the request's origin may read it. */
export function corsHeaders(request: Request, config: CorsConfig | undefined, headers: AnswerHeaders): AnswerHeaders {
  const allowed = allowOrigin(request, config);
  if (allowed === undefined) return {};
  const simple = Object.keys(headers)
    .map((name) => name.toLowerCase())
    .filter((name) => SIMPLE_HEADERS.includes(name));
  return { ...allowed, 'Access-Control-Expose-Headers': ['content-type', ...simple, ...COUCH_HEADERS].join(', ') };
}

/** The headers that let the request's origin in; `undefined` when it is not let in, or none is named. */
function allowOrigin(request: Request, config: CorsConfig | undefined): AnswerHeaders | undefined {
  const origin = request.headers.get('origin');
  if (config === undefined || origin === undefined) return undefined;
  if (!config.origins.includes('*') && !config.origins.includes(origin)) return undefined;
  return {
    ...(config.credentials && { 'Access-Control-Allow-Credentials': 'true' }),
    'Access-Control-Allow-Origin': origin,
  };
}
