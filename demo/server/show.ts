import { conflicts, deletedConflicts, nodeDeleted, pathTo } from '../../src/revs/leaves.ts';
import type { RevisionPath } from '../../src/revs/path.ts';
import { formatRev } from '../../src/revs/rev.ts';
import { type AttachmentView, attachmentsJson, knownGeneration, withContent } from './attachment-members.ts';
import type { Database } from './database.ts';
import type { StoredDocument, StoredRevision } from './document.ts';
import { quoteJson } from './json.ts';
import type { MultipartDocument } from './multipart.ts';

/** What to tell of other revisions, and of the place in the feed. */
export interface MetaOptions {
  /** `_revs_info`. */
  readonly revsInfo?: boolean;
  /** `_conflicts`. */
  readonly conflicts?: boolean;
  /** `_deleted_conflicts`. */
  readonly deletedConflicts?: boolean;
  /** `_local_seq`. */
  readonly localSeq?: boolean;
}

/** What to show of a document besides its own members. */
export interface ShowOptions {
  /** `_revisions`. */
  readonly revs?: boolean;
  readonly meta?: MetaOptions;
  /** How attachments are shown. */
  readonly attachments?: AttachmentView;
  /** The revisions whose attachments the client has: those become stubs (`atts_since`). */
  readonly attsSince?: readonly string[] | undefined;
}

/** A revision as it is shown. */
export interface ShownRevision extends MultipartDocument {
  /** Whether it tells more than belongs to this revision, so that it can change without a new one. */
  readonly hasMeta: boolean;
  /** Whether it has attachments at all, shown as stubs or not. */
  readonly hasAttachments: boolean;
}

/** A revision of a document as CouchDB prints it; `undefined` when its content is not stored. */
export function showRevision(
  database: Database,
  document: StoredDocument,
  rev: string,
  options: ShowOptions,
): ShownRevision | undefined {
  const content = document.content(rev);
  if (content === undefined) return undefined;
  const { id, tree } = document;
  const deleted = nodeDeleted(tree, rev);
  const path = options.revs ? pathTo(tree, rev, database.revsLimit) : undefined;
  const revisions = path === undefined ? '' : `,"_revisions":${revisionsText(path)}`;
  const meta = metaText(document, rev, options.meta ?? {});
  const hasMeta = meta !== '';
  const before = revisions + meta;
  if (content.attachments.length === 0) {
    return {
      id,
      rev,
      json: revisionText(id, content, deleted, before),
      attachments: [],
      hasMeta,
      hasAttachments: false,
    };
  }
  const view = viewOf(document, rev, options);
  const json = revisionText(
    id,
    content,
    deleted,
    `${before},"_attachments":${attachmentsJson(content.attachments, view)}`,
  );
  return { id, rev, json, attachments: withContent(content.attachments, view), hasMeta, hasAttachments: true };
}

/** The text of a revision, with members to follow its own; without `_rev` where that is empty. */
export function revisionText(id: string, { rev, members }: StoredRevision, deleted: boolean, extra = ''): string {
  const head = `"_id":${quoteJson(id)}${rev === '' ? '' : `,"_rev":${quoteJson(rev)}`}`;
  const own = members === '' ? '' : `,${members}`;
  return `{${head}${own}${deleted ? ',"_deleted":true' : ''}${extra}}`;
}

/** The members that tell of other revisions, and of the place in the feed. */
function metaText(document: StoredDocument, rev: string, options: MetaOptions): string {
  let text = '';
  if (options.revsInfo) text += `,"_revs_info":${revsInfoText(document, rev)}`;
  if (options.conflicts) text += revList('_conflicts', conflicts(document.tree));
  if (options.deletedConflicts) text += revList('_deleted_conflicts', deletedConflicts(document.tree));
  if (options.localSeq) text += `,"_local_seq":${document.sequence}`;
  return text;
}

function viewOf(document: StoredDocument, rev: string, { attachments = {}, attsSince }: ShowOptions): AttachmentView {
  if (attsSince === undefined) return attachments;
  const path = pathTo(document.tree, rev);
  return { ...attachments, newerThan: knownGeneration(path === undefined ? [] : revsOf(path), attsSince) };
}

/** The text of `_revisions`. */
export function revisionsText({ start, ids }: RevisionPath): string {
  return `{"start":${start},"ids":[${ids.map(quoteJson).join(',')}]}`;
}

function revsInfoText(document: StoredDocument, rev: string): string {
  const path = pathTo(document.tree, rev);
  const infos = (path === undefined ? [] : revsOf(path)).map((ancestor) => {
    const status = document.content(ancestor) === undefined ? 'missing' : statusOf(document, ancestor);
    return `{"rev":${quoteJson(ancestor)},"status":"${status}"}`;
  });
  return `[${infos.join(',')}]`;
}

function statusOf(document: StoredDocument, rev: string): string {
  return nodeDeleted(document.tree, rev) ? 'deleted' : 'available';
}

function revsOf({ start, ids }: RevisionPath): string[] {
  return ids.map((id, i) => formatRev(start - i, id));
}

function revList(name: string, revs: readonly string[]): string {
  return revs.length === 0 ? '' : `,"${name}":[${revs.map(quoteJson).join(',')}]`;
}
