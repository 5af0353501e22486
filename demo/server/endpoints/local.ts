import { jsonAnswer, writtenAnswer } from '../answers.ts';
import type { Database } from '../database.ts';
import { entityTag } from '../digest.ts';
import { checkDocumentId } from '../document-id.ts';
import type { DatabaseExchange, Endpoint } from '../exchange.ts';
import { NO_PATH } from '../incoming.ts';
import { parseJsonBytes } from '../json-parse.ts';
import { localText, writeLocal } from '../local-document.ts';
import type { Answer } from '../model.ts';
import { notFound } from '../refusals.ts';
import { addressOf } from '../url.ts';
import { pathFrom, receiveDocument } from './receive.ts';

/** `/{db}/_local/{doc}`. */
export function localEndpoint(id: string): Endpoint<DatabaseExchange> {
  return {
    allow: 'DELETE,GET,HEAD,POST,PUT,COPY',
    methods: {
      GET: ({ database }) => {
        const local = database.locals.get(id);
        if (local === undefined) throw notFound();
        return jsonAnswer(localText(local), 200, { ETag: tagOf(database, id) });
      },
      PUT: (exchange) => putLocal(exchange, id),
      DELETE: (exchange) => deleteLocal(exchange, id),
    },
  };
}

async function putLocal(exchange: DatabaseExchange, id: string): Promise<Answer> {
  checkDocumentId(id);
  const { database, request } = exchange;
  const received = receiveDocument(exchange, parseJsonBytes(await request.body()));
  const result = writeLocal(database, { ...received, id, path: pathFrom(request, received) });
  if (result.refusal !== undefined) throw result.refusal;
  const location = addressOf(request, database.name, id);
  return writtenAnswer(id, result.rev, 201, { ETag: tagOf(database, id), Location: location });
}

/** The revision given does not matter. */
function deleteLocal({ database }: DatabaseExchange, id: string): Answer {
  if (!database.locals.has(id)) throw notFound();
  writeLocal(database, { id, path: NO_PATH, deleted: true, body: new Map(), attachments: [] });
  return writtenAnswer(id, '0-0', 200, { ETag: tagOf(database, id) });
}

/** The tag of a local document: of its content, whatever it is called. */
function tagOf(database: Database, id: string): string {
  const local = database.locals.get(id);
  return entityTag(local?.rev ?? '0-0', local?.members ?? '');
}
