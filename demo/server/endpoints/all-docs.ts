import { streamAnswer } from '../answers.ts';
import type { Database } from '../database.ts';
import type { StoredDocument } from '../document.ts';
import { isDesignId, isLocalId } from '../document-id.ts';
import { type DatabaseExchange, type Endpoint, readJsonObject } from '../exchange.ts';
import { isObject, type JsonObject, type JsonValue, quoteJson, writeJson } from '../json.ts';
import { type ListQuery, readListQuery, sliceOf } from '../list-query.ts';
import { localText } from '../local-document.ts';
import type { Answer, Query } from '../model.ts';
import { compareBytes } from '../order.ts';
import { badRequest } from '../refusals.ts';
import { type ListHead, rowListPieces } from '../row-list.ts';
import { endPosition, formatSequence, type Position } from '../sequence.ts';
import { showRevision } from '../show.ts';

/** The documents that a list is of. */
export type Namespace = '_all_docs' | '_design_docs' | '_local_docs';

/** `/{db}/_all_docs`, `_design_docs`, `_local_docs`. */
export function allDocs(namespace: Namespace): Endpoint<DatabaseExchange> {
  return {
    allow: 'GET,HEAD,POST',
    methods: {
      GET: (exchange) => answerList(exchange, namespace),
      POST: async (exchange) => answerList(exchange, namespace, await readJsonObject(exchange.request)),
    },
  };
}

/** `/{db}/_all_docs/queries`: several lists in one answer. */
export function allDocsQueries(namespace: Namespace): Endpoint<DatabaseExchange> {
  return { allow: 'POST', methods: { POST: (exchange) => answerLists(exchange, namespace) } };
}

function answerList(exchange: DatabaseExchange, namespace: Namespace, body?: JsonObject): Answer {
  const keys = body?.get('keys');
  if (keys !== undefined && !Array.isArray(keys)) throw badRequest('`keys` body member must be an array.');
  const query = readListQuery(exchange.request.query, body);
  const { head, rows } = listOf(exchange.database, namespace, query);
  const { chunkSize } = exchange.state.config;
  return streamAnswer(withLineBreak(rowListPieces(head, rows, chunkSize)));
}

async function answerLists(exchange: DatabaseExchange, namespace: Namespace): Promise<Answer> {
  const { database, request, state } = exchange;
  const queries = (await readJsonObject(request)).get('queries');
  if (!Array.isArray(queries)) throw badRequest('POST body must include `queries` parameter.');
  const lists = queries.map((query) =>
    listOf(database, namespace, readListQuery(NO_QUERY, isObject(query) ? query : undefined)),
  );
  return streamAnswer(withLineBreak(severalLists(lists, state.config.chunkSize)));
}

function* severalLists(lists: readonly List[], chunkSize: number): Generator<string> {
  yield '{"results":[';
  let before = '\r\n';
  for (const { head, rows } of lists) {
    yield* rowListPieces(head, rows, chunkSize, before);
    before = ',\r\n';
  }
  yield '\r\n]}';
}

function* withLineBreak(pieces: Iterable<string>): Generator<string> {
  yield* pieces;
  yield '\n';
}

const NO_QUERY: Query = { get: () => undefined, [Symbol.iterator]: () => [].values() };

interface List {
  readonly head: ListHead;
  readonly rows: Iterable<string>;
}

function listOf(database: Database, namespace: Namespace, query: ListQuery): List {
  const ids = idsOf(database, namespace);
  const isLocal = namespace === '_local_docs';
  const updateSeq = query.updateSeq ? formatSequence(database, bareEnd(database)) : undefined;
  if (query.keys !== undefined) {
    const keys = query.keys.slice(query.skip, query.skip + query.limit);
    const head = { totalRows: isLocal ? null : ids.length, offset: null, updateSeq };
    return { head, rows: mapped(keys, (key) => keyRow(database, key, query)) };
  }
  const { items, offset } = sliceOf(ids, query, compareWithKey);
  // CouchDB counts the rows before the first among all documents, but never more than there are in the list.
  const before = namespace === '_design_docs' ? designOffset(database, query) : offset;
  const head = {
    totalRows: isLocal ? null : ids.length,
    offset: isLocal ? null : Math.min(before, ids.length),
    updateSeq,
  };
  return { head, rows: mapped(items, (id) => keyRow(database, id, query)) };
}

/** The end of the feed as CouchDB tells it here: without saying which shards it belongs to. */
function bareEnd(database: Database): Position {
  return endPosition(database).map(({ sequence }) => ({ sequence, uuid: '' }));
}

function* mapped<T>(items: readonly T[], toRow: (item: T) => string): Generator<string> {
  for (const item of items) yield toRow(item);
}

function idsOf(database: Database, namespace: Namespace): readonly string[] {
  if (namespace === '_local_docs') return [...database.locals.keys()].sort(compareBytes);
  const ids = database.sortedIds();
  return namespace === '_all_docs' ? ids : ids.filter(isDesignId);
}

function designOffset(database: Database, { startKey, skip }: ListQuery): number {
  const start = startKey ?? '_design/';
  return database.sortedIds().filter((id) => compareWithKey(id, start) < 0).length + skip;
}

/** Keys that are no text come before all ids. */
function compareWithKey(id: string, key: JsonValue): number {
  return typeof key === 'string' ? compareBytes(id, key) : 1;
}

function keyRow(database: Database, key: JsonValue, query: ListQuery): string {
  if (typeof key !== 'string') return missingRow(key);
  if (isLocalId(key)) return localRow(database, key, query);
  const document = database.document(key);
  return document === undefined ? missingRow(key) : documentRow(database, document, query);
}

function missingRow(key: JsonValue): string {
  return `{"key":${writeJson(key)},"error":"not_found"}`;
}

function localRow(database: Database, id: string, { includeDocs }: ListQuery): string {
  const local = database.locals.get(id);
  if (local === undefined) return missingRow(id);
  const doc = includeDocs ? `,"doc":${localText(local)}` : '';
  return `{"id":${quoteJson(id)},"key":${quoteJson(id)},"value":{"rev":"${local.rev}"}${doc}}`;
}

function documentRow(database: Database, document: StoredDocument, query: ListQuery): string {
  const { rev, deleted } = document.winner;
  const id = quoteJson(document.id);
  const value = `{"rev":${quoteJson(rev)}${deleted ? ',"deleted":true' : ''}}`;
  const doc = query.includeDocs ? `,"doc":${deleted ? 'null' : documentText(database, document, rev, query)}` : '';
  return `{"id":${id},"key":${id},"value":${value}${doc}}`;
}

function documentText(
  database: Database,
  document: StoredDocument,
  rev: string,
  { conflicts, attachments, encodingInfo }: ListQuery,
): string {
  const shown = showRevision(database, document, rev, {
    meta: { conflicts },
    attachments: { content: attachments ? 'inline' : undefined, encodingInfo },
  });
  return shown?.json ?? 'null';
}
