import { startServer } from '../../demo/server/index.ts';
import { startPouchDbServer } from '../support/pouchdb-server.ts';

/** A server that speaks CouchDB's protocol. */
export interface IntegrationServer {
  /** With credentials, where it asks for any. */
  readonly url: string;
  close(): Promise<void>;
}

/** What a server lacks or does in its own way, so far as a pull can tell. */
export interface Peculiarities {
  /** Takes and gives back documents exactly as CouchDB does: text of numbers, odd revisions, refusals. */
  readonly isCouchDb: boolean;
  /** Says how many rows are left, so that a pull knows the last page when it sees it. */
  readonly countsPending: boolean;
}

/** The servers against which the integration suites run. */
export const integrationServers: readonly (readonly [
  name: string,
  open: () => Promise<IntegrationServer>,
  Peculiarities,
])[] = [
  ['demo/server', () => startServer(), { isCouchDb: true, countsPending: true }],
  ['express-pouchdb', startPouchDbServer, { isCouchDb: false, countsPending: false }],
  ...couchDbOfTheEnvironment(),
];

function couchDbOfTheEnvironment(): typeof integrationServers {
  const url = process.env['COUCHDB_URL'];
  if (url === undefined) return [];
  return [['COUCHDB_URL', async () => ({ url, close: async () => {} }), { isCouchDb: true, countsPending: true }]];
}
