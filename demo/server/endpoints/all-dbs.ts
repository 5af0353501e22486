import { isMatched, notModified, streamAnswer } from '../answers.ts';
import { entityTag } from '../digest.ts';
import { type Endpoint, type Exchange, readJsonObject } from '../exchange.ts';
import { type JsonValue, quoteJson, writeJson } from '../json.ts';
import { readListQuery, sliceOf } from '../list-query.ts';
import type { Answer } from '../model.ts';
import { compareBytes } from '../order.ts';
import { badRequest } from '../refusals.ts';
import type { ServerState } from '../state.ts';
import { databaseInfo } from './database.ts';

/** `/_all_dbs`. */
export const allDatabases: Endpoint<Exchange> = {
  allow: 'GET,HEAD',
  methods: { GET: (exchange) => answerNames(exchange, quoteJson) },
};

/** `/_dbs_info`. */
export const databasesInfo: Endpoint<Exchange> = {
  allow: 'GET,HEAD,POST',
  methods: {
    GET: (exchange) => answerNames(exchange, (name) => infoText(exchange.state, name)),
    POST: answerKeys,
  },
};

function answerNames({ request, state }: Exchange, toText: (name: string) => string): Answer {
  state.access.requireServerAdmin(request);
  const names = state.databaseNames();
  const etag = entityTag(...names);
  if (isMatched(etag, request.headers.get('if-none-match'))) return notModified(etag);
  const { items } = sliceOf(names, readListQuery(request.query), compareWithKey);
  return streamAnswer(listPieces(items, toText), { ETag: etag });
}

async function answerKeys({ request, state }: Exchange): Promise<Answer> {
  state.access.requireServerAdmin(request);
  const keys = (await readJsonObject(request)).get('keys');
  if (!Array.isArray(keys)) throw badRequest('`keys` member must exist.');
  if (keys.length > state.config.maxDatabasesPerInfo) throw badRequest('too_many_keys');
  return streamAnswer(listPieces(keys, (key) => infoText(state, key)));
}

function* listPieces<T>(items: readonly T[], toText: (item: T) => string): Generator<string> {
  yield '[';
  let separator = '';
  for (const item of items) {
    yield separator + toText(item);
    separator = ',';
  }
  yield ']';
  yield '\n';
}

function infoText(state: ServerState, name: JsonValue): string {
  const database = typeof name === 'string' ? state.database(name) : undefined;
  if (database === undefined) return `{"key":${writeJson(name)},"error":"not_found"}`;
  return `{"key":${writeJson(name)},"info":${databaseInfo(database)}}`;
}

function compareWithKey(name: string, key: JsonValue): number {
  return typeof key === 'string' ? compareBytes(name, key) : 1;
}
