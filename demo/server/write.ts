import { formatRev, parseRev } from '../../src/revs/rev.ts';
import { branchOf, type RevTree } from '../../src/revs/tree.ts';
import { type Compress, storeAttachments } from './attachments.ts';
import type { Database } from './database.ts';
import type { StoredDocument, StoredRevision } from './document.ts';
import type { IncomingDocument } from './incoming.ts';
import { writeMembers } from './json.ts';
import { Refusal, type StoredAttachment } from './model.ts';
import { compareBytes } from './order.ts';
import { ownText } from './own-text.ts';
import type { Validate } from './validation.ts';

/** What every write needs to know besides the documents. */
export interface Writing {
  readonly database: Database;
  /** Asks the validation functions. */
  readonly validate: Validate;
  /** Bytes of the largest attachment. */
  readonly maxAttachmentSize: number;
  /** Makes the gzip bytes of attachments, where it is not the usual way. */
  readonly compress: Compress | undefined;
}

/** What became of one document: a revision, or why there is none. */
export type WriteResult =
  | { readonly id: string; readonly rev: string; readonly refusal?: undefined }
  | { readonly id: string; readonly rev?: string | undefined; readonly refusal: Refusal };

/** Documents of one batch with the same id, in the order they were sent. */
export interface Group {
  readonly id: string;
  readonly documents: readonly { readonly document: IncomingDocument; readonly index: number }[];
}

/** Gathers the documents of a batch by id, in the order in which CouchDB writes them: that of the ids. */
export function groupById(documents: readonly IncomingDocument[]): Group[] {
  const groups = new Map<string, { document: IncomingDocument; index: number }[]>();
  for (const [index, document] of documents.entries()) {
    const group = groups.get(document.id);
    if (group === undefined) groups.set(document.id, [{ document, index }]);
    else group.push({ document, index });
  }
  return Array.from(groups, ([id, group]) => ({ id, documents: group })).sort((a, b) => compareBytes(a.id, b.id));
}

/** Stores the attachments of a document that comes in. */
export function attachmentsOf(
  { maxAttachmentSize, compress }: Writing,
  { id, attachments }: IncomingDocument,
  parent: readonly StoredAttachment[] | undefined,
  generation?: number,
): readonly StoredAttachment[] {
  if (attachments.length === 0) return NO_ATTACHMENTS;
  return storeAttachments(attachments, { id, parent, generation, maxSize: maxAttachmentSize, compress });
}

/** The content to be stored for a document under a revision. */
export function contentOf(
  document: IncomingDocument,
  rev: string,
  attachments: readonly StoredAttachment[],
): StoredRevision {
  return { rev: ownText(rev), members: ownText(writeMembers(document.body)), attachments };
}

/**
 * The newest content that is stored of the revisions on a path, the path's own tip left out.
 *
 * @param start the generation of the first of `ids`
 */
export function nearestContent(
  document: StoredDocument | undefined,
  start: number,
  ids: readonly string[],
): StoredRevision | undefined {
  if (document === undefined) return undefined;
  for (let i = 0; i < ids.length; i++) {
    const content = document.content(formatRev(start - i, ids[i] ?? ''));
    if (content !== undefined) return content;
  }
  return undefined;
}

/** Runs a check that refuses by throwing; gives its refusal. */
export function refusalOf(check: () => unknown): Refusal | undefined {
  try {
    check();
    return undefined;
  } catch (error) {
    if (error instanceof Refusal) return error;
    throw error;
  }
}

/** The contents a document has after a write: what its tree still knows, each once. */
export function keepContents(
  tree: RevTree,
  before: readonly StoredRevision[],
  added: readonly StoredRevision[],
): readonly StoredRevision[] {
  if (added.length === 0) return before.filter(({ rev }) => isKnown(tree, rev));
  if (before.length === 0 && added.length === 1) return added;
  const byRev = new Map<string, StoredRevision>();
  for (const content of [...before, ...added]) {
    if (!byRev.has(content.rev) && isKnown(tree, content.rev)) byRev.set(content.rev, content);
  }
  return Array.from(byRev.values());
}

function isKnown(tree: RevTree, text: string): boolean {
  const rev = parseRev(text);
  return rev !== undefined && branchOf(tree, rev.generation, rev.id) >= 0;
}

const NO_ATTACHMENTS: readonly StoredAttachment[] = [];
