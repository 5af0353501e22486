import type { CouchServer } from '../../../demo/server/index.ts';
import type { Correspondence } from './correspondence.ts';
import type { Exchange } from './recording.ts';
import { send } from './send.ts';
import { leaf, replicate } from './state.ts';

/** What a happening can do. */
export interface Scene {
  readonly server: CouchServer;
  readonly correspondence: Correspondence;
  /** Stops the server. */
  readonly stop: () => Promise<void>;
}

/** Something that happened while an exchange was going on. */
export interface Happening {
  /** Milliseconds after the request was sent. */
  readonly at: number;
  readonly happen: (scene: Scene) => Promise<void> | void;
}

/** What was done between two exchanges: the key is the name of the one that came after. */
export const BEFORE: Readonly<Record<string, (scene: Scene) => Promise<void> | void>> = {
  'up-maintenance': ({ server }) => server.maintenance('true'),
  'up-nolb': ({ server }) => server.maintenance('nolb'),
  'up-after': ({ server }) => server.maintenance('false'),
  'changes-since-recreated': async ({ server, correspondence }) => {
    await recreate(server, 'wire-gone', { _id: 'x', _rev: '1-a' });
    const { update_seq } = await send(server, 'GET', '/wire-gone');
    correspondence.addSequence(SEQUENCE_OF_DELETED, String(update_seq));
    await recreate(server, 'wire-gone', { _id: 'y', _rev: '1-b' });
  },
  'continuous-live-alias': ({ server }) => live(server, 'wire-one', 10),
  'db-deleted-during-longpoll': ({ server }) => recreate(server, 'wire-gone', { _id: 'x', _rev: '1-a' }),
  'db-deleted-during-eventsource': ({ server }) => recreate(server, 'wire-gone', { _id: 'x', _rev: '1-a' }),
  'db-recreated-during-continuous': ({ server }) => recreate(server, 'wire-rc'),
  view: ({ server }) => server.maintenance('false'),
  // In place of the document that the amended `revs-odd-put` leaves out, so that later counts are the recorded ones.
  'revs-odd-get': ({ server }) => replicate(server, 'wire', [{ _id: 'oddhuge', _rev: '1-abc' }]),
  'doc-413': ({ server }) => configure(server, { maxDocumentSize: 1000 }),
  'request-413': ({ server }) => configure(server, { maxDocumentSize: 8_000_000, maxHttpRequestSize: 2000 }),
  'att-413': ({ server }) => configure(server, { maxHttpRequestSize: 4_294_967_296, maxAttachmentSize: 100 }),
  purge: ({ server }) => configure(server, { maxAttachmentSize: 1_073_741_824 }),
  'doc-compacted-oldrev': async ({ server }) => {
    await send(server, 'POST', '/wire-att/_compact', {});
  },
  'auth-member': async ({ server }) => {
    const security = { admins: { names: [], roles: ['_admin'] }, members: { names: ['alice'], roles: ['staff'] } };
    await send(server, 'PUT', '/wire-private/_security', security);
  },
  'session-cookie-renewed': ({ server }) => configure(server, { authTimeout: 2 }),
  'lockout-1': ({ server }) => configure(server, { authTimeout: 600 }),
  'cors-preflight': ({ server }) => configure(server, { cors: CORS }),
  'server-stop-continuous': ({ server }) => fillOne(server),
  'server-stop-eventsource': ({ server }) => fillOne(server),
  'server-stop-longpoll': ({ server }) => fillOne(server),
};

/** What happened during an exchange. */
export const DURING: Readonly<Record<string, readonly Happening[]>> = {
  'longpoll-wait': [{ at: 700, happen: ({ server }) => live(server, 'wire', 1) }],
  'longpoll-wait-docs': [{ at: 700, happen: ({ server }) => live(server, 'wire', 2) }],
  'longpoll-heartbeat': [{ at: 1100, happen: ({ server }) => live(server, 'wire', 3) }],
  'longpoll-filtered': [
    { at: 600, happen: ({ server }) => live(server, 'wire', 4) },
    { at: 1200, happen: ({ server }) => replicate(server, 'wire', [leaf('z1', ['z1'], { type: 'z' })]) },
  ],
  'continuous-heartbeat': [
    { at: 800, happen: ({ server }) => live(server, 'wire-one', 5) },
    { at: 925, happen: ({ server }) => live(server, 'wire-one', 6) },
  ],
  'continuous-since-now': [{ at: 400, happen: ({ server }) => live(server, 'wire-one', 7) }],
  'continuous-limit-wait': [
    { at: 400, happen: ({ server }) => live(server, 'wire-one', 8) },
    { at: 525, happen: ({ server }) => live(server, 'wire-one', 9) },
  ],
  eventsource: [{ at: 800, happen: ({ server }) => live(server, 'wire-one', 11) }],
  'db-deleted-during-continuous': [{ at: 1200, happen: ({ server }) => drop(server, 'wire-gone') }],
  'db-deleted-during-longpoll': [{ at: 1200, happen: ({ server }) => drop(server, 'wire-gone') }],
  'db-deleted-during-eventsource': [{ at: 1200, happen: ({ server }) => drop(server, 'wire-gone') }],
  'db-recreated-during-continuous': [{ at: 900, happen: ({ server }) => recreate(server, 'wire-rc') }],
  'maintenance-during-continuous': [{ at: 900, happen: ({ server }) => server.maintenance('true') }],
  'server-stop-continuous': [{ at: 1700, happen: ({ stop }) => stop() }],
  'server-stop-eventsource': [{ at: 1200, happen: ({ stop }) => stop() }],
  'server-stop-longpoll': [{ at: 1700, happen: ({ stop }) => stop() }],
};

/** Whether an exchange ends with the server stopping, so that nothing can be played after it. */
export function endsServer({ name }: Exchange): boolean {
  return name.startsWith('server-stop-');
}

/** What CouchDB lets through when an operator allows credentials and the usual methods and headers. */
const CORS = {
  origins: ['https://couchdb.example:8443'],
  credentials: true,
  headers: ['accept', 'authorization', 'content-type', 'origin', 'referer'],
  methods: ['GET', 'PUT', 'POST', 'HEAD', 'DELETE'],
};

/** The sequence that `wire-gone` had before it was deleted for the last time. */
const SEQUENCE_OF_DELETED =
  '1-g1AAAACveJzLYWBgYMpgTmEQS84vTc5ISTI2s7QwcTA0MtczAELDHJB8HguQZGgAUv-BICuDOZExFyjAbpZmaGJkbo5TMyFzExmS6qEGMoANNDRKNTSyNMapKwsA0hIsCw';

/** Brings `wire-one` to where it was when the server was stopped. */
async function fillOne(server: CouchServer): Promise<void> {
  await send(server, 'PUT', '/wire-one/_security', { members: { roles: ['_admin'], names: ['bob'] } });
  for (let number = 5; number <= 11; number++) await live(server, 'wire-one', number);
}

function live(server: CouchServer, database: string, number: number): Promise<void> {
  return replicate(server, database, [leaf(`live${number}`, [`live${number}`], { wn: number })]);
}

function configure(server: CouchServer, changes: Partial<CouchServer['config']>): void {
  Object.assign(server.config, changes);
}

function drop(server: CouchServer, name: string): void {
  server.state.deleteDatabase(name);
}

/** Deletes a database and creates it anew, with at most one document. */
async function recreate(server: CouchServer, name: string, document?: object): Promise<void> {
  server.state.deleteDatabase(name);
  server.state.createDatabase(name);
  if (document !== undefined) await replicate(server, name, [document]);
}
