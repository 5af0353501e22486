import { jsonAnswer } from '../answers.ts';
import { isLocalId } from '../document-id.ts';
import { storeEdits } from '../edit.ts';
import { type DatabaseExchange, type Endpoint, readJsonObject } from '../exchange.ts';
import type { IncomingDocument } from '../incoming.ts';
import { quoteJson } from '../json.ts';
import { writeLocal } from '../local-document.ts';
import type { Answer } from '../model.ts';
import { badRequest } from '../refusals.ts';
import { storeRevisions } from '../replicate.ts';
import type { WriteResult } from '../write.ts';
import { receiveDocument, requireRevision, writingOf } from './receive.ts';

/** `POST /{db}/_bulk_docs`. */
export const bulkDocs: Endpoint<DatabaseExchange> = { allow: 'POST', methods: { POST: write } };

async function write(exchange: DatabaseExchange): Promise<Answer> {
  const body = await readJsonObject(exchange.request);
  const values = body.get('docs');
  if (values === undefined) throw badRequest('POST body must include `docs` parameter.');
  if (!Array.isArray(values)) throw badRequest('`docs` parameter must be an array.');
  const newEdits = body.get('new_edits') ?? true;
  if (typeof newEdits !== 'boolean') throw badRequest('`new_edits` parameter must be a boolean.');
  const documents = values.map((value) => {
    const document = receiveDocument(exchange, value);
    if (!newEdits) requireRevision(document);
    return document.id === '' ? { ...document, id: exchange.state.newId() } : document;
  });
  const results = newEdits ? writeAll(exchange, documents) : writeGiven(exchange, documents);
  return jsonAnswer(`[${results.map(resultText).join(',')}]`, 201);
}

/** Ordinary and local documents, the results in the order given. */
function writeAll(exchange: DatabaseExchange, documents: readonly IncomingDocument[]): readonly WriteResult[] {
  const ordinary = storeEdits(
    writingOf(exchange),
    documents.filter(({ id }) => !isLocalId(id)),
  ).values();
  return documents.map((document) => {
    if (isLocalId(document.id)) return writeLocal(exchange.database, document);
    const { value } = ordinary.next();
    if (value === undefined) throw new Error('A write without a result');
    return value;
  });
}

/** Revisions as they are given; only what was refused is told. */
function writeGiven(exchange: DatabaseExchange, documents: readonly IncomingDocument[]): readonly WriteResult[] {
  const locals = documents.filter(({ id }) => isLocalId(id));
  const ordinary = documents.filter(({ id }) => !isLocalId(id));
  const refused = storeRevisions(writingOf(exchange), ordinary);
  const written = locals.map((document) => writeLocal(exchange.database, document));
  return [...written.filter(({ refusal }) => refusal !== undefined), ...refused];
}

function resultText({ id, rev, refusal }: WriteResult): string {
  const named = `"id":${quoteJson(id)}${rev === undefined ? '' : `,"rev":${quoteJson(rev)}`}`;
  if (refusal === undefined) return `{"ok":true,${named}}`;
  return `{${named},"error":${quoteJson(refusal.error)},"reason":${quoteJson(refusal.reason)}}`;
}
