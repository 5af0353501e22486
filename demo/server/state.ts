import type { Platform } from '../../src/core/platform.ts';
import type { Access } from './access.ts';
import type { Compress } from './attachments.ts';
import type { ChooseShard } from './changes-pass.ts';
import type { ServerConfig } from './config.ts';
import { Database } from './database.ts';
import { type DatabaseEvent, GLOBAL_CHANGES, noteUpdate } from './global-changes.ts';
import type { Request } from './model.ts';
import { compareBytes } from './order.ts';

/** `true` and `nolb` take the node out of service, `nolb` for load balancers only. */
export type MaintenanceMode = 'false' | 'true' | 'nolb';

/** Makes the chooser that a feed asks, row by row, which shard comes next. */
export type Interleave = (request: Request) => ChooseShard;

/** Everything a server knows, but no socket. */
export class ServerState {
  readonly platform: Platform;
  readonly config: ServerConfig;
  readonly access: Access;
  readonly interleave: Interleave;
  /** Identifies this server. */
  readonly uuid: string;
  /** How many shards a new database gets. */
  readonly q: number;
  /** Makes the gzip bytes of attachments, where it is not the usual way. */
  readonly compress: Compress | undefined;
  /** Learns of what should not happen: every bug of the server itself. */
  readonly onError: (error: unknown) => void;
  maintenance: MaintenanceMode = 'false';
  readonly #databases = new Map<string, Database>();

  constructor(options: {
    platform: Platform;
    config: ServerConfig;
    access: Access;
    interleave: Interleave;
    q: number;
    compress: Compress | undefined;
    onError: (error: unknown) => void;
  }) {
    this.platform = options.platform;
    this.config = options.config;
    this.access = options.access;
    this.interleave = options.interleave;
    this.q = options.q;
    this.compress = options.compress;
    this.onError = options.onError;
    this.uuid = this.newId();
  }

  /** Whether the node is out of service. */
  readonly isDown = (): boolean => this.maintenance === 'true';

  /** A random id of 32 hex digits. */
  newId(): string {
    return this.platform.uuid().replaceAll('-', '');
  }

  database(name: string): Database | undefined {
    return this.#databases.get(name);
  }

  /** All names, in the order of their bytes. */
  databaseNames(): string[] {
    return [...this.#databases.keys()].sort(compareBytes);
  }

  /** Makes a database, in place of any of that name. */
  createDatabase(name: string, q = this.q): Database {
    this.deleteDatabase(name);
    const created = Math.floor(this.platform.now() / 1000);
    const database = new Database(name, { q, created, newUuid: () => this.newId() });
    this.#databases.set(name, database);
    this.#note('created', name);
    database.onChange(() => {
      if (!database.deleted) this.#note('updated', name);
    });
    return database;
  }

  /** Deletes a database; gives whether there was one. */
  deleteDatabase(name: string): boolean {
    const database = this.#databases.get(name);
    this.#databases.delete(name);
    if (database === undefined) return false;
    database.markDeleted();
    this.#note('deleted', name);
    return true;
  }

  /** Notes what became of a database, where there is a database to note it in. */
  #note(event: DatabaseEvent, name: string): void {
    const log = this.#databases.get(GLOBAL_CHANGES);
    if (log !== undefined && name !== GLOBAL_CHANGES) noteUpdate(log, event, name);
  }
}

/** Shards take turns. */
export const takeTurns: Interleave = () => {
  let last = -1;
  return (rows) => {
    const next = rows.find(({ shard }) => shard > last) ?? rows[0];
    last = next?.shard ?? -1;
    return last;
  };
};

/** Shards come in an order that is different for each request. */
export function shuffled(random: () => number): Interleave {
  return () => (rows) => rows[Math.floor(random() * rows.length)]?.shard ?? 0;
}
