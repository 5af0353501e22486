import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** Stands before a server and counts what passes, byte by byte, also of answers that nobody reads to the end. */
export interface MeteredProxy {
  /** As the server's own, but for the port. */
  readonly url: string;
  /** Bytes that the server's clients have been sent so far. */
  readonly bytes: number;
  /** Called whenever there are more. */
  onBytes: (() => void) | undefined;
  close(): Promise<void>;
}

/** Starts a proxy before the server of a url. */
export async function startMeteredProxy(url: string): Promise<MeteredProxy> {
  const { hostname, port } = new URL(url);
  const sockets = new Set<Socket>();
  const proxy: { bytes: number; onBytes: (() => void) | undefined } = { bytes: 0, onBytes: undefined };
  const listener = createServer((client) => {
    const upstream = connect(Number(port), hostname);
    for (const [socket, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(socket);
      // A reset of one side is one of the other; what matters is that both are gone.
      socket.on('error', () => {});
      socket.on('close', () => {
        sockets.delete(socket);
        other.destroy();
      });
    }
    upstream.on('data', (chunk: Buffer) => {
      proxy.bytes += chunk.length;
      proxy.onBytes?.();
    });
    upstream.pipe(client);
    client.pipe(upstream);
  });
  listener.listen(0, '127.0.0.1');
  await once(listener, 'listening');
  return Object.assign(proxy, {
    url: `http://127.0.0.1:${(listener.address() as AddressInfo).port}`,
    async close() {
      listener.close();
      for (const socket of sockets) socket.destroy();
      await once(listener, 'close');
    },
  });
}
