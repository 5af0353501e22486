import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { firstValueFrom, take, toArray } from 'rxjs';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { couch } from '../../../src/couch/couch.ts';
import type { Database } from '../../../src/couch/database.ts';
import { deferred } from '../../support/deferred.ts';

/** A server whose changes feed never ends: as many rows as the socket takes, or none at all. */
let server: Server;
let database: Database;
let answer: (response: ServerResponse) => void;
let written = 0;
let closed: Promise<unknown>;
let opened: Promise<ServerResponse>;

beforeEach(async () => {
  written = 0;
  const { promise, resolve } = deferred<ServerResponse>();
  opened = promise;
  closed = opened.then((response) => once(response, 'close'));
  server = createServer((_request, response) => {
    resolve(response);
    answer(response);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  database = couch.db(`http://127.0.0.1:${(server.address() as AddressInfo).port}/endless`);
});
afterEach(async () => {
  server.closeAllConnections();
  server.close();
  await once(server, 'close');
});

const row = `{"seq":null,"id":"x","changes":[{"rev":"1-a"}],"doc":{"_id":"x","_rev":"1-a","text":"${'x'.repeat(1000)}"}},\n`;

function endless(response: ServerResponse): void {
  response.writeHead(200, { 'content-type': 'application/json' });
  response.write('{"results":[\n');
  const block = row.repeat(16);
  const more = (): void => {
    while (response.writable && !response.destroyed) {
      written += block.length;
      if (!response.write(block)) {
        response.once('drain', more);
        return;
      }
    }
  };
  more();
}

function silent(response: ServerResponse): void {
  response.writeHead(200, { 'content-type': 'application/json' });
  response.flushHeaders();
}

describe('A changes feed closes its socket', () => {
  test('when the loop over it is left', async () => {
    answer = endless;
    for await (const event of database.changes()) {
      expect(event.type).toBe('row');
      break;
    }
    await closed;
  });

  test('when its subscriber leaves while rows arrive', async () => {
    answer = endless;
    expect(await firstValueFrom(database.changes().pipe(take(3), toArray()))).toHaveLength(3);
    await closed;
  });

  test('when its subscriber leaves while nothing arrives', async () => {
    answer = silent;
    const subscription = database.changes().subscribe({ error: (error) => expect.unreachable(String(error)) });
    await opened;
    subscription.unsubscribe();
    await closed;
  });

  test('when its subscriber leaves before the head of the answer', async () => {
    answer = () => {};
    const subscription = database.changes().subscribe({ error: (error) => expect.unreachable(String(error)) });
    await opened;
    subscription.unsubscribe();
    await closed;
  });

  test('when the caller aborts', async () => {
    answer = silent;
    const controller = new AbortController();
    const reading = firstValueFrom(database.changes({ signal: controller.signal }));
    await opened;
    controller.abort(new Error('enough'));
    await expect(reading).rejects.toThrow('enough');
    await closed;
  });

  test('when the code in the loop throws', async () => {
    answer = endless;
    await expect(
      (async () => {
        for await (const _ of database.changes()) throw new Error('mine');
      })(),
    ).rejects.toThrow('mine');
    await closed;
  });
});

test('A loop over a feed that takes 10 ms a row holds the server back instead of growing', async () => {
  answer = endless;
  let rows = 0;
  let early = 0;
  for await (const _ of database.changes({ includeDocs: true })) {
    rows += 1;
    await new Promise((resolve) => setTimeout(resolve, 10));
    if (rows === 50) early = written;
    if (rows === 250) break;
  }
  // What is under way fits the buffers of sockets and streams, a few megabytes; 200 more rows are a fifth of one. Without
  // back-pressure the server writes hundreds of megabytes in these two seconds.
  expect(early).toBeLessThan(32 * 1024 * 1024);
  expect(written - early).toBeLessThan(2 * 1024 * 1024);
  await closed;
});
