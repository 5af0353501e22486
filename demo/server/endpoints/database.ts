import { jsonAnswer, okAnswer } from '../answers.ts';
import type { Database } from '../database.ts';
import { type DatabaseExchange, type Endpoint, type Exchange, serve } from '../exchange.ts';
import { quoteJson } from '../json.ts';
import { type Answer, Refusal } from '../model.ts';
import { badRequest, crash, notFound } from '../refusals.ts';
import { endPosition, formatSequence, startPosition } from '../sequence.ts';
import type { ServerState } from '../state.ts';
import { addressOf } from '../url.ts';
import { createDocument } from './document-write.ts';

/** `/{db}` itself. */
export function databaseEndpoint(exchange: Exchange, name: string): Answer | Promise<Answer> {
  const { method } = exchange.request;
  if (method === 'PUT') return create(exchange, name);
  if (method === 'DELETE') return remove(exchange, name);
  return withDatabase(exchange, name, (inDatabase) => serve(existing, inDatabase));
}

/**
 * Does something with a database for somebody who may read it.
 *
 * @throws Refusal 404 when there is none, 401 or 403 for those who may not, 500 during maintenance
 */
export function withDatabase<R>({ request, state }: Exchange, name: string, use: (exchange: DatabaseExchange) => R): R {
  const database = state.database(name);
  if (database === undefined) throw notFound('Database does not exist.');
  if (state.isDown()) {
    throw crash('internal_server_error', 'No DB shards could be opened.', 2122694960);
  }
  state.access.requireMember(request, database.security);
  return use({ request, state, database });
}

/** What there is to know about a database, as JSON text. */
export function databaseInfo(database: Database): string {
  const { name, created, contentSize, fileSize, shards } = database;
  const sizes = `{"file":${fileSize},"external":${contentSize},"active":${contentSize}}`;
  return (
    `{"instance_start_time":"${created}","db_name":${quoteJson(name)},` +
    `"purge_seq":"${formatSequence(database, startPosition(database))}",` +
    `"update_seq":"${formatSequence(database, endPosition(database))}",` +
    `"sizes":${sizes},"props":{},"doc_del_count":${database.tombstoneCount},"doc_count":${database.liveCount},` +
    `"disk_format_version":8,"compact_running":false,"cluster":{"q":${shards.length},"n":1,"w":1,"r":1}}`
  );
}

const existing: Endpoint<DatabaseExchange> = {
  allow: 'DELETE,GET,HEAD,POST',
  methods: {
    GET: ({ database }) => jsonAnswer(databaseInfo(database)),
    POST: createDocument,
  },
};

function create({ request, state }: Exchange, name: string): Answer {
  state.access.requireServerAdmin(request);
  checkDatabaseName(name);
  if (state.database(name) !== undefined) {
    throw new Refusal(412, 'file_exists', 'The database could not be created, the file already exists.');
  }
  state.createDatabase(name, readShardCount(state, request.query.get('q')));
  return okAnswer(201, { Location: addressOf(request, name) });
}

function remove({ request, state }: Exchange, name: string): Answer {
  state.access.requireServerAdmin(request);
  if (request.query.get('rev') !== undefined) {
    throw badRequest(
      'You tried to DELETE a database with a ?=rev parameter. Did you mean to DELETE a document instead?',
    );
  }
  if (!state.deleteDatabase(name)) throw notFound('Database does not exist.');
  return okAnswer();
}

function checkDatabaseName(name: string): void {
  if (/^[a-z][a-z0-9_$()+/-]*$/.test(name) || SYSTEM_DATABASES.has(name)) return;
  throw badRequest(
    `Name: '${name}'. Only lowercase characters (a-z), digits (0-9), and any of the characters _, $, (, ), +, -, ` +
      'and / are allowed. Must begin with a letter.',
    'illegal_database_name',
  );
}

/** The names with an underscore that a database may have. */
const SYSTEM_DATABASES = new Set(['_users', '_replicator', '_global_changes']);

function readShardCount(state: ServerState, text: string | undefined): number {
  if (text === undefined) return state.q;
  const q = Number(text);
  if (!Number.isInteger(q) || q < 1 || q > 256) throw badRequest(`The \`q\` parameter must be a positive integer`);
  return q;
}
