import type { Database } from './database.ts';
import { storeEdits } from './edit.ts';
import { NO_PATH, pathOf, readRev } from './incoming.ts';

/** The database in which CouchDB notes what becomes of all others; without it `_db_updates` is not there. */
export const GLOBAL_CHANGES = '_global_changes';

/** What can become of a database. */
export type DatabaseEvent = 'created' | 'updated' | 'deleted';

/** Notes that something became of a database: one document for each kind, changed every time. */
export function noteUpdate(log: Database, event: DatabaseEvent, name: string): void {
  const id = `${event}:${name}`;
  const before = log.document(id);
  const path = before === undefined ? NO_PATH : pathOf(readRev(before.winner.rev));
  const writing = { database: log, validate: () => undefined, maxAttachmentSize: 0, compress: undefined };
  storeEdits(writing, [{ id, path, deleted: false, body: new Map(), attachments: [] }]);
}

/** Takes the id of a note apart; `undefined` for any other document. */
export function readUpdate(id: string): { readonly event: string; readonly name: string } | undefined {
  const colon = id.indexOf(':');
  return colon === -1 ? undefined : { event: id.slice(0, colon), name: id.slice(colon + 1) };
}
