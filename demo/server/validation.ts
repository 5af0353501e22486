import { formatRev } from '../../src/revs/rev.ts';
import { attachmentsJson } from './attachment-members.ts';
import type { Database } from './database.ts';
import { checkDesignDocument } from './design-document.ts';
import type { StoredRevision } from './document.ts';
import { isDesignId, isLocalId } from './document-id.ts';
import { compileFunction, type DesignFunction, FunctionError } from './functions.ts';
import type { Identity } from './identity.ts';
import type { IncomingDocument } from './incoming.ts';
import { Refusal } from './model.ts';
import { revisionsText, revisionText, showRevision } from './show.ts';

/** A document about to be written. */
export interface Candidate {
  readonly document: IncomingDocument;
  /** What would be stored. */
  readonly content: StoredRevision;
  /** The revision whose content it replaces; none for a new document. */
  readonly replaced: string | undefined;
}

/**
 * Lets a document pass, or not.
 *
 * @throws Refusal as the validation functions want it
 */
export type Validate = (candidate: Candidate) => void;

/**
 * The check of writes to a database by a user: design documents need an admin and the right form, all others must please
 * every `validate_doc_update` of the database.
 *
 * @param requireAdmin throws unless the user administers the database
 */
export function validation(database: Database, user: Identity, requireAdmin: () => void): Validate {
  const context = { db: database.name, name: user.name, roles: user.roles };
  return ({ document, content, replaced }) => {
    if (isLocalId(document.id)) return;
    if (isDesignId(document.id)) {
      requireAdmin();
      checkDesignDocument(document.body);
      return;
    }
    const functions = validationFunctions(database);
    if (functions.length === 0) return;
    const next: unknown = JSON.parse(candidateText(document, content));
    const before: unknown = JSON.parse(replacedText(database, document.id, replaced));
    const security: unknown = JSON.parse(database.security.text);
    for (const check of functions) ask(check, [next, before, context, security]);
  };
}

/** Whether a database has validation functions. */
export function isValidated(database: Database): boolean {
  return validationFunctions(database).length > 0;
}

const compiled = new WeakMap<Database, { revision: number; functions: DesignFunction[] }>();

/** The validation functions of a database, compiled once for each state of its design documents. */
function validationFunctions(database: Database): readonly DesignFunction[] {
  const known = compiled.get(database);
  if (known?.revision === database.designRevision) return known.functions;
  const functions: DesignFunction[] = [];
  for (const design of database.designDocuments()) {
    const { rev, deleted } = design.winner;
    const content = deleted ? undefined : design.content(rev);
    const members: unknown = content && JSON.parse(`{${content.members}}`);
    if (typeof members !== 'object' || members === null || !('validate_doc_update' in members)) continue;
    if (typeof members.validate_doc_update === 'string') functions.push(compileFunction(members.validate_doc_update));
  }
  compiled.set(database, { revision: database.designRevision, functions });
  return functions;
}

function ask(check: DesignFunction, args: readonly unknown[]): void {
  try {
    check.call(...args);
  } catch (error) {
    throw error instanceof FunctionError ? refusalFor(error) : error;
  }
}

/** What a validation function throws: `{forbidden: …}`, `{unauthorized: …}`, or anything else. */
function refusalFor({ thrown, message }: FunctionError): Refusal {
  if (typeof thrown === 'object' && thrown !== null) {
    if ('forbidden' in thrown) return new Refusal(403, 'forbidden', textOf(thrown.forbidden));
    if ('unauthorized' in thrown) return new Refusal(401, 'unauthorized', textOf(thrown.unauthorized));
    if ('error' in thrown && 'reason' in thrown) return new Refusal(500, textOf(thrown.error), textOf(thrown.reason));
  }
  return new Refusal(500, 'unknown_error', message);
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** A document before it is stored: with the revision it comes with, which for an edit is the one it replaces. */
function candidateText({ id, path, deleted }: IncomingDocument, { members, attachments }: StoredRevision): string {
  const rev = path.ids.length === 0 ? '' : formatRev(path.start, path.ids[0] ?? '');
  const revisions = rev === '' ? '' : `,"_revisions":${revisionsText(path)}`;
  const stubs = attachments.length === 0 ? '' : `,"_attachments":${attachmentsJson(attachments, {})}`;
  return revisionText(id, { rev, members, attachments }, deleted, revisions + stubs);
}

function replacedText(database: Database, id: string, rev: string | undefined): string {
  const document = database.document(id);
  if (document === undefined || rev === undefined) return 'null';
  return showRevision(database, document, rev, { revs: true })?.json ?? 'null';
}
