import type { Replica, ReplicaDoc } from 'couchtide';
import { map, type Observable } from 'rxjs';

/** A note as it is shown. */
export interface Note {
  readonly id: string;
  readonly rev: string;
  readonly title: string;
  readonly text: string;
  /** When it was written, in milliseconds since 1970; 0 where it does not say. */
  readonly written: number;
  readonly pictures: readonly Picture[];
}

/** A picture of a note: one of its attachments. */
export interface Picture {
  readonly name: string;
  /** CouchDB's name of the content: another one for other bytes. */
  readonly digest: string;
}

/** All notes of a replica, the newest first, and again whenever one of them has changed, come or gone. */
export function notesIn(replica: Replica): Observable<readonly Note[]> {
  return replica
    .docs$({ startKey: 'note-', endKey: 'note-\u{10ffff}' })
    .pipe(map((docs) => docs.map(parseNote).sort((a, b) => b.written - a.written)));
}

/** The note in a document, which whoever wrote it may have given any form. */
export function parseNote({ _id, _rev, title, text, written, _attachments }: ReplicaDoc): Note {
  return {
    id: _id,
    rev: _rev,
    title: typeof title === 'string' && title.trim() !== '' ? title : 'Untitled',
    text: typeof text === 'string' ? text : '',
    written: Date.parse(String(written)) || 0,
    pictures: Object.entries(_attachments ?? {}).flatMap(([name, stub]) => pictureIn(name, stub)),
  };
}

function pictureIn(name: string, { content_type: type, digest }: Readonly<Record<string, unknown>>): Picture[] {
  return /^image\//.test(String(type)) ? [{ name, digest: String(digest) }] : [];
}
