import { filter, firstValueFrom } from 'rxjs';
import { afterEach, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { type CouchServer, startServer } from '../../demo/server/index.ts';
import { type Auth, type CouchOptions, couch } from '../../src/index.ts';
import { memoryKv } from '../../src/kv/memory.ts';
import type { PullOptions } from '../../src/pull/options.ts';
import { type Pull, pull } from '../../src/pull/pull.ts';
import type { PullState } from '../../src/pull/state.ts';
import { openReplica, type Replica } from '../../src/replica/replica.ts';
import { smallDocuments } from '../support/documents.ts';

let server: CouchServer;
let replica: Replica;
let running: Pull;
/** By the server's clock. */
let time: number;

beforeEach(async () => {
  time = 1_700_000_000_000;
  server = await startServer({
    admins: { reader: 'secret' },
    requireValidUser: true,
    platform: { now: () => time },
  });
  const revisions = { start: 2, ids: ['b', 'a'] };
  server
    .createDatabase('source')
    .load(smallDocuments(400).map(({ _id }) => ({ _id, _rev: '2-b', _revisions: revisions })));
  replica = await openReplica(memoryKv(), 'replica');
});
afterEach(async () => {
  await server.close();
});

const good = `Basic ${btoa('reader:secret')}`;

function start(auth: Auth, options: PullOptions = {}, connection: CouchOptions = {}): Pull {
  running = pull(couch.db(`${server.url}/source`, { auth, ...connection }), replica, options);
  onTestFinished(() => running.stop());
  return running;
}

async function until(state: PullState): Promise<void> {
  await firstValueFrom(running.status$.pipe(filter((status) => status.state === state)));
}

/** Lets everything run that waits for no clock. */
async function quiet(): Promise<void> {
  for (let turn = 0; turn < 200; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}

describe('Credentials that expire in the middle of a pull', () => {
  /** Tokens as a gateway takes them: `fetch` turns the one that is good into what the server knows. */
  function gateway(isGood: (token: string | null) => boolean): typeof fetch {
    return (input, init) => {
      const headers = new Headers(init?.headers);
      headers.set('authorization', isGood(headers.get('authorization')) ? good : '-');
      return fetch(input, { ...init, headers });
    };
  }

  test('are renewed once for all requests, and no batch is lost', async () => {
    let token = 1;
    let valid = 1;
    const renewals: (string | null)[] = [];
    const auth = async (refused?: Headers) => {
      if (refused !== undefined) {
        renewals.push(refused.get('authorization'));
        await quiet();
        token = valid;
      }
      return { authorization: `Bearer ${token}` };
    };
    const throughGateway = gateway((sent) => sent === `Bearer ${valid}`);
    start(auth, { batchSize: 20 }, { fetch: throughGateway });
    let batches = 0;
    running.events$.subscribe(({ type }) => {
      if (type !== 'batch') return;
      batches += 1;
      if (batches === 3 || batches === 14) valid += 1;
    });
    expect(await running.done).toMatchObject({ docsRead: 400, docsWritten: 400, docsFailed: 0 });
    expect(renewals).toEqual(['Bearer 1', 'Bearer 2']);
  });

  test('are not renewed again for a request that learns late of it', async () => {
    let valid = 1;
    let renewals = 0;
    const auth = (refused?: Headers) => {
      if (refused !== undefined) renewals += 1;
      if (refused !== undefined) valid = 2;
      return { authorization: `Bearer ${valid}` };
    };
    const throughGateway = gateway((sent) => sent === 'Bearer 2');
    let asked = 0;
    const database = couch.db(`${server.url}/source`, {
      auth,
      fetch: async (input, init) => {
        asked += 1;
        const isLate = asked === 2;
        const answer = await throughGateway(input, init);
        if (isLate) await early;
        return answer;
      },
    });
    const early = database.info();
    await Promise.all([early, database.info()]);
    expect([renewals, asked]).toEqual([1, 4]);
  });

  test.each(['oneshot', 'continuous'] as const)('and are not renewed end it after one request, %s', async (mode) => {
    const auth = () => ({ authorization: 'Bearer expired' });
    start(auth, { mode }, { fetch: gateway(() => false) });
    if (mode === 'oneshot') await expect(running.done).rejects.toMatchObject({ name: 'CouchError', status: 401 });
    else await until('auth-required');
    await quiet();
    expect(running.status()).toMatchObject({ requests: 1, error: { status: 401 } });
  });

  test('are asked for, and the pull goes on with them where it was', async () => {
    let token = 'first';
    let valid = 'first';
    const auth = () => ({ authorization: token });
    start(auth, { mode: 'continuous', batchSize: 20 }, { fetch: gateway((sent) => sent === valid) });
    running.events$.subscribe(({ type }) => {
      if (type === 'batch' && running.status().docsWritten === 60) valid = 'second';
    });
    await until('auth-required');
    const { docsWritten } = running.status();
    expect(docsWritten).toBeGreaterThanOrEqual(60);
    const { requests } = running.status();
    running.resume();
    await firstValueFrom(running.status$.pipe(filter((status) => status.requests > requests)));
    await until('auth-required');
    expect(running.status().requests).toBe(requests + 1);
    token = 'second';
    running.resume();
    expect(running.status().error).toBeUndefined();
    await running.caughtUp;
    expect(running.status()).toMatchObject({ docsWritten: 400, docsFailed: 0 });
    expect((await replica.info()).docCount).toBe(400);
  });
});

describe.each([
  ['name and password', (password: string): Auth => ({ username: 'reader', password })],
  ['a session', (password: string): Auth => ({ session: { username: 'reader', password } })],
])('An account that is locked after failed logins, with %s,', (_how, authOf) => {
  /** Fails as often as it takes. */
  async function lock(): Promise<void> {
    for (let failure = 0; failure < server.config.lockoutThreshold; failure += 1) {
      const authorization = `Basic ${btoa('reader:wrong')}`;
      expect((await fetch(`${server.url}/source`, { headers: { authorization } })).status).toBe(401);
    }
    server.requests.reset();
  }

  const locked = {
    name: 'CouchError',
    status: 403,
    message: expect.stringMatching(/Account is temporarily locked .*; try again in some minutes/),
  };

  test('fails a pull with one request', async () => {
    await lock();
    await expect(start(authOf('secret')).done).rejects.toMatchObject(locked);
    expect(server.requests.total).toBe(1);
  });

  test('is left alone by a continuous pull until it is told to go on', async () => {
    await lock();
    start(authOf('secret'), { mode: 'continuous' });
    for (let tries = 1; tries <= 2; tries += 1) {
      await until('auth-required');
      await quiet();
      expect(running.status()).toMatchObject({ state: 'auth-required', error: locked });
      expect(server.requests.total).toBe(tries);
      if (tries === 2) time += 3_600_000;
      running.resume();
    }
    await running.caughtUp;
    expect((await replica.info()).docCount).toBe(400);
  });

  test('is not locked by a pull with a wrong password', async () => {
    start(authOf('wrong'), { mode: 'continuous' });
    await until('auth-required');
    await quiet();
    expect(server.requests.total).toBe(1);
    expect((await fetch(`${server.url}/source`, { headers: { authorization: good } })).status).toBe(200);
  });
});
