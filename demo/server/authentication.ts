/**
 * Who a request comes from, by cookie or basic credentials, and what that allows.
 *
 * @see https://docs.couchdb.org/en/stable/api/server/authn.html
 *
 * @module
 */

import type { Accounts } from './accounts.ts';
import { decodeBase64 } from './base64.ts';
import { ANONYMOUS, type Identity } from './identity.ts';
import { Refusal, type Request } from './model.ts';
import { badRequest } from './refusals.ts';
import type { Security, SecurityGroup } from './security.ts';
import type { SessionCookies } from './session-cookie.ts';

/** What authentication rests upon. */
export interface AuthenticationState {
  readonly accounts: Accounts;
  readonly cookies: SessionCookies;
  /** Whether nobody gets in without credentials. */
  readonly requireValidUser: () => boolean;
}

/**
 * Who sends a request. A cookie counts before basic credentials; any other scheme is as good as none.
 *
 * @throws Refusal for credentials that are malformed (400), wrong (401) or locked out (403)
 */
export function authenticate(request: Request, state: AuthenticationState): Identity {
  const { accounts, cookies } = state;
  const session = cookies.read(request.headers.get('cookie'));
  if (session !== undefined) {
    const { account, due } = session;
    const identity = { name: account.name, roles: account.roles, authenticated: 'cookie' };
    return due ? { ...identity, setCookie: cookies.issue(account) } : identity;
  }
  const basic = readBasic(request.headers.get('authorization'));
  if (basic !== undefined) {
    const { name, password } = basic;
    const account = accounts.find(name) && accounts.check(name, password, request.remoteAddress);
    if (account === undefined) throw new Refusal(401, 'unauthorized', 'Name or password is incorrect.');
    return { name: account.name, roles: account.roles, authenticated: 'default' };
  }
  if (state.requireValidUser() && !isLogin(request)) {
    throw new Refusal(401, 'unauthorized', 'Authentication required.');
  }
  return accounts.hasAdmins ? ANONYMOUS : { ...ANONYMOUS, roles: ['_admin'] };
}

/**
 * @throws Refusal unless the identity is an administrator of the server
 */
export function requireServerAdmin({ roles }: Identity): void {
  if (!roles.includes('_admin')) throw new Refusal(401, 'unauthorized', 'You are not a server admin.');
}

/**
 * @throws Refusal unless the identity is an administrator of the database or of the server
 */
export function requireDatabaseAdmin(identity: Identity, { admins }: Security): void {
  if (!isIn(identity, admins)) throw securityRefusal(identity, 'You are not a db or server admin.');
}

/**
 * @throws Refusal unless the identity may read the database
 */
export function requireMember(identity: Identity, { admins, members }: Security): void {
  const isPublic = members.names.length === 0 && members.roles.length === 0;
  if (isPublic || isIn(identity, admins) || isIn(identity, members)) return;
  const not = identity.name === null ? 'authorized' : 'allowed';
  throw securityRefusal(identity, `You are not ${not} to access this db.`);
}

function isLogin({ method, path }: Request): boolean {
  return method === 'POST' && path.length === 1 && path[0] === '_session';
}

/** The name and the password; nothing for any other scheme, and for `_:_`, by which browsers log out. */
function readBasic(header: string | undefined): { name: string; password: string } | undefined {
  if (header === undefined || !header.startsWith('Basic ')) return undefined;
  const bytes = decodeBase64(header.slice('Basic '.length).trim());
  if (bytes === undefined) throw badRequest('Authorization header has invalid base64 value');
  const credentials = new TextDecoder().decode(bytes);
  const colon = credentials.indexOf(':');
  if (colon < 0 || credentials === '_:_') return undefined;
  return { name: credentials.slice(0, colon), password: credentials.slice(colon + 1) };
}

function isIn({ name, roles }: Identity, group: SecurityGroup): boolean {
  if (roles.some((role) => role === '_admin' || group.roles.includes(role))) return true;
  return name !== null && group.names.includes(name);
}

/** Somebody unknown is asked to say who it is, somebody known is sent away. */
function securityRefusal({ name }: Identity, reason: string): Refusal {
  return name === null ? new Refusal(401, 'unauthorized', reason) : new Refusal(403, 'forbidden', reason);
}
