import type { RevisionPath } from '../../src/revs/path.ts';
import { canonicalRevId, formatRev, parseRev, type Rev } from '../../src/revs/rev.ts';
import { type AttachmentDraft, readAttachments, takeFollowing } from './attachments.ts';
import { checkDocumentId } from './document-id.ts';
import { isObject, JsonNumber, type JsonObject, type JsonValue } from './json.ts';
import { ownText } from './own-text.ts';
import { badRequest } from './refusals.ts';

/** A document as somebody sends it, taken apart. */
export interface IncomingDocument {
  /** Empty when the document does not say; the address of the request does, then. */
  readonly id: string;
  /** `_revisions`, else `_rev` alone; no ids when the document names neither. */
  readonly path: RevisionPath;
  readonly deleted: boolean;
  /** The members that are stored as they are. */
  readonly body: JsonObject;
  readonly attachments: readonly AttachmentDraft[];
}

/**
 * Takes a document apart as CouchDB does, with its checks in its order.
 *
 * @param parts the contents of attachments that follow in parts of their own, in the order of the `follows` entries
 * @throws Refusal 400 for anything that is no document
 */
export function readDocument(value: JsonValue, parts: readonly Uint8Array[] = []): IncomingDocument {
  if (!isObject(value)) throw badRequest('Document must be a JSON object');
  let id = '';
  let path: RevisionPath = NO_PATH;
  let deleted = false;
  let attachments: readonly AttachmentDraft[] = [];
  const body: JsonObject = new Map();
  for (const [name, member] of value) {
    if (!name.startsWith('_') || KEPT.has(name)) body.set(name, member);
    else if (name === '_id') id = ownText(checkDocumentId(member));
    else if (name === '_rev') path = path.ids.length === 0 ? pathOf(readRev(member)) : path;
    else if (name === '_revisions' && isObject(member)) path = readRevisions(member);
    else if (name === '_attachments' && isObject(member)) attachments = readAttachments(member);
    else if (name === '_deleted' && typeof member === 'boolean') deleted = member;
    else if (!IGNORED.has(name)) throw invalid(`Bad special document member: ${name}`);
  }
  return { id, path, deleted, body, attachments: takeFollowing(attachments, parts) };
}

/**
 * Reads a revision, in the spelling that CouchDB gives it.
 *
 * @throws Refusal 400 for anything else
 */
export function readRev(value: JsonValue | undefined): Rev {
  const rev = typeof value === 'string' ? parseRev(value) : undefined;
  const id = rev && storedRevId(rev.id);
  if (rev === undefined || id === undefined) throw badRequest('Invalid rev format');
  return { generation: rev.generation, id: ownText(id) };
}

/**
 * Reads a revision and gives it back as text.
 *
 * @throws Refusal 400 for anything else
 */
export function readRevText(value: JsonValue | undefined): string {
  const { generation, id } = readRev(value);
  return formatRev(generation, id);
}

/** The path of a document that names no revision. */
export const NO_PATH: RevisionPath = { start: 0, ids: [] };

/** The path of a revision whose ancestors are not told. */
export function pathOf(rev: Rev): RevisionPath {
  return { start: rev.generation, ids: [rev.id] };
}

/** Members with an underscore that stay in the body. */
const KEPT = new Set([
  '_access',
  '_replication_state',
  '_replication_state_time',
  '_replication_state_reason',
  '_replication_id',
  '_replication_stats',
]);

/** Members that a server shows and does not take back. */
const IGNORED = new Set(['_revs_info', '_local_seq', '_conflicts', '_deleted_conflicts']);

function readRevisions(revisions: JsonObject): RevisionPath {
  const start = revisions.get('start');
  const ids = revisions.get('ids');
  if (!(start instanceof JsonNumber && start.isInteger)) throw invalid("_revisions.start isn't an integer.");
  if (!Array.isArray(ids)) throw invalid("_revisions.ids isn't a array.");
  return { start: Number(start.text), ids: ids.map(readRevId) };
}

function readRevId(value: JsonValue): string {
  if (typeof value !== 'string') throw invalid("RevId isn't a string");
  const id = storedRevId(value);
  if (id === undefined) throw invalid("RevId isn't a valid hexadecimal");
  return ownText(id);
}

/** How CouchDB spells an id that it has stored. It reads 32 characters as a number, and a number may have a sign. */
function storedRevId(id: string): string | undefined {
  const [, sign, digits] = /^([+-])([0-9a-f]{31})$/i.exec(id) ?? [];
  if (digits === undefined) return canonicalRevId(id);
  const value = BigInt(`0x${digits}`);
  return BigInt.asUintN(128, sign === '-' ? -value : value)
    .toString(16)
    .padStart(32, '0');
}

function invalid(reason: string): Error {
  return badRequest(reason, 'doc_validation');
}
