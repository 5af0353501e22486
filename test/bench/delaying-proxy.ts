import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { Transform } from 'node:stream';

/** Stands before an HTTP server, holds every request back for a while, and counts. */
export interface DelayingProxy {
  /** As the server's own, but for the port. */
  readonly url: string;
  readonly traffic: Traffic;
  /** Breaks off what is under way. */
  close(): Promise<void>;
}

/** What has passed. */
export interface Traffic {
  requests: number;
  /** Bytes that the server has sent, heads and framing of its answers among them. */
  bytes: number;
}

/**
 * Starts a proxy. What the server answers passes at once and untouched. It costs next to nothing, as no HTTP is parsed: on a
 * connection that is not pipelined, what comes from a client first, or after something came from the server, begins a
 * request.
 *
 * @param latency in milliseconds; 0 for none
 */
export async function startDelayingProxy(serverUrl: string, latency: number): Promise<DelayingProxy> {
  const { hostname, port } = new URL(serverUrl);
  const traffic: Traffic = { requests: 0, bytes: 0 };
  const sockets = new Set<Socket>();
  const listener = createServer({ noDelay: true }, (client) => {
    const server = connect({ host: hostname, port: Number(port || 80), noDelay: true });
    let isAsking = false;
    const ask = new Transform({
      transform(chunk: Buffer, _encoding, pass) {
        if (isAsking) return pass(null, chunk);
        isAsking = true;
        traffic.requests += 1;
        if (latency === 0) pass(null, chunk);
        else setTimeout(pass, latency, null, chunk);
      },
    });
    const answer = new Transform({
      transform(chunk: Buffer, _encoding, pass) {
        isAsking = false;
        traffic.bytes += chunk.length;
        pass(null, chunk);
      },
    });
    for (const socket of [client, server]) {
      sockets.add(socket);
      socket.on('close', () => sockets.delete(socket));
    }
    client.pipe(ask).pipe(server);
    server.pipe(answer).pipe(client);
    // A server that ends has its last bytes passed on first; one that breaks off, and a client that is gone, have not.
    client.on('error', () => {});
    client.on('close', () => server.destroy());
    server.on('error', () => client.destroy());
  });
  listener.listen(0, '127.0.0.1');
  await once(listener, 'listening');
  return {
    url: `http://127.0.0.1:${(listener.address() as AddressInfo).port}`,
    traffic,
    async close() {
      const closed = once(listener, 'close');
      listener.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}
