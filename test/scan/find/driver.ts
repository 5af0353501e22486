import type { JsonObject } from '../../../src/core/json-value.ts';
import type { FindingDetails } from '../../../src/scan/events.ts';
import type {
  RevisionSummary,
  ScanContext,
  ScanDb,
  ScanDoc,
  ScanPlugin,
  ScanRevision,
} from '../../../src/scan/plugin.ts';

/** A document as a test writes it. */
export interface TestDoc {
  readonly _id: string;
  readonly _rev?: string;
  readonly _deleted?: boolean;
  readonly _attachments?: JsonObject;
  readonly [name: string]: unknown;
}

/** The leaf revisions of a document, the winner first; or its JSON text, where it matters how that is written. */
export type TestDocument = TestDoc | readonly TestDoc[] | string;

/** A database as a test writes it. */
export interface TestDatabase {
  readonly name: string;
  readonly docs: readonly TestDocument[];
}

/** A finding of `find`. */
export interface FoundInDoc extends FindingDetails {
  readonly tag: string;
  readonly where: string;
  readonly at?: string;
}

/** A finding of `find` with the database and the document that it is about. */
export interface Found extends FoundInDoc {
  readonly db: string;
}

/** Leads a plugin through databases, in the order in which a scan calls it, and gives what it finds. */
export async function findIn<S>(plugin: ScanPlugin<S>, databases: readonly TestDatabase[]): Promise<Found[]> {
  const findings: Found[] = [];
  let about: { readonly db: string; readonly id?: string; readonly rev?: string } = { db: '' };
  const context: ScanContext = {
    scan: 'test',
    plugin: plugin.name,
    found: (finding) => findings.push({ ...about, tag: '', where: '', ...finding }),
    report: () => {},
    write: async () => {},
    signal: new AbortController().signal,
  };
  const answer = await plugin.start(context, undefined);
  if (!('state' in answer)) throw new Error('The plugin did not start');
  const { state } = answer;
  for (const { name, docs } of databases) {
    const leavesById = new Map(docs.map((doc) => leavesOf(doc)).map((leaves) => [leaves[0]?.id ?? '', leaves]));
    const db: ScanDb = {
      name,
      info: async () => ({ docCount: docs.length, docDelCount: 0, updateSeq: '0' }),
      designDocInfo: async () => undefined,
      revisions: async (id, revs) =>
        (leavesById.get(id) ?? []).filter(({ rev }) => revs === undefined || revs.includes(rev)),
    };
    about = { db: name };
    await plugin.db(state, db, context);
    for (const [id, leaves] of leavesById) {
      const [winner] = leaves;
      if (winner === undefined) continue;
      about = { db: name, id, rev: winner.rev };
      await plugin.docId?.(state, db, id, context);
      const summary: RevisionSummary = { id, seq: '1', deleted: winner.deleted, leaves };
      await plugin.docRevs?.(state, db, summary, context);
      if (!winner.deleted) await plugin.doc?.(state, db, { ...winner, deleted: false }, context);
    }
  }
  return findings;
}

/** What a plugin finds in one document, without saying which. */
export async function findInDoc<S>(plugin: ScanPlugin<S>, doc: TestDocument): Promise<FoundInDoc[]> {
  const findings = await findIn(plugin, [{ name: 'db', docs: [doc] }]);
  return findings.filter(({ where }) => where !== 'db').map(({ db, id, rev, ...finding }) => finding);
}

type Leaf = ScanRevision & Omit<ScanDoc, 'deleted'>;

function leavesOf(doc: TestDocument): readonly Leaf[] {
  if (typeof doc !== 'string') return ('_id' in doc ? [doc] : doc).map((leaf) => leafOf(leaf, JSON.stringify(leaf)));
  return [leafOf(JSON.parse(doc), doc)];
}

function leafOf(doc: TestDoc, text: string): Leaf {
  const body = Object.fromEntries(Object.entries(doc).filter(([name]) => !name.startsWith('_')));
  return {
    id: doc._id,
    rev: doc._rev ?? '1-a',
    deleted: doc._deleted ?? false,
    body,
    attachments: Object.keys(doc._attachments ?? {}),
    text,
  };
}
