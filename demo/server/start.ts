import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import { emitWarning } from 'node:process';
import { type Platform, platform as platformFrom } from '../../src/core/platform.ts';
import { createAccess } from './access-control.ts';
import type { AccountSettings } from './accounts.ts';
import type { Compress } from './attachments.ts';
import { defaultConfig, type ServerConfig } from './config.ts';
import { DatabaseHandle } from './database-handle.ts';
import { Faults } from './faults.ts';
import { createHttpServer, type Frame } from './http-frame.ts';
import { RequestLog } from './request-log.ts';
import { type Interleave, type MaintenanceMode, ServerState, takeTurns } from './state.ts';

/** How a server is set up. Without administrators everybody is one. */
export interface ServerOptions extends AccountSettings {
  /** Default: any free one. */
  readonly port?: number;
  /** Default: `127.0.0.1`. */
  readonly host?: string;
  /** How many shards a database gets unless it says otherwise; default 2. */
  readonly q?: number;
  /** Whether nobody gets in without credentials; default: they do, wherever databases let them. */
  readonly requireValidUser?: boolean;
  /** Limits and switches, where they are to differ from CouchDB's. */
  readonly config?: Partial<ServerConfig>;
  /** Replaces the clock and the source of random numbers. */
  readonly platform?: Partial<Platform>;
  /** Says in which order feeds read the shards; default: in turn. */
  readonly interleave?: Interleave;
  /** Makes the gzip bytes of attachments; default: those of the runtime's own library. */
  readonly compress?: Compress;
  /** Learns of what should not happen: every bug of the server itself; default: a warning of the process. */
  readonly onError?: (error: unknown) => void;
}

/** A running server. */
export interface CouchServer {
  /** `http://127.0.0.1:port`, without a slash at the end. */
  readonly url: string;
  readonly port: number;
  /** Limits and switches; they may be changed at any time. */
  readonly config: ServerConfig;
  /** What was asked so far. */
  readonly requests: RequestLog;
  /** What goes wrong, on purpose. */
  readonly faults: Faults;
  /** Milliseconds added to every answer; may be changed at any time. */
  latency: number;
  readonly state: ServerState;
  /** A database, to be filled without HTTP; `undefined` when there is none. */
  database(name: string): DatabaseHandle | undefined;
  /** Makes a database, in place of any of that name. */
  createDatabase(name: string, options?: { readonly q?: number }): DatabaseHandle;
  /** Deletes a database and ends its feeds; gives whether there was one. */
  deleteDatabase(name: string): boolean;
  /** Takes the node out of service, or back in. */
  maintenance(mode: MaintenanceMode): void;
  /** Breaks off all answers and stops; once it has stopped, nothing more happens. */
  close(): Promise<void>;
}

/**
 * Starts a server.
 *
 * @example
 * ```ts
 * const server = await startServer({ admins: { admin: 'password' } });
 * server.createDatabase('recipes').put({ _id: 'pancakes', eggs: 3 });
 * await server.close();
 * ```
 */
export async function startServer(options: ServerOptions = {}): Promise<CouchServer> {
  const { host = '127.0.0.1', port = 0 } = options;
  const state = createState(options);
  const frame: Frame = { state, requests: new RequestLog(), faults: new Faults(), latency: 0 };
  const server = createHttpServer(frame);
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  const bound = await listen(server, port, host);
  let closed: Promise<void> | undefined;
  return {
    url: `http://${host}:${bound}`,
    port: bound,
    config: state.config,
    requests: frame.requests,
    faults: frame.faults,
    state,
    get latency() {
      return frame.latency;
    },
    set latency(ms) {
      frame.latency = ms;
    },
    database: (name) => {
      const database = state.database(name);
      return database && new DatabaseHandle(database, state);
    },
    createDatabase: (name, { q } = {}) => new DatabaseHandle(state.createDatabase(name, q), state),
    deleteDatabase: (name) => state.deleteDatabase(name),
    maintenance: (mode) => {
      state.maintenance = mode;
    },
    close: () => {
      closed ??= close(server, sockets);
      return closed;
    },
  };
}

function createState(options: ServerOptions): ServerState {
  const { admins, users, requireValidUser, interleave = takeTurns, q = 2, compress, onError = warn } = options;
  const platform = platformFrom(options.platform);
  const config = {
    ...defaultConfig(),
    ...(requireValidUser !== undefined && { requireValidUser }),
    ...options.config,
  };
  const access = createAccess({ admins, users, config, now: platform.now, newSecret: platform.uuid });
  return new ServerState({ platform, config, access, interleave, q, compress, onError });
}

function warn(error: unknown): void {
  emitWarning(error instanceof Error ? error : String(error));
}

function listen(server: Server, port: number, host: string): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      const address = server.address();
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
