import { refusalAnswer } from './answers.ts';
import { databaseEndpoint, withDatabase } from './endpoints/database.ts';
import { databaseRoute } from './endpoints/database-routes.ts';
import { serverRoute } from './endpoints/server-routes.ts';
import { type Exchange, serve } from './exchange.ts';
import { JsonSyntaxError } from './json-parse.ts';
import { type Answer, Refusal, type Request } from './model.ts';
import { badRequest } from './refusals.ts';
import type { ServerState } from './state.ts';

/** Answers a request: who sends it, whether they may, what they want. */
export async function respond(state: ServerState, request: Request): Promise<Answer> {
  const { access } = state;
  const preflight = access.preflight(request);
  if (preflight !== undefined) return preflight;
  let answer: Answer;
  try {
    if (BROKEN_ESCAPE.test(request.rawPath)) throw badRequest('invalid_url_encoding');
    request.identity = access.authenticate(request);
    answer = await route({ state, request });
  } catch (error) {
    answer = refusalAnswer(toRefusal(error, state, request));
  }
  return access.dress(request, answer);
}

const BROKEN_ESCAPE = /%(?![0-9a-f]{2})/i;

function route(exchange: Exchange): Answer | Promise<Answer> {
  const { request } = exchange;
  const [first = '', ...rest] = request.path;
  const endpoint = serverRoute(first, exchange);
  if (endpoint !== undefined) return serve(endpoint, exchange);
  if (rest.length === 0) return databaseEndpoint(exchange, first);
  if (rest[0]?.startsWith('_design/') && request.method === 'GET') return redirectToDesign(request);
  return withDatabase(exchange, first, (inDatabase) => serve(databaseRoute(rest), inDatabase));
}

/** The slash of a design document's id need not be encoded, and CouchDB wants it so. */
function redirectToDesign({ headers, rawPath }: Request): Answer {
  const location = `http://${headers.get('host')}${rawPath.replace(/_design%2F/i, '_design/')}`;
  return { status: 301, headers: { Location: location }, body: '' };
}

function toRefusal(error: unknown, { onError }: ServerState, { signal }: Request): Refusal {
  if (error instanceof Refusal) return error;
  if (error instanceof JsonSyntaxError) return badRequest('invalid UTF-8 JSON');
  if (!signal.aborted) onError(error);
  return new Refusal(500, 'unknown_error', error instanceof Error ? error.message : String(error));
}
