import { leaves } from '../../src/revs/leaves.ts';
import { mergePath } from '../../src/revs/merge.ts';
import type { RevisionPath } from '../../src/revs/path.ts';
import { formatRev } from '../../src/revs/rev.ts';
import { stem } from '../../src/revs/stem.ts';
import { emptyTree } from '../../src/revs/tree.ts';
import { winner } from '../../src/revs/winner.ts';
import type { StoredDocument } from './document.ts';
import type { IncomingDocument } from './incoming.ts';
import { conflict } from './refusals.ts';
import { revisionId } from './revision-id.ts';
import {
  attachmentsOf,
  contentOf,
  groupById,
  keepContents,
  refusalOf,
  type WriteResult,
  type Writing,
} from './write.ts';

/**
 * Writes edits, each on top of the leaf it names: the ordinary `_bulk_docs`, `PUT` and `DELETE`.
 *
 * @returns what became of each document, in the order given
 * @throws Refusal 412 for a stub that the edited revision cannot fill, 413 for an attachment that is too large
 */
export function storeEdits(writing: Writing, documents: readonly IncomingDocument[]): WriteResult[] {
  const results: WriteResult[] = [];
  for (const group of groupById(documents)) {
    for (const { document, index } of group.documents) results[index] = storeEdit(writing, document);
  }
  writing.database.announce();
  return results;
}

function storeEdit(writing: Writing, document: IncomingDocument): WriteResult {
  const { id, body, deleted } = document;
  const { database, validate } = writing;
  const before = database.document(id);
  const base = baseOf(before, document.path, deleted);
  if (base === undefined) return { id, refusal: conflict() };

  const [parentId] = base.ids;
  const previous = parentId === undefined ? undefined : before?.content(formatRev(base.start, parentId));
  const parent = document.path.ids.length === 0 ? [] : previous?.attachments;
  const attachments = attachmentsOf(writing, document, parent, base.start + 1);
  const newId = revisionId({ deleted, parentGeneration: base.start, parentId, body, attachments });
  const rev = formatRev(base.start + 1, newId);
  const content = contentOf(document, rev, attachments);
  const refusal = refusalOf(() => validate({ document, content, previous }));
  if (refusal !== undefined) return { id, refusal };

  const path = { start: base.start + 1, ids: [newId, ...base.ids] };
  const { tree, change } = mergePath(before?.tree ?? emptyTree, path, deleted);
  if (change === 'none') return { id, refusal: conflict() };
  const stemmed = stem(tree, database.revsLimit);
  database.store(id, stemmed, keepContents(stemmed, before?.contents ?? [], [content]));
  return { id, rev };
}

/**
 * The revision an edit goes on top of: the leaf it names; the winning tombstone of a deleted document, where it names
 * none; nothing (a path without ids) for a new document. `undefined` when that is a conflict.
 */
function baseOf(before: StoredDocument | undefined, named: RevisionPath, deleted: boolean): RevisionPath | undefined {
  const [id] = named.ids;
  const top = before && winner(before.tree);
  if (top === undefined) return id === undefined ? named : undefined;
  if (top.deleted) return id === undefined && !deleted ? { start: top.generation, ids: [top.id] } : undefined;
  const known = before !== undefined && leaves(before.tree).some(({ rev }) => rev === formatRev(named.start, id ?? ''));
  return known && id !== undefined ? { start: named.start, ids: [id] } : undefined;
}
