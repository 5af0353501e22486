import process from 'node:process';
import { startServer } from '../../demo/server/index.ts';
import type { Platform } from '../../src/core/platform.ts';
import { identify, isAtLeast, titleOf } from '../run/server-identity.ts';
import { startPouchDbServer } from '../support/pouchdb-server.ts';

/** A server that speaks CouchDB's protocol. */
export interface IntegrationServer {
  /** With the credentials of an administrator, where it asks for any. */
  readonly url: string;
  close(): Promise<void>;
}

/** What a server lacks or does in its own way, so far as a pull can tell. */
export interface Peculiarities {
  /** Takes and gives back documents exactly as CouchDB does: text of numbers, odd revisions, refusals. */
  readonly isCouchDb: boolean;
  /** Says how many rows are left, so that a pull knows the last page when it sees it. */
  readonly countsPending: boolean;
  /** Is of a version whose answers are among the recorded ones, or later. */
  readonly isRecorded: boolean;
  /** Knows who may read what. */
  readonly hasAccounts: boolean;
  /** Speaks plain HTTP, so that a connection to it can be led through a network that breaks. */
  readonly isPlain: boolean;
  /** Goes by a clock that it is given. */
  readonly takesClock: boolean;
}

/** A server to be tried, before it is started. */
export type ServerToTry = readonly [
  name: string,
  open: (clock?: Partial<Platform>) => Promise<IntegrationServer>,
  Peculiarities,
];

/** Whether one server is tried by `npm run test:e2e`: it alone, and also with what takes minutes. */
export const isEndToEnd = process.env['E2E'] !== undefined;

/** The servers against which the integration suites run. */
export const integrationServers: readonly ServerToTry[] = [
  ...(isEndToEnd ? [] : ownServers()),
  ...(await serverOfTheEnvironment()),
];

function ownServers(): ServerToTry[] {
  return [
    [
      'demo/server',
      async (clock = {}) => {
        const server = await startServer({ admins: { admin: 'pass/word' }, platform: clock });
        return { url: server.url.replace('//', '//admin:pass%2Fword@'), close: () => server.close() };
      },
      { isCouchDb: true, countsPending: true, isRecorded: true, hasAccounts: true, isPlain: true, takesClock: true },
    ],
    [
      'express-pouchdb',
      startPouchDbServer,
      {
        isCouchDb: false,
        countsPending: false,
        isRecorded: false,
        hasAccounts: false,
        isPlain: true,
        takesClock: false,
      },
    ],
  ];
}

async function serverOfTheEnvironment(): Promise<ServerToTry[]> {
  const url = process.env['COUCHDB_URL'];
  if (url === undefined) return [];
  const identity = await identify(url);
  const isCouchDb = identity.product === 'CouchDB';
  return [
    [
      titleOf(identity),
      async () => ({ url, close: async () => {} }),
      {
        isCouchDb,
        countsPending: isCouchDb,
        isRecorded: isCouchDb && isAtLeast(identity.version, '3.4'),
        hasAccounts: isCouchDb && new URL(url).username !== '',
        isPlain: new URL(url).protocol === 'http:',
        takesClock: false,
      },
    ],
  ];
}
