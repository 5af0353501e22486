import { isMatched, notModified, streamAnswer } from '../answers.ts';
import { begun } from '../begun.ts';
import { type FeedContext, feedPieces, startOfFeed } from '../changes-feed.ts';
import { filterOf } from '../changes-filter.ts';
import { type ChangesOptions, type FeedOptions, readChangesOptions } from '../changes-options.ts';
import type { ReadOptions } from '../changes-pass.ts';
import type { Database } from '../database.ts';
import { entityTag } from '../digest.ts';
import type { StoredDocument } from '../document.ts';
import { type DatabaseExchange, type Endpoint, readJsonObject, requireJson } from '../exchange.ts';
import { changeText, feedForm } from '../feed-form.ts';
import { isObject, type JsonObject, writeJson } from '../json.ts';
import { parseJson } from '../json-parse.ts';
import type { Answer, Request } from '../model.ts';
import { projectFields } from '../selector-field.ts';
import { type ShowOptions, showRevision } from '../show.ts';
import type { ServerState } from '../state.ts';
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
    choose: state.interleave(request),
  };
  const show = options.includeDocs ? shower(database, options, filter.fields) : undefined;
  const form = feedForm(
    options.feed,
    (change) => changeText(change, show?.(change.document)),
    (lastSequence, pending) => `"last_seq":"${lastSequence}","pending":${pending}`,
  );
  const pieces = feedPieces(feedContext(state, request, database), options, read, start, form);
  return streamAnswer(await begun(pieces), feedHeaders(options, etag));
}

/** What a feed of a database needs of the server. */
export function feedContext(
  { platform, config, isDown }: ServerState,
  { signal }: Request,
  database: Database,
): FeedContext {
  const { changesTimeout, chunkSize } = config;
  return { database, platform, signal, longestWait: changesTimeout, chunkSize, inMaintenance: isDown };
}

/** The headers of a feed, beside the usual ones. */
export function feedHeaders({ feed }: FeedOptions, etag: string): Readonly<Record<string, string>> {
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
    meta: { conflicts },
    attachments: { content: attachments ? 'inline' : undefined, encodingInfo },
  };
  return (document) => {
    const text = showRevision(database, document, document.winner.rev, show)?.json ?? 'null';
    if (fields === undefined) return text;
    const value = parseJson(text);
    return isObject(value) ? writeJson(projectFields(value, fields)) : text;
  };
}
