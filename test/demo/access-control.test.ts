import { describe, expect, test } from 'vitest';
import type { Access, Identity } from '../../demo/server/access.ts';
import { createAccess } from '../../demo/server/access-control.ts';
import { type CorsConfig, defaultConfig, type ServerConfig } from '../../demo/server/config.ts';
import type { Answer, Request } from '../../demo/server/model.ts';
import { Refusal } from '../../demo/server/model.ts';
import { request } from './request.ts';

const ALICE = { authorization: `Basic ${btoa('alice:secret')}` };
const MEMBERS_ONLY = { admins: { names: ['ann'], roles: ['boss'] }, members: { names: ['alice'], roles: ['staff'] } };
const PUBLIC = { admins: { names: [], roles: [] }, members: { names: [], roles: [] } };

/** A server's access control, with a clock that can be set. */
function setUp(config: Partial<ServerConfig> = {}, admins: Record<string, string> = { admin: 'password' }) {
  const clock = { now: Date.UTC(2026, 10, 20, 16, 46, 48) };
  const full = { ...defaultConfig(), ...config };
  const access = createAccess({
    admins,
    users: { alice: { password: 'secret', roles: ['reader'] } },
    config: full,
    now: () => clock.now,
    newSecret: () => 'secret',
  });
  return { access, clock, config: full };
}

function outcome(act: () => unknown): unknown {
  try {
    return act();
  } catch (error) {
    if (error instanceof Refusal) return `${error.status} ${error.reason}`;
    throw error;
  }
}

async function logIn(access: Access, form: string, type = 'application/json'): Promise<Answer> {
  return await access.session(request('POST', '/_session', { 'content-type': type }, form));
}

/** The cookie that an answer sets. */
function cookieOf({ headers }: Answer): string {
  return /^AuthSession=[^;]+/.exec(String(headers['Set-Cookie']))?.[0] ?? '';
}

describe('authenticate', () => {
  const { access } = setUp();
  const get = (headers: Record<string, string>): Request => request('GET', '/db', headers);

  test.each<[string, Record<string, string>, unknown]>([
    ['nobody', {}, { name: null, roles: [] }],
    ['basic credentials', ALICE, { name: 'alice', roles: ['reader'], authenticated: 'default' }],
    [
      'an administrator',
      { authorization: `Basic ${btoa('admin:password')}` },
      { name: 'admin', roles: ['_admin'], authenticated: 'default' },
    ],
    ['a browser that logs out', { authorization: `Basic ${btoa('_:_')}` }, { name: null, roles: [] }],
    ['another scheme', { authorization: 'Bearer x' }, { name: null, roles: [] }],
    ['no colon', { authorization: `Basic ${btoa('alice')}` }, { name: null, roles: [] }],
    ['no base64', { authorization: 'Basic !' }, '400 Authorization header has invalid base64 value'],
    ['a wrong password', { authorization: `Basic ${btoa('alice:x')}` }, '401 Name or password is incorrect.'],
    ['an unknown user', { authorization: `Basic ${btoa('x:secret')}` }, '401 Name or password is incorrect.'],
    [
      'a cookie that is none',
      { ...ALICE, cookie: 'a=b; AuthSession=x' },
      '400 Malformed AuthSession cookie. Please clear your cookies.',
    ],
  ])('%s', (_, headers, expected) => {
    expect(outcome(() => access.authenticate(get(headers)))).toEqual(expected);
  });

  test('a password may contain colons and any character', () => {
    const other = createAccess({
      users: { zoé: { password: 'a:b:☃' } },
      config: defaultConfig(),
      now: () => 0,
      newSecret: () => '',
    });
    const authorization = `Basic ${Buffer.from('zoé:a:b:☃').toString('base64')}`;
    expect(other.authenticate(get({ authorization })).name).toBe('zoé');
  });

  test('without an administrator everybody is one', () => {
    expect(setUp({}, {}).access.authenticate(get({}))).toEqual({ name: null, roles: ['_admin'] });
  });

  test('requireValidUser keeps everybody out who does not say who they are, but lets them log in', () => {
    const { access: strict } = setUp({ requireValidUser: true });
    expect(outcome(() => strict.authenticate(get({})))).toBe('401 Authentication required.');
    expect(strict.authenticate(get(ALICE)).name).toBe('alice');
    expect(strict.authenticate(request('POST', '/_session')).name).toBeNull();
  });

  test('too many failures lock a user out from an address, until some time has passed without another', () => {
    const { access: guarded, clock } = setUp({ lockoutThreshold: 2 });
    const attempt = (password: string, remoteAddress = '127.0.0.1'): unknown => {
      const from = { ...get({ authorization: `Basic ${btoa(`alice:${password}`)}` }), remoteAddress };
      return outcome(() => guarded.authenticate(from).name);
    };
    const locked = '403 Account is temporarily locked due to multiple authentication failures';
    expect([attempt('a'), attempt('secret'), attempt('b'), attempt('secret')]).toEqual([
      '401 Name or password is incorrect.',
      'alice',
      '401 Name or password is incorrect.',
      locked,
    ]);
    expect(attempt('secret', '127.0.0.2')).toBe('alice');
    clock.now += 299_999;
    expect(attempt('secret')).toBe(locked);
    clock.now += 1;
    expect(attempt('secret')).toBe('alice');
  });
});

describe('sessions', () => {
  test.each([
    ['application/json', '{"name":"alice","password":"secret"}'],
    ['application/json; charset=utf-8', '{"username":"alice","password":"secret"}'],
    ['application/x-www-form-urlencoded', 'username=alice&name=alice&password=secret'],
  ])('begin with %s %s', async (type, form) => {
    const { access, clock } = setUp();
    const answer = await logIn(access, form, type);
    expect(answer.body).toBe('{"ok":true,"name":"alice","roles":["reader"]}\n');
    expect(answer.headers['Set-Cookie']).toMatch(
      /^AuthSession=[\w-]+; Version=1; Expires=Fri, 20-Nov-2026 16:56:48 GMT; Max-Age=600; Path=\/; HttpOnly$/,
    );
    clock.now += 59_000;
    const identity = { name: 'alice', roles: ['reader'], authenticated: 'cookie' };
    expect(access.authenticate(request('GET', '/', { cookie: cookieOf(answer) }))).toEqual(identity);
  });

  test.each([
    ['{"password":"secret"}', '400 request body must contain a username'],
    ['{"name":"alice","username":"bob","password":""}', '400 request body contains different usernames'],
    ['[]', '400 Request body must be a JSON object'],
  ])('do not begin with %s', async (form, expected) => {
    const { access } = setUp();
    await expect(logIn(access, form)).rejects.toThrow(expected.slice(4));
  });

  test('failures to log in count too', async () => {
    const { access } = setUp({ lockoutThreshold: 1 });
    expect((await logIn(access, '{"name":"nobody","password":""}')).status).toBe(401);
    await expect(logIn(access, '{"name":"nobody","password":""}')).rejects.toThrow('403');
  });

  test('are renewed with any answer after a tenth of their life, and end with it', async () => {
    const { access, clock } = setUp({ authTimeout: 10 });
    const cookie = cookieOf(await logIn(access, '{"name":"alice","password":"secret"}'));
    const ask = (): Request => {
      const asked = request('GET', '/', { cookie });
      asked.identity = access.authenticate(asked);
      return asked;
    };
    const plain: Answer = { status: 200, headers: {}, body: '' };
    clock.now += 1000;
    expect(access.dress(ask(), plain).headers).toEqual({});
    clock.now += 1000;
    const renewed = access.dress(ask(), plain);
    expect(cookieOf(renewed)).not.toBe(cookie);
    // Who logs in or out has a cookie of their own.
    const out = await access.session(request('DELETE', '/_session', { cookie }));
    expect(access.dress(ask(), out).headers['Set-Cookie']).toMatch(/^AuthSession=;/);
    clock.now += 8000;
    expect(ask().identity.name).toBeNull();
    expect(access.authenticate(request('GET', '/', { cookie: cookieOf(renewed) })).name).toBe('alice');
  });

  test('end when somebody changes the cookie', async () => {
    const { access } = setUp();
    const cookie = cookieOf(await logIn(access, '{"name":"alice","password":"secret"}'));
    const [user, time, ...signature] = Buffer.from(cookie.slice('AuthSession='.length), 'base64url')
      .toString('latin1')
      .split(':');
    const forge = (...parts: (string | undefined)[]): unknown => {
      const value = Buffer.from(parts.join(':'), 'latin1').toString('base64url');
      return access.authenticate(request('GET', '/', { cookie: `AuthSession=${value}` })).name;
    };
    expect(forge(user, time, ...signature)).toBe('alice');
    expect(forge('admin', time, ...signature)).toBeNull();
    expect(forge(user, 'FFFFFFFF', ...signature)).toBeNull();
    expect(forge(user, 'soon', ...signature)).toBeNull();
    expect(forge(user, time, 'x')).toBeNull();
    expect(forge('nobody', time, ...signature)).toBeNull();
  });

  test('GET with basic=true asks the unknown to log in; other methods are not known', async () => {
    const { access } = setUp();
    await expect(access.session(request('GET', '/_session?basic=true'))).rejects.toThrow(
      '401 unauthorized: Please login.',
    );
    await expect(access.session(request('PUT', '/_session'))).rejects.toThrow('405');
  });
});

describe('authorisation', () => {
  const { access } = setUp();
  const by = (identity: Partial<Identity>): Request => ({
    ...request('GET', '/db'),
    identity: { name: null, roles: [], ...identity },
  });

  test.each<[string, Partial<Identity>, unknown, unknown]>([
    ['nobody', {}, '401 You are not authorized to access this db.', '401 You are not a db or server admin.'],
    [
      'a stranger',
      { name: 'eve', roles: ['reader'] },
      '403 You are not allowed to access this db.',
      '403 You are not a db or server admin.',
    ],
    ['a member by name', { name: 'alice' }, undefined, '403 You are not a db or server admin.'],
    ['a member by role', { name: 'bob', roles: ['staff'] }, undefined, '403 You are not a db or server admin.'],
    ['an admin by name', { name: 'ann' }, undefined, undefined],
    ['an admin by role', { name: 'bob', roles: ['boss'] }, undefined, undefined],
    ['a server admin', { name: 'root', roles: ['_admin'] }, undefined, undefined],
  ])('%s', (_, identity, asMember, asAdmin) => {
    expect(outcome(() => access.requireMember(by(identity), MEMBERS_ONLY))).toBe(asMember);
    expect(outcome(() => access.requireDatabaseAdmin(by(identity), MEMBERS_ONLY))).toBe(asAdmin);
  });

  test('without members everybody is one', () => {
    expect(outcome(() => access.requireMember(by({}), PUBLIC))).toBeUndefined();
  });

  test('only server admins are server admins', () => {
    expect(outcome(() => access.requireServerAdmin(by({ name: 'ann' })))).toBe('401 You are not a server admin.');
    expect(outcome(() => access.requireServerAdmin(by({ roles: ['_admin'] })))).toBeUndefined();
  });
});

describe('dress', () => {
  const unauthorized: Answer = { status: 401, headers: {}, body: '{"error":"unauthorized","reason":"a b."}\n' };
  const host = { host: 'couch.example' };

  test.each<[string, Partial<ServerConfig>, Record<string, string>, Partial<Answer>]>([
    ['leaves programs alone', {}, { ...host, accept: 'application/json' }, { status: 401, headers: {} }],
    ['leaves alone who accepts anything', {}, host, { status: 401, headers: {} }],
    [
      'sends a browser to log in',
      {},
      { ...host, accept: 'text/html' },
      {
        status: 302,
        headers: { Location: 'http://couch.example/_utils/session.html?return=%2Fa%2Fb%20c&reason=a%20b.' },
      },
    ],
    [
      'asks for basic credentials where nobody may stay unknown',
      { requireValidUser: true },
      { ...host, accept: 'text/html' },
      { status: 401, headers: { 'WWW-Authenticate': 'Basic realm="server"' } },
    ],
    [
      'asks as the client wants to be asked',
      {},
      { ...host, 'x-couchdb-www-authenticate': 'Cookie' },
      { status: 401, headers: { 'WWW-Authenticate': 'Cookie' } },
    ],
  ])('%s', (_, config, headers, expected) => {
    expect(setUp(config).access.dress(request('GET', '/a/b%20c', headers), unauthorized)).toMatchObject(expected);
  });
});

describe('CORS', () => {
  const cors: CorsConfig = { origins: ['https://a.example'], credentials: false, headers: ['X-One'], methods: ['GET'] };
  const { access } = setUp({ cors });
  const preflight = (headers: Record<string, string>): Answer | undefined =>
    access.preflight(request('OPTIONS', '/db', { origin: 'https://a.example', ...headers }));

  test('allows what is configured', () => {
    expect(preflight({ 'access-control-request-method': 'GET', 'access-control-request-headers': 'x-one' })).toEqual({
      status: 204,
      headers: {
        'Access-Control-Allow-Origin': 'https://a.example',
        'Access-Control-Allow-Headers': 'x-one',
        'Access-Control-Allow-Methods': 'GET',
        'Access-Control-Max-Age': '600',
      },
      body: '',
    });
  });

  test.each<[string, Record<string, string>]>([
    ['another method', { 'access-control-request-method': 'PUT' }],
    ['another header', { 'access-control-request-method': 'GET', 'access-control-request-headers': 'X-One, X-Two' }],
    ['another origin', { 'access-control-request-method': 'GET', origin: 'https://b.example' }],
    ['no method', {}],
  ])('does not allow %s', (_, headers) => {
    expect(preflight(headers)).toBeUndefined();
  });

  test('shows answers to the pages of an allowed origin only', () => {
    const answer: Answer = { status: 200, headers: { ETag: '"a"', Pragma: 'no-cache' }, body: '' };
    const dressed = (origin: string, config: Partial<ServerConfig>): unknown =>
      setUp(config).access.dress(request('GET', '/', { origin }), answer).headers;
    expect(dressed('https://b.example', { cors })).toEqual(answer.headers);
    expect(dressed('https://a.example', {})).toEqual(answer.headers);
    expect(dressed('https://b.example', { cors: { ...cors, origins: ['*'], credentials: true } })).toEqual({
      ...answer.headers,
      'Access-Control-Allow-Credentials': 'true',
      'Access-Control-Allow-Origin': 'https://b.example',
      'Access-Control-Expose-Headers':
        'content-type, pragma, accept-ranges, etag, server, x-couch-request-id, x-couch-update-newrev, x-couchdb-body-time',
    });
  });
});
