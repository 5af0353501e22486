import { jsonAnswer, streamAnswer } from '../answers.ts';
import { compareJson } from '../collation.ts';
import type { Database } from '../database.ts';
import { designFunction, openDesignDocument } from '../design-functions.ts';
import { md5Hex } from '../digest.ts';
import { isDesignId } from '../document-id.ts';
import { type DatabaseExchange, type Endpoint, readJsonObject } from '../exchange.ts';
import { FunctionError } from '../functions.ts';
import { isObject, type JsonObject, type JsonValue, quoteJson, writeJson } from '../json.ts';
import { parseJson } from '../json-parse.ts';
import { type ListQuery, readListQuery, sliceOf } from '../list-query.ts';
import { type Answer, Refusal } from '../model.ts';
import { compareBytes } from '../order.ts';
import { rowListPieces } from '../row-list.ts';
import { showRevision } from '../show.ts';

/** `/{db}/_design/{ddoc}/_info`. */
export function designInfo(design: string): Endpoint<DatabaseExchange> {
  return {
    allow: 'GET',
    methods: {
      GET: ({ database }) => {
        const body = openDesignDocument(database, design);
        const language = body.get('language');
        const size = writeJson(body.get('views') ?? null).length;
        const index =
          `{"updates_pending":{"minimum":0,"preferred":0,"total":0},"waiting_commit":false,"waiting_clients":0,` +
          `"updater_running":false,"update_seq":${database.sequence},"sizes":{"file":${size},"external":${size},` +
          `"active":${size}},"signature":"${md5Hex(writeJson(body))}","purge_seq":0,` +
          `"language":${quoteJson(typeof language === 'string' ? language : 'javascript')},` +
          `"compact_running":false,"collator_versions":["153.120"]}`;
        return jsonAnswer(`{"name":${quoteJson(design)},"view_index":${index}}`);
      },
    },
  };
}

/** `/{db}/_design/{ddoc}/_view/{view}`: what the map function emits. Reduce functions are not run. */
export function view(design: string, name: string): Endpoint<DatabaseExchange> {
  return {
    allow: 'GET,POST,HEAD',
    methods: {
      GET: (exchange) => answerView(exchange, design, name),
      POST: async (exchange) => answerView(exchange, design, name, await readJsonObject(exchange.request)),
    },
  };
}

/** A row of a view. */
interface ViewRow {
  readonly id: string;
  readonly key: JsonValue;
  readonly value: JsonValue;
}

function answerView(exchange: DatabaseExchange, design: string, name: string, body?: JsonObject): Answer {
  const { database, request, state } = exchange;
  const query = readListQuery(request.query, body);
  if (query.reduce && hasReduce(database, design, name)) {
    throw new Refusal(501, 'not_implemented', 'this feature is not yet implemented');
  }
  const rows = mapAll(database, design, name);
  const found = query.keys === undefined ? inRange(rows, query) : byKeys(rows, query, query.keys);
  const head = { totalRows: rows.length, offset: found.offset };
  const texts = found.items.map((row) => rowText(database, row, query));
  return streamAnswer(pieces(rowListPieces(head, texts, state.config.chunkSize)));
}

function* pieces(list: Iterable<string>): Generator<string> {
  yield* list;
  yield '\n';
}

function hasReduce(database: Database, design: string, name: string): boolean {
  const views = openDesignDocument(database, design).get('views');
  const definition = isObject(views) ? views.get(name) : undefined;
  return isObject(definition) && definition.has('reduce');
}

/** All rows of a view, in the order of keys, then of ids. */
function mapAll(database: Database, design: string, name: string): ViewRow[] {
  const map = designFunction(database, design, ['views', name, 'map']);
  const rows: ViewRow[] = [];
  for (const id of database.sortedIds()) {
    const document = database.document(id);
    if (document === undefined || isDesignId(id)) continue;
    const text = showRevision(database, document, document.winner.rev, {})?.json ?? '{}';
    try {
      for (const [key, value] of map.map(JSON.parse(text))) rows.push({ id, key: toJson(key), value: toJson(value) });
    } catch (error) {
      // A document that a map function throws for has no rows.
      if (!(error instanceof FunctionError)) throw error;
    }
  }
  return rows.sort((a, b) => compareJson(a.key, b.key) || compareBytes(a.id, b.id));
}

function inRange(rows: readonly ViewRow[], query: ListQuery): { offset: number; items: readonly ViewRow[] } {
  return sliceOf(rows, query, (row, key) => compareJson(row.key, key));
}

function byKeys(rows: readonly ViewRow[], { skip, limit }: ListQuery, keys: readonly JsonValue[]) {
  const items = keys.flatMap((key) => rows.filter((row) => compareJson(row.key, key) === 0));
  return { offset: 0, items: items.slice(skip, skip + limit) };
}

function rowText(database: Database, { id, key, value }: ViewRow, { includeDocs, conflicts }: ListQuery): string {
  const row = `"id":${quoteJson(id)},"key":${writeJson(key)},"value":${writeJson(value)}`;
  if (!includeDocs) return `{${row}}`;
  const document = database.document(id);
  const shown = document && showRevision(database, document, document.winner.rev, { meta: { conflicts } });
  return `{${row},"doc":${shown?.json ?? 'null'}}`;
}

/** What a function gave back: plain data, whose numbers are JavaScript's. */
function toJson(value: unknown): JsonValue {
  return parseJson(JSON.stringify(value));
}
