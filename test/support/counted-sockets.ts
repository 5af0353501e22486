import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** A way to a server that counts who uses it. */
export interface CountedSockets {
  readonly url: string;
  /** Connections that their client keeps open. */
  readonly open: number;
  /** The most there ever were at the same time. */
  readonly most: number;
  /** Resolves when there is none. */
  closed(): Promise<void>;
  close(): Promise<void>;
}

/** Listens before a server and passes everything on, connection by connection. */
export async function countSockets(port: number): Promise<CountedSockets> {
  const sockets = new Set<Socket>();
  const opened = new Set<Socket>();
  let most = 0;
  let onNone = (): void => {};
  const server = createServer((socket) => {
    const onward = connect(port, '127.0.0.1');
    sockets.add(socket);
    opened.add(socket);
    // A client that has given one up to open another does so in this order, but both may be heard of at the same time.
    setImmediate(() => {
      most = Math.max(most, opened.size);
    });
    // A client that has ended its side has given the connection up, whenever the rest of it goes.
    const leave = (): void => {
      opened.delete(socket);
      if (opened.size === 0) onNone();
    };
    socket.on('end', leave);
    for (const [one, other] of [
      [socket, onward],
      [onward, socket],
    ] as const) {
      one.on('error', () => other.destroy());
      one.on('close', () => other.destroy());
      one.pipe(other);
    }
    socket.on('close', () => {
      sockets.delete(socket);
      leave();
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    get open() {
      return opened.size;
    },
    get most() {
      return most;
    },
    closed: () =>
      opened.size === 0
        ? Promise.resolve()
        : new Promise((resolve) => {
            onNone = resolve;
          }),
    async close() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
