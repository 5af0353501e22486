import { leaves, pathTo } from '../../src/revs/leaves.ts';
import { mergePath } from '../../src/revs/merge.ts';
import { formatRev } from '../../src/revs/rev.ts';
import { stem } from '../../src/revs/stem.ts';
import { emptyTree, type RevTree } from '../../src/revs/tree.ts';
import type { StoredRevision } from './document.ts';
import { isDesignId } from './document-id.ts';
import type { IncomingDocument } from './incoming.ts';
import { shardOf } from './shard.ts';
import { isValidated } from './validation.ts';
import {
  attachmentsOf,
  contentOf,
  type Group,
  groupById,
  keepContents,
  nearestContent,
  refusalOf,
  type WriteResult,
  type Writing,
} from './write.ts';

/**
 * Stores revisions as they are given: `new_edits=false`. Whatever one document's attachments are refused for, nothing of
 * the batch is stored; what a validation function refuses is left out alone.
 *
 * @returns the documents that were refused, in the order of their ids
 * @throws Refusal 412 for a stub that nothing stored can fill, 413 for an attachment that is too large
 */
export function storeRevisions(writing: Writing, documents: readonly IncomingDocument[]): WriteResult[] {
  const { database } = writing;
  const refused: WriteResult[] = [];
  const shards = new Map<number, IncomingDocument[]>();
  for (const document of documents) {
    const shard = shardOf(document.id, database.shards.length);
    const batch = shards.get(shard);
    if (batch === undefined) shards.set(shard, [document]);
    else batch.push(document);
  }
  const prepared = Array.from(shards.values(), (batch) => prepareBatch(writing, batch, refused)).flat();
  for (const { id, accepted } of prepared) commit(writing, id, accepted);
  database.announce();
  return refused;
}

/** The revisions of one document that may be stored. */
interface Prepared {
  readonly id: string;
  readonly accepted: readonly Accepted[];
}

interface Accepted {
  readonly document: IncomingDocument;
  readonly content: StoredRevision;
}

/**
 * Looks at what one shard is to store. CouchDB saves itself the look where nothing can come of it, and then merges also
 * what is stored already, with the ancestors it may bring.
 */
function prepareBatch(writing: Writing, documents: readonly IncomingDocument[], refused: WriteResult[]): Prepared[] {
  const isLookNeeded =
    isValidated(writing.database) || documents.some(({ id, attachments }) => isDesignId(id) || attachments.length > 0);
  const groups = groupById(documents);
  return isLookNeeded ? groups.map((group) => look(writing, group, refused)) : groups.map(acceptAll);
}

function acceptAll({ id, documents }: Group): Prepared {
  return {
    id,
    accepted: documents.map(({ document }) => ({ document, content: contentOf(document, revOf(document), []) })),
  };
}

/** Of a document that is known, only what becomes a new leaf is stored; the rest counts as stored already. */
function look(writing: Writing, { id, documents }: Group, refused: WriteResult[]): Prepared {
  const { database, validate } = writing;
  const before = database.document(id);
  const fresh = before === undefined ? undefined : newLeaves(before.tree, documents);
  const accepted: Accepted[] = [];
  for (const { document } of documents) {
    const { start, ids } = document.path;
    const rev = revOf(document);
    if (fresh !== undefined && !fresh.has(rev)) continue;
    const previous = nearestContent(before, start - 1, fresh?.get(rev) ?? ids.slice(1));
    const attachments = attachmentsOf(writing, document, before === undefined ? [] : previous?.attachments);
    const content = contentOf(document, rev, attachments);
    const refusal = refusalOf(() => validate({ document, content, replaced: previous?.rev }));
    if (refusal === undefined) accepted.push({ document, content });
    else refused.push({ id, rev, refusal });
  }
  return { id, accepted };
}

/** The leaves that a known tree gets from a group, each with the ids of its ancestors. */
function newLeaves(tree: RevTree, documents: Group['documents']): Map<string, readonly string[]> {
  const known = new Set(leaves(tree).map(({ rev }) => rev));
  const merged = documents.reduce((sum, { document }) => mergePath(sum, document.path, document.deleted).tree, tree);
  const fresh = leaves(merged).filter(({ rev }) => !known.has(rev));
  return new Map(fresh.map(({ rev }) => [rev, pathTo(merged, rev)?.ids.slice(1) ?? []]));
}

/** Merges what was accepted of one document, and forgets what is longer than the limit. */
function commit({ database }: Writing, id: string, accepted: readonly Accepted[]): void {
  const before = database.document(id);
  const old = before?.tree ?? emptyTree;
  const known = before?.contents ?? [];
  const merged = accepted.reduce((tree, { document }) => mergePath(tree, document.path, document.deleted).tree, old);
  const tree = stem(merged, database.revsLimit);
  const contents = keepContents(
    tree,
    known,
    accepted.map(({ content }) => content),
  );
  if (tree !== old || contents.length !== known.length) database.store(id, tree, contents);
}

function revOf({ path }: IncomingDocument): string {
  return formatRev(path.start, path.ids[0] ?? '');
}
