import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** The way to a server, which a test breaks in the ways in which networks break. */
export interface BreakableNetwork {
  /** As the server's own, but for host and port. */
  readonly url: string;
  /** Connections so far. */
  readonly connections: number;
  /** Cuts all connections and refuses new ones, as when the server has ended. */
  stop(): Promise<void>;
  /** Takes connections again, at the same address. */
  start(): Promise<void>;
  /** Nothing passes any more over the connections that there are, and neither side is told. */
  freeze(): void;
  /** Whether new connections are taken and hear nothing, either. */
  isMute: boolean;
}

/** Lays a way to a server that speaks plain HTTP. Credentials and path of the url are kept. */
export async function layNetwork(url: string): Promise<BreakableNetwork> {
  const { hostname, port } = new URL(url);
  const sockets = new Set<Socket>();
  const hold = (socket: Socket): void => {
    sockets.add(socket);
    // A reset is followed by the end, which is all that matters.
    socket.on('error', () => {});
    socket.on('close', () => sockets.delete(socket));
  };
  const listener = createServer((client) => {
    network.connections += 1;
    hold(client);
    if (network.isMute) return;
    const upstream = connect(Number(port || 80), hostname);
    hold(upstream);
    client.on('close', () => upstream.destroy());
    upstream.on('close', () => client.destroy());
    client.pipe(upstream).pipe(client);
  });
  const listen = async (on: number): Promise<number> => {
    listener.listen(on, '127.0.0.1');
    await once(listener, 'listening');
    return (listener.address() as AddressInfo).port;
  };
  const own = new URL(url);
  own.hostname = '127.0.0.1';
  own.port = `${await listen(0)}`;
  const network = {
    url: own.href.replace(/\/$/, ''),
    connections: 0,
    isMute: false,
    async stop() {
      if (!listener.listening) return;
      const closed = once(listener, 'close');
      listener.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
    async start() {
      await listen(Number(own.port));
    },
    freeze() {
      for (const socket of sockets) socket.unpipe().pause();
    },
  };
  return network;
}
