import type { CouchServer } from '../../demo/server/index.ts';
import type { Revision } from '../support/documents.ts';

/** How much there is to be scanned. */
export interface ScanSourceSize {
  /** Small databases, of twenty documents each. */
  readonly databases: number;
  /** Documents of the one large database. */
  readonly documents: number;
}

const SMALL = 20;

/** Fills a server with databases, in each of which every plugin finds something. */
export function fillForScan(server: CouchServer, { databases, documents }: ScanSourceSize): void {
  for (let index = 0; index < databases; index += 1) {
    // Half of them come before the large one, and half behind it.
    const place = index % 2 === 0 ? 'few' : 'small';
    server.createDatabase(`${place}-${index.toString().padStart(4, '0')}`).load(revisions(SMALL));
  }
  server.createDatabase('large').load(revisions(documents));
}

/** Documents with secrets, conflicts, tombstones and a design document among them. Ids come in another order than sequences. */
function* revisions(count: number): Generator<Revision> {
  yield { _id: '_design/app', _rev: '1-a', shows: { one: 'function () {}' }, lists: { all: 'function () {}' } };
  for (let index = 0; index < count; index += 1) {
    const _id = `document-${((index * 7919) % count).toString().padStart(7, '0')}`;
    const history = (rev: string) => ({ _id, _rev: `2-${rev}`, _revisions: { start: 2, ids: [rev, 'a'] } });
    const text = index % 10 === 3 ? `the key is AKIA${index.toString().padStart(16, 'X')}` : 'nothing to be seen';
    if (index % 20 === 7) yield { ...history('d'), _deleted: true };
    else yield { ...history('w'), index, text };
    if (index % 20 === 11) yield { ...history('l'), index, text: 'what has lost' };
  }
}
