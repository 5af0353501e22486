import { acceptsType } from './accept.ts';
import type { Access } from './access.ts';
import { type AccountSettings, Accounts } from './accounts.ts';
import {
  type AuthenticationState,
  authenticate,
  requireDatabaseAdmin,
  requireMember,
  requireServerAdmin,
} from './authentication.ts';
import type { ServerConfig } from './config.ts';
import { corsHeaders, preflightAnswer } from './cors.ts';
import type { Answer, AnswerHeaders, Request } from './model.ts';
import { sessionAnswer } from './session.ts';
import { SessionCookies } from './session-cookie.ts';

/** What access control needs of the server. */
export interface AccessSettings extends AccountSettings {
  /** Read anew for every request. */
  readonly config: ServerConfig;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Makes a text that nobody can guess. */
  readonly newSecret: () => string;
}

/** Where a browser is sent to log in. */
const LOGIN_PAGE = '/_utils/session.html';

/**
 * Accounts, sessions and CORS of one server.
 *
 * @example
 * ```ts
 * const access = createAccess({ admins: { admin: 'password' }, config: defaultConfig(), now: Date.now, newSecret });
 * ```
 */
export function createAccess({ config, now, newSecret, ...settings }: AccessSettings): Access {
  const accounts = new Accounts(settings, { threshold: () => config.lockoutThreshold, now }, newSecret);
  const state: AuthenticationState = {
    accounts,
    cookies: new SessionCookies(accounts, newSecret(), () => config.authTimeout, now),
    requireValidUser: () => config.requireValidUser,
  };
  return {
    authenticate: (request) => authenticate(request, state),
    session: (request) => sessionAnswer(request, state),
    preflight: (request) => preflightAnswer(request, config.cors),
    dress: (request, answer) => dress(request, answer, config),
    requireServerAdmin: ({ identity }) => requireServerAdmin(identity),
    requireDatabaseAdmin: ({ identity }, security) => requireDatabaseAdmin(identity, security),
    requireMember: ({ identity }, security) => requireMember(identity, security),
  };
}

function dress(request: Request, answer: Answer, config: ServerConfig): Answer {
  const { setCookie } = request.identity;
  const asked = answer.status === 401 && !('Set-Cookie' in answer.headers) ? askWho(request, answer, config) : answer;
  const headers: AnswerHeaders =
    setCookie === undefined ? asked.headers : { 'Set-Cookie': setCookie, ...asked.headers };
  return { ...asked, headers: { ...headers, ...corsHeaders(request, config.cors, headers) } };
}

/** How a refusal for want of credentials is told: a browser is sent to the page where one logs in. */
function askWho(request: Request, answer: Answer, { requireValidUser }: ServerConfig): Answer {
  const asked = request.headers.get('x-couchdb-www-authenticate');
  const scheme = asked ?? (requireValidUser ? 'Basic realm="server"' : undefined);
  if (scheme !== undefined) return { ...answer, headers: { ...answer.headers, 'WWW-Authenticate': scheme } };
  const accept = request.headers.get('accept');
  if (acceptsType(accept, 'application/json') || !acceptsType(accept, 'text/html')) return answer;
  const back = encodeURIComponent(`/${request.path.join('/')}`);
  const location = `http://${request.headers.get('host')}${LOGIN_PAGE}?return=${back}&reason=${reasonOf(answer)}`;
  return { ...answer, status: 302, headers: { ...answer.headers, Location: location } };
}

/** The reason of an error, for a URL. */
function reasonOf({ body }: Answer): string {
  const error: unknown = typeof body === 'string' ? JSON.parse(body) : undefined;
  const isError = typeof error === 'object' && error !== null && 'reason' in error;
  return isError ? encodeURIComponent(String(error.reason)) : '';
}
