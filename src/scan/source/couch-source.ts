import { isCouchError } from '../../core/errors.ts';
import { type Platform, platform } from '../../core/platform.ts';
import type { Database, Meter } from '../../couch/database.ts';
import type { Sequence } from '../../couch/feed/sequence.ts';
import type { Traffic } from '../../couch/request/connection.ts';
import type { Server } from '../../couch/server.ts';
import { compareIds } from '../../replica/document-key.ts';
import { CouchDatabase } from './couch-database.ts';
import type { ScanSource, SourceDatabase } from './scan-source.ts';

/** Databases of one source that are handed on together. */
const TOGETHER = 100;

/** How long a server is left alone that does not tell of its databases, before all of them are looked at again, in milliseconds. */
const POLL = 10_000;

/** What is told of the requests of a source. */
type MeterOptions = Pick<Meter, 'onRetry'>;

/** All databases of a server. Costs an admin's rights, unless the server lets everybody list them. */
export class ServerSource implements ScanSource {
  readonly name: string;
  readonly isOne = false;
  readonly #server: Server;
  readonly #traffic: Traffic = { requests: 0, bytes: 0 };
  readonly #meter: Meter;
  readonly #platform: Platform;

  constructor(server: Server, { onRetry }: MeterOptions = {}, on: Partial<Platform> = {}) {
    this.name = server.url;
    this.#server = server;
    this.#meter = { traffic: this.#traffic, ...(onRetry === undefined ? {} : { onRetry }) };
    this.#platform = platform(on);
  }

  async *databases(from: string, signal: AbortSignal): AsyncGenerator<readonly SourceDatabase[], void, undefined> {
    this.#traffic.requests += 1;
    for await (const names of this.#server.databases({ startKey: from, signal }).batches()) {
      for (let start = 0; start < names.length; start += TOGETHER) {
        yield names.slice(start, start + TOGETHER).map((name) => this.open(name));
      }
    }
  }

  open(name: string): SourceDatabase {
    return new CouchDatabase(this.#server.db(name), this.#meter);
  }

  isUp(signal: AbortSignal): Promise<boolean> {
    this.#traffic.requests += 1;
    return this.#server.up({ signal });
  }

  async mark(signal: AbortSignal): Promise<Sequence | undefined> {
    try {
      this.#traffic.requests += 1;
      for await (const event of this.#server.updates({ since: 'now', signal })) {
        if (event.type === 'end') return event.lastSeq;
      }
    } catch (error) {
      if (!isCouchError(error)) throw error;
    }
    return undefined;
  }

  async follow(
    mark: Sequence | undefined,
    tell: (names: readonly string[]) => void,
    signal: AbortSignal,
  ): Promise<void> {
    if (mark === undefined) {
      // It says nothing of its databases, which are then looked at one by one.
      for (;;) {
        for await (const databases of this.databases('', signal)) tell(databases.map(({ name }) => name));
        await this.#platform.sleep(POLL, signal);
      }
    }
    for await (const events of this.#server.updates({ since: mark, feed: 'live', signal }).batches()) {
      tell(events.flatMap((event) => ('dbName' in event && event.type !== 'deleted' ? [event.dbName] : [])));
    }
  }

  requests(): number {
    return this.#traffic.requests;
  }
}

/** Some databases of one server or of several. */
export class DatabasesSource implements ScanSource {
  readonly name: string;
  readonly isOne: boolean;
  readonly #databases: readonly Database[];
  readonly #traffic: Traffic = { requests: 0, bytes: 0 };
  readonly #meter: Meter;
  readonly #server: Server | undefined;

  /** @param databases in the order of their names, all of them different */
  constructor(databases: readonly Database[], { onRetry, server }: MeterOptions & { readonly server?: Server } = {}) {
    this.#meter = { traffic: this.#traffic, ...(onRetry === undefined ? {} : { onRetry }) };
    this.#server = server;
    this.name = databases.map(({ url }) => url).join(' ');
    this.isOne = databases.length === 1;
    this.#databases = databases;
  }

  async *databases(from: string): AsyncGenerator<readonly SourceDatabase[], void, undefined> {
    const start = this.#databases.findIndex(({ name }) => compareIds(name, from) >= 0);
    if (start >= 0) yield this.#databases.slice(start).map((db) => new CouchDatabase(db, this.#meter));
  }

  open(name: string): SourceDatabase | undefined {
    const db = this.#databases.find((one) => one.name === name);
    return db === undefined ? undefined : new CouchDatabase(db, this.#meter);
  }

  /** Where their server is not known, nobody can be asked. */
  isUp(signal: AbortSignal): Promise<boolean> {
    return this.#server?.up({ signal }) ?? Promise.resolve(true);
  }

  mark(): Promise<undefined> {
    return Promise.resolve(undefined);
  }

  async follow(_mark: undefined, tell: (names: readonly string[]) => void, signal: AbortSignal): Promise<void> {
    await Promise.all(this.#databases.map((db) => this.#follow(db, tell, signal)));
  }

  requests(): number {
    return this.#traffic.requests;
  }

  async #follow(db: Database, tell: (names: readonly string[]) => void, signal: AbortSignal): Promise<void> {
    const watched = db.metered({ traffic: this.#traffic });
    // The first `idle` says that the feed stands: what came before it is looked for once.
    for await (const _ of watched.changes({ feed: 'live', since: 'now', signal }).batches()) tell([db.name]);
  }
}
