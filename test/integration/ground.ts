import { afterAll, afterEach, beforeAll, beforeEach } from 'vitest';
import { memoryKv } from '../../src/kv/memory.ts';
import { openReplica, type Replica } from '../../src/replica/replica.ts';
import { createDatabase, type SourceDatabase } from '../support/source-database.ts';
import type { IntegrationServer, ServerToTry } from './servers.ts';

/** What every test of a group finds ready. */
export interface Ground {
  readonly server: IntegrationServer;
  /** A new database, which is deleted after the test. */
  readonly source: SourceDatabase;
  /** An empty replica in memory. */
  readonly replica: Replica;
}

/** Starts a server for a group of tests, and prepares a source and a replica for each of them. */
export function prepareGround(open: ServerToTry[1]): Ground {
  let server: IntegrationServer;
  let source: SourceDatabase;
  let replica: Replica;
  beforeAll(async () => {
    server = await open();
  });
  beforeEach(async () => {
    source = await createDatabase(server.url);
    replica = await openReplica(memoryKv(), source.name);
  });
  afterEach(() => source.destroy());
  afterAll(() => server.close());
  return {
    get server() {
      return server;
    },
    get source() {
      return source;
    },
    get replica() {
      return replica;
    },
  };
}
