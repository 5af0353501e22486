/**
 * `/_session`: who am I, log in, log out.
 *
 * @see https://docs.couchdb.org/en/stable/api/server/authn.html#api-auth-cookie
 *
 * @module
 */

import { jsonAnswer, okAnswer } from './answers.ts';
import type { AuthenticationState } from './authentication.ts';
import { isObject, quoteJson } from './json.ts';
import { parseJsonBytes } from './json-parse.ts';
import { type Answer, Refusal, type Request } from './model.ts';
import { badRequest } from './refusals.ts';

/** The answer to any request to `/_session`. */
export async function sessionAnswer(request: Request, state: AuthenticationState): Promise<Answer> {
  switch (request.method) {
    case 'GET':
      return describe(request);
    case 'POST':
      return await logIn(request, state);
    case 'DELETE':
      return okAnswer(200, { 'Set-Cookie': state.cookies.clear() });
    default: {
      const methods = 'GET,HEAD,POST,DELETE';
      throw new Refusal(405, 'method_not_allowed', `Only ${methods} allowed`, { Allow: methods });
    }
  }
}

function describe({ identity, query }: Request): Answer {
  const { name, roles, authenticated } = identity;
  if (name === null && query.get('basic') === 'true') throw new Refusal(401, 'unauthorized', 'Please login.');
  const info = { authentication_handlers: ['cookie', 'default'], authenticated };
  return jsonAnswer(JSON.stringify({ ok: true, userCtx: { name, roles }, info }));
}

async function logIn(request: Request, { accounts, cookies }: AuthenticationState): Promise<Answer> {
  const { name, password } = readCredentials(await readForm(request));
  const account = accounts.check(name, password, request.remoteAddress);
  if (account === undefined) {
    const refused = '{"error":"unauthorized","reason":"Name or password is incorrect."}';
    return jsonAnswer(refused, 401, { 'Set-Cookie': cookies.clear() });
  }
  const body = `{"ok":true,"name":${quoteJson(account.name)},"roles":${JSON.stringify(account.roles)}}`;
  return jsonAnswer(body, 200, { 'Set-Cookie': cookies.issue(account) });
}

async function readForm(request: Request): Promise<ReadonlyMap<string, string>> {
  const contentType = request.headers.get('content-type') ?? '';
  const body = await request.body();
  if (contentType.startsWith('application/x-www-form-urlencoded')) {
    return new Map(new URLSearchParams(new TextDecoder().decode(body)));
  }
  if (!contentType.startsWith('application/json')) {
    const types = "'application/x-www-form-urlencoded' or 'application/json'";
    throw new Refusal(415, 'bad_content_type', `Content-Type must be ${types}`);
  }
  const form = new Map<string, string>();
  const value = parseJsonBytes(body);
  if (!isObject(value)) throw badRequest('Request body must be a JSON object');
  for (const [name, member] of value) if (typeof member === 'string') form.set(name, member);
  return form;
}

function readCredentials(form: ReadonlyMap<string, string>): { name: string; password: string } {
  const name = form.get('username') ?? form.get('name');
  if (name === undefined) throw badRequest('request body must contain a username');
  if (name !== (form.get('name') ?? name)) throw badRequest('request body contains different usernames');
  return { name, password: form.get('password') ?? '' };
}
