import type { Database } from './database.ts';
import type { LocalDocument } from './document.ts';
import type { IncomingDocument } from './incoming.ts';
import { writeMembers } from './json.ts';
import { crash } from './refusals.ts';
import { revisionText } from './show.ts';
import { refusalOf, type WriteResult } from './write.ts';

/**
 * Writes a local document over whatever is there: CouchDB does not compare revisions here, it only adds one to the number
 * it is given. A tombstone removes it.
 */
export function writeLocal(database: Database, { id, path, deleted, body }: IncomingDocument): WriteResult {
  if (deleted) {
    database.storeLocal(id, undefined);
    return { id, rev: '0-0' };
  }
  let number = 0;
  const refusal = refusalOf(() => {
    number = numberOf(path.start, path.ids[0]);
  });
  if (refusal !== undefined) return { id, refusal };
  const rev = `0-${number + 1}`;
  database.storeLocal(id, { id, rev, members: writeMembers(body) });
  return { id, rev };
}

/** A local document as CouchDB prints it. */
export function localText({ id, rev, members }: LocalDocument): string {
  return revisionText(id, { rev, members, attachments: [] }, false);
}

function numberOf(generation: number, id: string | undefined): number {
  if (id === undefined) return 0;
  if (generation === 0 && /^[+-]?[0-9]+$/.test(id)) return Number(id);
  throw crash('error', 'Invalid rev format');
}
