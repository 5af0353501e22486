import { leaves } from '../../src/revs/leaves.ts';
import { mergePath } from '../../src/revs/merge.ts';
import type { RevisionPath } from '../../src/revs/path.ts';
import { formatRev } from '../../src/revs/rev.ts';
import { stem } from '../../src/revs/stem.ts';
import { emptyTree } from '../../src/revs/tree.ts';
import { winner } from '../../src/revs/winner.ts';
import type { StoredDocument, StoredRevision } from './document.ts';
import type { IncomingDocument } from './incoming.ts';
import { Refusal } from './model.ts';
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
 * Writes edits, each on top of the leaf it names: the ordinary `_bulk_docs`, `PUT` and `DELETE`. Whatever one document's
 * attachments are refused for, nothing of the batch is stored.
 *
 * @returns what became of each document, in the order given
 * @throws Refusal 412 for a stub that the edited revision cannot fill, 413 for an attachment that is too large
 */
export function storeEdits(writing: Writing, documents: readonly IncomingDocument[]): WriteResult[] {
  const results: WriteResult[] = [];
  const groups = groupById(documents).map(({ id, documents: sent }) => ({
    id,
    edits: sent.map(({ document, index }) => ({ edit: prepare(writing, document), index })),
  }));
  for (const { id, edits } of groups) {
    for (const { edit, index } of edits) {
      results[index] = edit instanceof Refusal ? { id, refusal: edit } : commit(writing, id, edit);
    }
  }
  writing.database.announce();
  return results;
}

/** An edit that may be stored, unless another of the same batch comes before. */
interface Edit {
  readonly path: RevisionPath;
  readonly deleted: boolean;
  readonly content: StoredRevision;
}

function prepare(writing: Writing, document: IncomingDocument): Edit | Refusal {
  const { id, body, deleted } = document;
  const { database, validate } = writing;
  const before = database.document(id);
  const base = baseOf(before, document.path, deleted);
  if (base === undefined) return conflict();

  const [parentId] = base.ids;
  // An edit that names no revision starts anew, also where it goes on top of a tombstone.
  const isFresh = document.path.ids.length === 0;
  const replaced = isFresh || parentId === undefined ? undefined : before?.content(formatRev(base.start, parentId));
  const generation = base.start + 1;
  const attachments = attachmentsOf(writing, document, isFresh ? [] : replaced?.attachments, generation);
  const newId = revisionId({ deleted, parentGeneration: base.start, parentId, body, attachments });
  const content = contentOf(document, formatRev(generation, newId), attachments);
  const refusal = refusalOf(() => validate({ document, content, replaced: replaced?.rev }));
  return refusal ?? { path: { start: generation, ids: [newId, ...base.ids] }, deleted, content };
}

function commit({ database }: Writing, id: string, { path, deleted, content }: Edit): WriteResult {
  const before = database.document(id);
  const { tree, change } = mergePath(before?.tree ?? emptyTree, path, deleted);
  if (before !== undefined && change !== 'extended') return { id, refusal: conflict() };
  const stemmed = stem(tree, database.revsLimit);
  database.store(id, stemmed, keepContents(stemmed, before?.contents ?? [], [content]));
  return { id, rev: content.rev };
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
