import { leaves } from '../../src/revs/leaves.ts';
import type { Database } from './database.ts';

/** Drops the contents of revisions that others have followed. */
export function compact(database: Database): void {
  for (const document of [...database.documents()]) {
    if (document.contents.length < 2) continue;
    const kept = new Set(leaves(document.tree).map(({ rev }) => rev));
    const contents = document.contents.filter(({ rev }) => kept.has(rev));
    if (contents.length < document.contents.length) database.replaceContents(document, contents);
  }
}
