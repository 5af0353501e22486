import { describe, expect, test } from 'vitest';
import { createAccess } from '../../demo/server/access-control.ts';
import { defaultConfig, type ServerConfig } from '../../demo/server/config.ts';
import type { Identity } from '../../demo/server/identity.ts';
import type { Answer, Request } from '../../demo/server/model.ts';
import { Refusal } from '../../demo/server/model.ts';
import { setUp } from './access-setup.ts';
import { request } from './request.ts';

const ALICE = { authorization: `Basic ${btoa('alice:secret')}` };
const MEMBERS_ONLY = { admins: { names: ['ann'], roles: ['boss'] }, members: { names: ['alice'], roles: ['staff'] } };
const PUBLIC = { admins: { names: [], roles: [] }, members: { names: [], roles: [] } };

function outcome(act: () => unknown): unknown {
  try {
    return act();
  } catch (error) {
    if (error instanceof Refusal) return `${error.status} ${error.reason}`;
    throw error;
  }
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
