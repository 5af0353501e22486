import { isMatched, notModified, streamAnswer } from '../answers.ts';
import { begun } from '../begun.ts';
import { feedPieces, startOfFeed } from '../changes-feed.ts';
import { filterOf } from '../changes-filter.ts';
import { type ChangesOptions, readChangesOptions } from '../changes-options.ts';
import type { ReadOptions } from '../changes-pass.ts';
import type { Database } from '../database.ts';
import { entityTag } from '../digest.ts';
import type { StoredDocument } from '../document.ts';
import { type DatabaseExchange, type Endpoint, readJsonObject, requireJson } from '../exchange.ts';
import { isObject, type JsonObject, writeJson } from '../json.ts';
import { parseJson } from '../json-parse.ts';
import type { Answer } from '../model.ts';
import { projectFields } from '../selector-field.ts';
import { type ShowOptions, showRevision } from '../show.ts';
import { databaseInfo } from './database.ts';

/** `/{db}/_changes`. */
export const changes: Endpoint<DatabaseExchange> = {
  allow: 'GET,POST,HEAD',
  methods: {
    GET: (exchange) => answerChanges(exchange, undefined),
    POST: async (exchange) => answerChanges(exchange, await readBody(exchange)),
  },
};

async function readBody({ request }: DatabaseExchange): Promise<JsonObject | undefined> {
  requireJson(request);
  const bytes = await request.body();
  return bytes.length === 0 ? undefined : readJsonObject(request);
}

async function answerChanges(
  { database, request, state }: DatabaseExchange,
  body: JsonObject | undefined,
): Promise<Answer> {
  const options = readChangesOptions(request.query, request.headers);
  const filter = filterOf(request, options, database, body);
  const etag = entityTag(databaseInfo(database));
  if (options.feed === 'normal' && isMatched(etag, request.headers.get('if-none-match'))) return notModified(etag);
  const start = startOfFeed(database, options);
  const read: ReadOptions = {
    descending: options.descending,
    filter,
    sequenceInterval: options.sequenceInterval,
    show: options.includeDocs ? shower(database, options, filter.fields) : undefined,
    choose: state.interleave(request),
  };
  const context = {
    database,
    platform: state.platform,
    signal: request.signal,
    longestWait: state.config.changesTimeout,
    chunkSize: state.config.chunkSize,
    inMaintenance: () => state.maintenance === 'true',
  };
  return streamAnswer(await begun(feedPieces(context, options, read, start)), headersOf(options, etag));
}

function headersOf({ feed }: ChangesOptions, etag: string): Readonly<Record<string, string>> {
  if (feed === 'normal') return { ETag: etag };
  return feed === 'eventsource' ? { 'Cache-Control': 'no-cache', 'Content-Type': 'text/event-stream' } : {};
}

/** Shows the winner of a document, or only some of its members. */
function shower(
  database: Database,
  { conflicts, attachments, encodingInfo }: ChangesOptions,
  fields: readonly string[] | undefined,
): (document: StoredDocument) => string {
  const show: ShowOptions = {
    conflicts,
    attachments: { content: attachments ? 'inline' : undefined, encodingInfo },
  };
  return (document) => {
    const text = showRevision(database, document, document.winner.rev, show)?.json ?? 'null';
    if (fields === undefined) return text;
    const value = parseJson(text);
    return isObject(value) ? writeJson(projectFields(value, fields)) : text;
  };
}
