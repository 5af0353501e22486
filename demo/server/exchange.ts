import type { Database } from './database.ts';
import { isObject, type JsonObject, type JsonValue } from './json.ts';
import { parseJsonBytes } from './json-parse.ts';
import { type Answer, Refusal, type Request } from './model.ts';
import { badRequest } from './refusals.ts';
import type { ServerState } from './state.ts';

/** A request on its way through the server. */
export interface Exchange {
  readonly request: Request;
  readonly state: ServerState;
}

/** A request to a database. */
export interface DatabaseExchange extends Exchange {
  readonly database: Database;
}

/** What answers one method of an endpoint. */
export type Handler<E extends Exchange> = (exchange: E) => Answer | Promise<Answer>;

/** An endpoint: what it does for each method, and what it tells those who try another. */
export interface Endpoint<E extends Exchange> {
  /** As in the header `Allow`. */
  readonly allow: string;
  readonly methods: Readonly<Partial<Record<string, Handler<E>>>>;
}

/**
 * Lets an endpoint answer.
 *
 * @throws Refusal 405 for a method it does not know
 */
export function serve<E extends Exchange>(endpoint: Endpoint<E>, exchange: E): Answer | Promise<Answer> {
  const handler = endpoint.methods[exchange.request.method];
  if (handler !== undefined) return handler(exchange);
  const { allow } = endpoint;
  throw new Refusal(405, 'method_not_allowed', `Only ${allow} allowed`, { Allow: allow });
}

/**
 * The JSON body of a request that says it is JSON.
 *
 * @throws Refusal 415 without the content type, 400 for anything but JSON
 */
export async function readJson(request: Request): Promise<JsonValue> {
  requireJson(request);
  return parseJsonBytes(await request.body());
}

/**
 * The JSON body of a request, an object.
 *
 * @throws Refusal 415 without the content type, 400 for anything but a JSON object
 */
export async function readJsonObject(request: Request): Promise<JsonObject> {
  const value = await readJson(request);
  if (!isObject(value)) throw badRequest('Request body must be a JSON object');
  return value;
}

/**
 * @throws Refusal 415 unless a request says that it carries JSON
 */
export function requireJson({ headers }: Request): void {
  const [type = ''] = (headers.get('content-type') ?? '').split(';');
  if (type.trim().toLowerCase() === 'application/json') return;
  throw new Refusal(415, 'bad_content_type', 'Content-Type must be application/json');
}
