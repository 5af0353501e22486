import { once } from 'node:events';
import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type CouchServer, startServer } from '../../demo/server/index.ts';
import { couch } from '../../src/couch/couch.ts';
import { list } from '../../src/kv/list.ts';
import { memoryKv } from '../../src/kv/memory.ts';
import type { PullOptions } from '../../src/pull/options.ts';
import { pull } from '../../src/pull/pull.ts';
import { openReplica, type Replica } from '../../src/replica/replica.ts';
import { generations, smallDocuments } from '../support/documents.ts';
import { expectFaithful } from '../support/faithful.ts';
import { createDatabase, type SourceDatabase } from '../support/source-database.ts';

/** What a proxy does to what passes it. */
interface Habits {
  /** Below which path of its own it shows the server. */
  readonly base?: string;
  /** Headers of requests that it leaves out. */
  readonly strips?: readonly string[];
  /** What it writes before every body. */
  readonly prefix?: string;
  /** Headers of answers that it leaves out. */
  readonly hides?: readonly string[];
}

let server: CouchServer;
let proxy: Server;
let source: SourceDatabase;
let replica: Replica;

beforeEach(async () => {
  server = await startServer({ admins: { 'us%er': 'p:a@ss/€é%' } });
  source = await createDatabase(server.url.replace('://', `://${encodeURIComponent('us%er')}:${password}@`));
  replica = await openReplica(memoryKv(), source.name);
});
afterEach(async () => {
  proxy?.closeAllConnections();
  proxy?.close();
  await server.close();
});

const password = encodeURIComponent('p:a@ss/€é%');

/** A proxy before the server; header names arrive and leave in lower case, as HTTP/2 has them. */
async function startProxy({ base = '', strips = [], prefix = '', hides = [] }: Habits): Promise<string> {
  proxy = createServer((incoming, outgoing) => {
    const path = incoming.url ?? '';
    if (!path.startsWith(`${base}/`)) outgoing.writeHead(404).end('<html>Nothing here</html>');
    else pass(incoming, outgoing, path.slice(base.length));
  });
  const pass = (incoming: IncomingMessage, outgoing: ServerResponse, path: string): void => {
    const headers = Object.fromEntries(Object.entries(incoming.headers).filter(([name]) => !strips.includes(name)));
    const forwarded = request(`${server.url}${path}`, { method: incoming.method, headers }, (answer) => {
      const shown = Object.entries(answer.headers).filter(
        ([name]) => !hides.includes(name) && !/^(content-length|transfer-encoding|connection)$/.test(name),
      );
      outgoing.writeHead(answer.statusCode ?? 502, Object.fromEntries(shown));
      outgoing.write(prefix);
      answer.pipe(outgoing);
    });
    forwarded.on('error', () => outgoing.destroy());
    outgoing.on('close', () => forwarded.destroy());
    incoming.pipe(forwarded);
  };
  proxy.listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  return `http://127.0.0.1:${(proxy.address() as AddressInfo).port}${base}`;
}

const habits: [string, Habits][] = [
  ['shows the server below a path of its own', { base: '/a/couch' }],
  ['leaves out what answers are accepted', { strips: ['accept', 'accept-encoding'] }],
  ['writes a byte order mark before every body', { prefix: '\ufeff' }],
  ['writes line breaks before every body', { prefix: '\r\n\r\n' }],
  ['tells of no type of content, and no server', { hides: ['content-type', 'server'] }],
];

describe.each(habits)('Through a proxy that %s', (_how, habit) => {
  test.each([
    ['to the end', {}],
    ['live', { mode: 'continuous' }],
  ] as [string, PullOptions][])('a pull %s brings everything', async (_mode, options) => {
    await source.replicate([...generations, ...smallDocuments(50)]);
    const url = (await startProxy(habit)).replace('://', `://${encodeURIComponent('us%er')}:${password}@`);
    const running = pull(couch.db(`${url}/${source.name}`), replica, options);
    await running.caughtUp;
    await source.put({ _id: 'later', v: 1 });
    if (options.mode === 'continuous') await running.inSync();
    else await pull(couch.db(`${url}/${source.name}`), replica, options).done;
    await running.stop();
    expect(running.status().docsFailed).toBe(0);
    await expectFaithful(replica, source);
  });
});

test('What a pull is authorised with is nowhere in what it stores, says and reports', async () => {
  await source.replicate([...generations, ...smallDocuments(5)]);
  const kv = memoryKv();
  replica = await openReplica(kv, source.name);
  const said: unknown[] = [];
  const url = source.url;
  for (const path of ['', '-no-such']) {
    const running = pull(couch.db(`${url}${path}`), replica, { retry: { attempts: 1 } });
    running.events$.subscribe((event) => said.push(event));
    running.status$.subscribe((status) => said.push(status));
    await running.done.catch((error: Error) => said.push(error.message, error.stack, error));
  }
  expect(said.length).toBeGreaterThan(5);
  const stored: string[] = [];
  for await (const { key, value } of list(kv, { prefix: [] })) {
    stored.push(JSON.stringify(key), new TextDecoder().decode(value));
  }
  expect(stored.join()).toContain(source.name);
  for (const secret of ['p:a@ss', password, Buffer.from('us%er:p:a@ss/€é%').toString('base64')]) {
    expect(stored.join()).not.toContain(secret);
    expect(JSON.stringify(said)).not.toContain(secret);
  }
});
