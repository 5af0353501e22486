import { leaves } from '../../src/revs/leaves.ts';
import type { ChangesOptions } from './changes-options.ts';
import type { ChangesFilter } from './changes-pass.ts';
import type { Database } from './database.ts';
import { designFunction } from './design-functions.ts';
import type { StoredDocument } from './document.ts';
import { type DesignFunction, FunctionError } from './functions.ts';
import { isObject, isTextList, type JsonObject } from './json.ts';
import { parseJson } from './json-parse.ts';
import { Refusal, type Request } from './model.ts';
import { badRequest, crash } from './refusals.ts';
import { compileSelector } from './selector.ts';
import { showRevision } from './show.ts';

/** The filter of a feed, and the members of a document it lets through where it names them. */
export interface FeedFilter extends ChangesFilter {
  readonly fields?: readonly string[] | undefined;
}

/**
 * The filter that a request asks for.
 *
 * @param body the body of a POST; absent when there is none
 * @throws Refusal 400 for a malformed one, 404 for one that is not there
 */
export function filterOf(
  request: Request,
  { filter, style }: ChangesOptions,
  database: Database,
  body: JsonObject | undefined,
): FeedFilter {
  const told = style === 'all_docs' ? leafRevisions : winningRevision;
  switch (filter) {
    case '':
      return { revisions: told };
    case '_doc_ids':
      return documentIds(readDocumentIds(request, body), told);
    case '_design':
      return { revisions: told, candidates: (all) => all.designDocuments() };
    case '_selector':
      return selected(database, told, body);
    case '_view':
      return viewed(request, database, told);
  }
  if (filter.startsWith('_')) throw badRequest('unknown builtin filter name');
  return custom(request, database, told, filter);
}

type Told = (document: StoredDocument) => readonly string[];

/** So many documents are looked up; of more, all changes are read. */
const LOOKUP_LIMIT = 100;

function winningRevision(document: StoredDocument): readonly string[] {
  return [document.winner.rev];
}

function leafRevisions(document: StoredDocument): readonly string[] {
  return leaves(document.tree).map(({ rev }) => rev);
}

function documentIds(ids: readonly string[], told: Told): FeedFilter {
  const wanted = new Set(ids);
  const revisions = (document: StoredDocument): readonly string[] => (wanted.has(document.id) ? told(document) : []);
  if (ids.length > LOOKUP_LIMIT) return { revisions };
  const candidates = (all: Database): StoredDocument[] =>
    Array.from(wanted, (id) => all.document(id)).filter((document) => document !== undefined);
  return { revisions, candidates };
}

function readDocumentIds(request: Request, body: JsonObject | undefined): string[] {
  const ids = request.method === 'POST' ? body?.get('doc_ids') : parseJson(request.query.get('doc_ids') ?? 'null');
  if (isTextList(ids)) return ids;
  throw badRequest('`doc_ids` filter parameter is not a list of doc ids.');
}

function selected(database: Database, told: Told, body: JsonObject | undefined): FeedFilter {
  const selector = body?.get('selector');
  if (!isObject(selector)) throw badRequest('Selector error: expected a JSON object');
  const matches = compile(selector);
  const fields = body?.get('fields');
  if (fields !== undefined && !isTextList(fields)) throw badRequest('Selector error: fields must be JSON array');
  return {
    revisions: (document) => told(document).filter((rev) => matches(jsonOf(database, document, rev))),
    fields,
  };
}

/** On a feed, whatever is wrong with a selector is a bad request. */
function compile(selector: JsonObject): ReturnType<typeof compileSelector> {
  try {
    return compileSelector(selector);
  } catch (error) {
    throw error instanceof Refusal ? badRequest(error.reason) : error;
  }
}

function viewed(request: Request, database: Database, told: Told): FeedFilter {
  const [design, view, ...rest] = (request.query.get('view') ?? '').split('/').filter((part) => part !== '');
  if (design === undefined) throw badRequest('`view` filter parameter is not provided.');
  if (view === undefined || rest.length > 0) throw badRequest('`view` must be of the form `designname/viewname`');
  const map = designFunction(database, design, ['views', view, 'map']);
  return {
    revisions: (document) =>
      told(document).filter((rev) => run(map, (f) => f.map(plainOf(database, document, rev)).length > 0)),
  };
}

function custom(request: Request, database: Database, told: Told, name: string): FeedFilter {
  const [design, filter, ...rest] = name.split('/').filter((part) => part !== '');
  if (design === undefined) return { revisions: told };
  if (filter === undefined || rest.length > 0) {
    throw badRequest('`filter` must be of the form `designname/filtername`');
  }
  const passes = designFunction(database, design, ['filters', filter]);
  const view = requestObject(request, database);
  return {
    revisions: (document) =>
      told(document).filter((rev) => run(passes, (f) => f.call(plainOf(database, document, rev), view) === true)),
  };
}

/** The request as filter functions see it. */
function requestObject(request: Request, database: Database): unknown {
  const { method, path, query, identity } = request;
  return {
    method,
    path,
    query: Object.fromEntries(query),
    userCtx: { db: database.name, name: identity.name, roles: identity.roles },
    secObj: JSON.parse(database.security.text),
  };
}

function run<R>(compiled: DesignFunction, use: (compiled: DesignFunction) => R): R {
  try {
    return use(compiled);
  } catch (error) {
    if (error instanceof FunctionError) throw crash('error', '{<<"unnamed_error">>,null}');
    throw error;
  }
}

function textOf(database: Database, document: StoredDocument, rev: string): string {
  return showRevision(database, document, rev, {})?.json ?? '{}';
}

function jsonOf(database: Database, document: StoredDocument, rev: string): JsonObject {
  const value = parseJson(textOf(database, document, rev));
  return isObject(value) ? value : new Map();
}

function plainOf(database: Database, document: StoredDocument, rev: string): unknown {
  return JSON.parse(textOf(database, document, rev));
}
