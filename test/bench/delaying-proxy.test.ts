import { once } from 'node:events';
import { Agent, createServer, type IncomingMessage, type RequestListener, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { describe, expect, onTestFinished, test } from 'vitest';
import { type DelayingProxy, startDelayingProxy } from './delaying-proxy.ts';

async function startBehind(latency: number, listener: RequestListener): Promise<DelayingProxy> {
  const server = createServer(listener).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const proxy = await startDelayingProxy(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, latency);
  onTestFinished(async () => {
    await proxy.close();
    server.closeAllConnections();
    server.close();
  });
  return proxy;
}

/** Sends a body piece by piece, each once the one before is out, and gives the answer. */
async function send(url: string, agent: Agent | false, pieces: readonly string[]): Promise<string> {
  const sent = request(url, { method: 'POST', agent });
  const answered = once(sent, 'response');
  for (const piece of pieces) await new Promise((written) => sent.write(piece, written));
  sent.end();
  const [response] = (await answered) as [IncomingMessage];
  return text(response);
}

const echo: RequestListener = async (asked, answer) => {
  answer.end(await text(asked));
};

describe('startDelayingProxy', () => {
  test('counts requests on a kept connection, each once, however many pieces it comes in', async () => {
    const proxy = await startBehind(0, echo);
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    onTestFinished(() => agent.destroy());
    const piece = 'x'.repeat(100_000);
    expect(await send(proxy.url, agent, ['a', piece, 'b'])).toBe(`a${piece}b`);
    expect(await send(proxy.url, agent, ['c'])).toBe('c');
    expect(proxy.traffic.requests).toBe(2);
  });

  test('passes on the whole answer of a server that then ends the connection, and counts its bytes', async () => {
    const body = 'y'.repeat(3_000_000);
    const proxy = await startBehind(0, (_, answer) => answer.writeHead(200, { connection: 'close' }).end(body));
    const answers = await Promise.all([1, 2, 3].map(() => send(proxy.url, false, [])));
    expect(answers.map((answer) => answer === body)).toEqual([true, true, true]);
    expect(proxy.traffic.requests).toBe(3);
    expect(proxy.traffic.bytes).toBeGreaterThan(3 * body.length);
    expect(proxy.traffic.bytes).toBeLessThan(3 * body.length + 3000);
  });

  test('holds each request back, never shorter than it should', async () => {
    const latency = 40;
    let arrived = 0;
    const proxy = await startBehind(latency, (asked, answer) => {
      arrived = performance.now();
      return echo(asked, answer);
    });
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    onTestFinished(() => agent.destroy());
    for (const body of ['first', 'second']) {
      const begun = performance.now();
      expect(await send(proxy.url, agent, [body])).toBe(body);
      // A timer may be early by what its clock rounds.
      expect(arrived - begun).toBeGreaterThan(latency - 2);
    }
  });

  test('breaks off where the server does', async () => {
    const proxy = await startBehind(0, (asked) => asked.socket.resetAndDestroy());
    await expect(send(proxy.url, false, [])).rejects.toThrow();
  });
});
