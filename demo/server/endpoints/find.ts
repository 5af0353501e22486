import { streamAnswer } from '../answers.ts';
import { formatBookmark, readBookmark } from '../bookmark.ts';
import type { Database } from '../database.ts';
import { isDesignId } from '../document-id.ts';
import { type DatabaseExchange, type Endpoint, readJsonObject } from '../exchange.ts';
import { Gathering } from '../gathering.ts';
import { isObject, isTextList, JsonNumber, type JsonObject, type JsonValue, quoteJson, writeJson } from '../json.ts';
import { parseJson } from '../json-parse.ts';
import type { Answer } from '../model.ts';
import { badRequest } from '../refusals.ts';
import { compileSelector } from '../selector.ts';
import { projectFields } from '../selector-field.ts';
import { showRevision } from '../show.ts';

/** `/{db}/_find`, without indexes: every document is looked at, in the order of ids. */
export const find: Endpoint<DatabaseExchange> = { allow: 'POST', methods: { POST: answerFind } };

async function answerFind({ database, request, state }: DatabaseExchange): Promise<Answer> {
  const query = readFindQuery(await readJsonObject(request));
  const found: { id: string; text: string }[] = [];
  let examined = 0;
  let matched = 0;
  // Shards are read to their end, however few documents are wanted.
  for (const document of documents(database, query.after)) {
    examined += 1;
    if (found.length === query.limit || !query.matches(document.value)) continue;
    matched += 1;
    if (matched > query.skip) found.push({ id: document.id, text: writeJson(shown(document.value, query.fields)) });
  }
  const last = found.at(-1);
  const bookmark = last === undefined ? 'nil' : formatBookmark(last.id);
  const texts = found.map(({ text }) => text);
  return streamAnswer(findPieces(texts, bookmark, warningFor(examined, found.length), state.config.chunkSize));
}

function* findPieces(
  texts: readonly string[],
  bookmark: string,
  warning: string,
  chunkSize: number,
): Generator<string> {
  yield '{"docs":[';
  const out = new Gathering(chunkSize);
  let separator = '\r\n';
  for (const text of texts) {
    const full = out.add(separator + text);
    separator = ',\r\n';
    if (full !== '') yield full;
  }
  yield `${out.flush()}\r\n]`;
  yield `,\r\n"bookmark": ${quoteJson(bookmark)},\r\n"warning": ${quoteJson(warning)}}\r\n`;
  yield '\n';
}

interface FindQuery {
  readonly matches: (document: JsonObject) => boolean;
  readonly limit: number;
  readonly skip: number;
  readonly fields: readonly string[] | undefined;
  /** The id behind which to begin. */
  readonly after: string | undefined;
}

function readFindQuery(body: JsonObject): FindQuery {
  const selector = body.get('selector');
  if (selector === undefined) throw badRequest('Missing required key: selector', 'missing_required_key');
  const fields = body.get('fields');
  const bookmark = body.get('bookmark');
  return {
    matches: compileSelector(selector),
    limit: readCount(body.get('limit'), 25),
    skip: readCount(body.get('skip'), 0),
    fields: isTextList(fields) ? fields : undefined,
    after: bookmark === undefined || bookmark === 'nil' ? undefined : idIn(bookmark),
  };
}

function* documents(
  database: Database,
  after: string | undefined,
): Generator<{ readonly id: string; readonly value: JsonObject }> {
  const ids = database.sortedIds();
  for (const id of after === undefined ? ids : ids.slice(ids.indexOf(after) + 1)) {
    const document = database.document(id);
    if (document === undefined || isDesignId(id)) continue;
    const value = parseJson(showRevision(database, document, document.winner.rev, {})?.json ?? '{}');
    if (isObject(value)) yield { id, value };
  }
}

function shown(document: JsonObject, fields: readonly string[] | undefined): JsonValue {
  return fields === undefined || fields.length === 0 ? document : projectFields(document, fields);
}

/** CouchDB warns of every search without an index, and more when it had to look at much for little. */
function warningFor(examined: number, found: number): string {
  const noIndex = 'No matching index found, create an index to optimize query time.';
  if (examined <= 10 * found) return noIndex;
  return (
    `${noIndex}\nThe number of documents examined is high in proportion to the number of results returned. ` +
    'Consider adding a more specific index to improve this.'
  );
}

function idIn(bookmark: JsonValue): string {
  const id = typeof bookmark === 'string' ? readBookmark(bookmark) : undefined;
  if (id === undefined) throw badRequest(`Invalid bookmark value: ${writeJson(bookmark)}`, 'invalid_bookmark');
  return id;
}

function readCount(value: JsonValue | undefined, otherwise: number): number {
  return value instanceof JsonNumber && value.isInteger ? Number(value.text) : otherwise;
}
