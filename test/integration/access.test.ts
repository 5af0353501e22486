import { randomUUID } from 'node:crypto';
import { filter, firstValueFrom } from 'rxjs';
import { describe, expect, test } from 'vitest';
import { couch } from '../../src/couch/couch.ts';
import type { Auth } from '../../src/couch/request/auth.ts';
import { pull } from '../../src/pull/pull.ts';
import { smallDocuments } from '../support/documents.ts';
import { prepareGround } from './ground.ts';
import { integrationServers } from './servers.ts';

const protectedServers = integrationServers.filter(([, , { hasAccounts }]) => hasAccounts);

describe.each(protectedServers)('To a database of %s that is not for everybody,', (_name, open) => {
  const ground = prepareGround(open);

  /** Closes the database, also where new ones are open to everybody, and tells who may read it. */
  async function protect() {
    const { source } = ground;
    await source.replicate(smallDocuments(3));
    const administrators = { names: [], roles: ['_admin'] };
    const closed = await source.send('PUT', '/_security', { admins: administrators, members: administrators });
    expect(closed.status).toBe(200);
    const url = new URL(source.url);
    const credentials = { username: decodeURIComponent(url.username), password: decodeURIComponent(url.password) };
    url.username = '';
    url.password = '';
    return { url: url.href, credentials };
  }

  /** Pulls, and notes what was asked with which headers. */
  function pullAs(url: string, auth: Auth | undefined) {
    const asked: { readonly request: string; readonly headers: Headers }[] = [];
    const source = couch.db(url, {
      ...(auth === undefined ? {} : { auth }),
      fetch: (to, init) => {
        asked.push({ request: `${init.method ?? 'GET'} ${new URL(to).pathname}`, headers: new Headers(init.headers) });
        return fetch(to, init);
      },
    });
    return { running: pull(source, ground.replica), asked };
  }

  test('name and password give access', async () => {
    const { url, credentials } = await protect();
    const { running, asked } = pullAs(url, credentials);
    expect(await running.done).toMatchObject({ docsWritten: 3 });
    expect(asked.every(({ headers }) => headers.get('authorization')?.startsWith('Basic '))).toBe(true);
  });

  test('a session does, whose name and password are sent once', async () => {
    const { url, credentials } = await protect();
    const { running, asked } = pullAs(url, { session: credentials });
    expect(await running.done).toMatchObject({ docsWritten: 3 });
    const [login, ...others] = asked;
    expect(login?.request).toMatch(/^POST .*\/_session$/);
    expect(others.length).toBeGreaterThan(0);
    for (const { request, headers } of others) {
      expect(request).not.toContain('_session');
      expect(headers.get('authorization')).toBeNull();
      expect(headers.get('cookie')).toMatch(/^AuthSession=/);
    }
  });

  test('nobody else has any, and is told at the first request', async () => {
    const { url } = await protect();
    const stranger = { username: `couchtide-test-${randomUUID()}`, password: 'wrong' };
    for (const auth of [undefined, stranger]) {
      const { running, asked } = pullAs(url, auth);
      await expect(running.done).rejects.toMatchObject({ name: 'CouchError', status: 401 });
      expect(asked).toHaveLength(1);
    }
    const { running, asked } = pullAs(url, { session: stranger });
    await expect(running.done).rejects.toMatchObject({ name: 'CouchError', status: 401 });
    expect(asked.map(({ request }) => request)).toEqual([expect.stringMatching(/_session$/)]);
    expect(await ground.replica.info()).toMatchObject({ docCount: 0 });
  });

  test('a live pull waits for good credentials, and goes on with them', async () => {
    const { url, credentials } = await protect();
    const right = `Basic ${Buffer.from(`${credentials.username}:${credentials.password}`).toString('base64')}`;
    let authorization: string | undefined;
    const source = couch.db(url, { auth: () => (authorization === undefined ? {} : { authorization }) });
    const running = pull(source, ground.replica, { mode: 'continuous' });
    try {
      await firstValueFrom(running.status$.pipe(filter(({ state }) => state === 'auth-required')));
      authorization = right;
      running.resume();
      await running.caughtUp;
      expect(await ground.replica.info()).toMatchObject({ docCount: 3 });
    } finally {
      await running.stop();
    }
  });
});
