import { createServer, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { type Platform, platform as platformFrom } from '../../src/core/platform.ts';
import { createAccess } from './access-control.ts';
import type { AccountSettings } from './accounts.ts';
import { defaultConfig, type ServerConfig } from './config.ts';
import { IncomingRequest } from './incoming-request.ts';
import { sendAnswer } from './outgoing-answer.ts';
import { respond } from './router.ts';
import { type Interleave, type MaintenanceMode, ServerState, takeTurns } from './state.ts';

/** How a server is set up. */
export interface ServerOptions extends AccountSettings {
  /** Default: any free one. */
  readonly port?: number;
  /** Default: `127.0.0.1`. */
  readonly host?: string;
  /** How many shards a database gets unless it says otherwise; default 2. */
  readonly q?: number;
  readonly config?: Partial<ServerConfig>;
  /** Replaces the clock and the source of random numbers. */
  readonly platform?: Partial<Platform>;
  /** Says in which order feeds read the shards; default: in turn. */
  readonly interleave?: Interleave;
}

/** A running server. */
export interface CouchServer {
  /** `http://127.0.0.1:port`, without a slash at the end. */
  readonly url: string;
  readonly port: number;
  readonly config: ServerConfig;
  readonly state: ServerState;
  /** Takes the node out of service, or back in. */
  maintenance(mode: MaintenanceMode): void;
  /** Ends all connections, open feeds too. */
  close(): Promise<void>;
}

/**
 * Starts a server.
 *
 * @example
 * ```ts
 * const server = await startServer({ admins: { admin: 'password' } });
 * await fetch(server.url);
 * await server.close();
 * ```
 */
export async function startServer(options: ServerOptions = {}): Promise<CouchServer> {
  const platform = platformFrom(options.platform);
  const config = { ...defaultConfig(), ...options.config };
  const access = createAccess({
    admins: options.admins,
    users: options.users,
    config,
    now: platform.now,
    newSecret: platform.uuid,
  });
  const state = new ServerState({
    platform,
    config,
    access,
    interleave: options.interleave ?? takeTurns,
    q: options.q ?? 2,
  });
  const sockets = new Set<Socket>();
  const server = createServer((message, response) => {
    const gone = new AbortController();
    response.on('close', () => gone.abort());
    const request = new IncomingRequest(message, config, gone.signal);
    respond(state, request)
      .then((answer) => sendAnswer(response, request, answer, platform))
      .catch((error: unknown) => response.destroy(error instanceof Error ? error : undefined));
  });
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  const port = await listen(server, options.port ?? 0, options.host ?? '127.0.0.1');
  return {
    url: `http://${options.host ?? '127.0.0.1'}:${port}`,
    port,
    config,
    state,
    maintenance: (mode) => {
      state.maintenance = mode;
    },
    close: () => close(server, sockets),
  };
}

function listen(server: Server, port: number, host: string): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      const address: AddressInfo | string | null = server.address();
      if (address === null || typeof address === 'string') reject(new Error('The server has no port'));
      else resolve(address.port);
    });
  });
}

function close(server: Server, sockets: ReadonlySet<Socket>): Promise<void> {
  return new Promise((resolve, reject) => {
    server.close((error) => (error === undefined ? resolve() : reject(error)));
    for (const socket of sockets) socket.destroy();
  });
}
