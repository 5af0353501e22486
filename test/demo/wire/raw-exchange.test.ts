import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { RawExchange } from './raw-exchange.ts';
import type { RecordedRequest } from './recording.ts';

const GET: RecordedRequest = { method: 'GET', path: '/', headers: [['Host', 'h']], body: Buffer.alloc(0) };
const CHUNKED = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n';
const stops: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const stop of stops.splice(0)) await stop();
});

/** Starts a server that does as it is told with each connection, once it has received something. */
async function listen(serve: (socket: Socket, request: Buffer) => void): Promise<number> {
  const server = createServer((socket) => {
    socket.on('error', () => {});
    socket.once('data', (request) => serve(socket, request));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  stops.push(async () => {
    server.close();
    await once(server, 'close');
  });
  const address: AddressInfo | string | null = server.address();
  if (address === null || typeof address === 'string') throw new Error('The server has no port');
  return address.port;
}

/** All that an exchange gives when a server sends some texts, and hangs up. */
async function receive(
  texts: readonly string[],
  request = GET,
): Promise<{ head: unknown; chunks: string[]; end: string }> {
  const port = await listen((socket) => {
    for (const text of texts) socket.write(text, 'latin1');
    socket.end();
  });
  await using exchange = RawExchange.open(port, request);
  const { status, statusText, headers, framing } = await exchange.head();
  const chunks: string[] = [];
  for (let chunk = await exchange.next(); chunk !== undefined; chunk = await exchange.next()) {
    chunks.push(chunk.toString('latin1'));
  }
  return { head: { status, statusText, headers, framing }, chunks, end: exchange.end };
}

describe('RawExchange', () => {
  test('sends exactly the bytes of the request', async () => {
    let sent = '';
    const port = await listen((socket, request) => {
      sent = request.toString('latin1');
      socket.end('HTTP/1.1 204 No Content\r\n\r\n');
    });
    const request = {
      method: 'PUT',
      path: '/a%2Fb',
      headers: [
        ['x-B', '1'],
        ['X-a', '2'],
      ],
      body: Buffer.from([0, 255]),
    } as const;
    await using exchange = RawExchange.open(port, request);
    await exchange.next();
    expect(sent).toBe('PUT /a%2Fb HTTP/1.1\r\nx-B: 1\r\nX-a: 2\r\n\r\n\0\xff');
  });

  test('keeps the case and the order of headers', async () => {
    const { head } = await receive([
      'HTTP/1.1 404 Object Not Found\r\nx-B: 1\r\nA: b: c\r\nx-b: \r\nContent-Length: 0\r\n\r\n',
    ]);
    const headers = [
      ['x-B', '1'],
      ['A', 'b: c'],
      ['x-b', ''],
      ['Content-Length', '0'],
    ];
    expect(head).toEqual({ status: 404, statusText: 'Object Not Found', headers, framing: 'length' });
  });

  test.each([
    ['in one piece', [`${CHUNKED}2\r\n\r\n\r\nA\r\n0123456789\r\n0\r\n\r\n`]],
    ['byte by byte', [...`${CHUNKED}2\r\n\r\n\r\na\r\n0123456789\r\n0\r\n\r\n`]],
  ])('tells HTTP chunks apart that come %s', async (_, texts) => {
    expect(await receive(texts)).toMatchObject({ chunks: ['\r\n', '0123456789'], end: 'complete' });
  });

  test.each([
    ['between two chunks', '1\r\na\r\n', ['a']],
    ['in a chunk', '1\r\na\r\n5\r\nab', ['a']],
    ['in the size of a chunk', '1\r\na\r\n5', ['a']],
    ['before the last line break', '0\r\n', []],
  ])('notices that the server hangs up %s', async (_, text, chunks) => {
    expect(await receive([CHUNKED, text])).toMatchObject({ chunks, end: 'closed-by-server-early' });
  });

  test('gives a body of a certain length as one, and notices when it is shorter', async () => {
    const head = 'HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\n';
    expect(await receive([head, 'ab', 'cd'])).toMatchObject({ chunks: ['abcd'], end: 'complete' });
    expect(await receive([head, 'ab'])).toMatchObject({ chunks: [], end: 'closed-by-server-early' });
  });

  test('takes a body without any framing for what comes until the end', async () => {
    expect(await receive(['HTTP/1.1 200 OK\r\n\r\n', 'abc'])).toMatchObject({ chunks: ['abc'], end: 'complete' });
  });

  test.each([
    ['HEAD', 'HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n'],
    ['GET', 'HTTP/1.1 304 Not Modified\r\nContent-Length: 4\r\n\r\n'],
    ['OPTIONS', 'HTTP/1.1 204 No Content\r\n\r\n'],
  ])('expects no body after %s %j', async (method, text) => {
    const received = await receive([text], { ...GET, method });
    expect(received).toMatchObject({ head: { framing: 'none' }, chunks: [], end: 'complete' });
  });

  test('shows what comes where a chunk is due', async () => {
    const port = await listen((socket) => socket.end(`${CHUNKED}1\r\na\r\nHTTP/1.1 500 Oops\r\n\r\n`));
    await using exchange = RawExchange.open(port, GET);
    expect([(await exchange.next())?.toString(), await exchange.next(), exchange.intruded]).toEqual([
      'a',
      undefined,
      true,
    ]);
    expect((await exchange.intrusion(1000)).toString()).toBe('HTTP/1.1 500 Oops\r\n\r\n');
    expect(exchange.end).toBe('cut-by-client');
  });

  test('says who hung up when nothing has ended', async () => {
    const port = await listen((socket) => socket.write(`${CHUNKED}1\r\na\r\n`));
    await using exchange = RawExchange.open(port, GET);
    await exchange.next();
    expect(exchange.end).toBe('cut-by-client');
  });

  test('fails when there is no answer', async () => {
    const port = await listen((socket) => socket.end('HTTP/1.1 200'));
    await using exchange = RawExchange.open(port, GET);
    await expect(exchange.head()).rejects.toThrow('The connection closed after 12 bytes');
  });
});
