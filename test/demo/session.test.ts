import { describe, expect, test } from 'vitest';
import type { Access } from '../../demo/server/access.ts';
import type { Answer, Request } from '../../demo/server/model.ts';
import { setUp } from './access-setup.ts';
import { request } from './request.ts';

async function logIn(access: Access, form: string, type = 'application/json'): Promise<Answer> {
  return await access.session(request('POST', '/_session', { 'content-type': type }, form));
}

/** The cookie that an answer sets. */
function cookieOf({ headers }: Answer): string {
  return /^AuthSession=[^;]+/.exec(String(headers['Set-Cookie']))?.[0] ?? '';
}

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
