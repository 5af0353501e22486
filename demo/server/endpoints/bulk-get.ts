import { acceptsType } from '../accept.ts';
import { jsonAnswer } from '../answers.ts';
import { checkDocumentId, isLocalId } from '../document-id.ts';
import { type DatabaseExchange, type Endpoint, readJsonObject } from '../exchange.ts';
import { readRevText } from '../incoming.ts';
import { isObject, type JsonObject, type JsonValue, quoteJson, writeJson } from '../json.ts';
import { type Answer, Refusal, type Request } from '../model.ts';
import { bulkGetBoundary, bulkGetPieces, type MultipartDocument } from '../multipart.ts';
import { openRevisions } from '../open-revisions.ts';
import { badRequest, crash } from '../refusals.ts';
import { type ShowOptions, showRevision } from '../show.ts';
import { refusalOf } from '../write.ts';

/** `POST /{db}/_bulk_get`. */
export const bulkGet: Endpoint<DatabaseExchange> = { allow: 'POST', methods: { POST: read } };

async function read(exchange: DatabaseExchange): Promise<Answer> {
  const { request, state } = exchange;
  const body = await readJsonObject(request);
  const entries = body.get('docs');
  if (entries === undefined) throw badRequest("Missing JSON list of 'docs'.");
  if (!Array.isArray(entries)) throw crash('unknown_error', 'function_clause', 904091428);
  checkParameters(request);
  const isMultipart = wantsMultipart(request);
  const results = entries.map((entry) => lookUp(exchange, entry, isMultipart));
  if (!isMultipart) return jsonAnswer(`{"results":[${results.map(resultText).join(',')}]}`);

  const outer = bulkGetBoundary(state.newId());
  const type = acceptsType(request.headers.get('accept'), 'multipart/mixed') ? 'mixed' : 'related';
  const parts = results.map(({ docs }) => docs.map(({ shown, error }) => shown ?? { error }));
  return {
    status: 200,
    headers: { 'Content-Type': `multipart/${type}; boundary="${outer}"` },
    body: bulkGetPieces(parts, outer, () => bulkGetBoundary(state.newId())),
  };
}

/** What was found for one entry. */
interface Result {
  readonly id: JsonValue;
  readonly docs: readonly Found[];
}

/** A revision, or what is told instead. */
type Found =
  | { readonly shown: MultipartDocument; readonly error?: undefined }
  | { readonly shown?: undefined; readonly error: string };

function lookUp(exchange: DatabaseExchange, entry: JsonValue, isMultipart: boolean): Result {
  if (!isObject(entry) || entry.size === 0) {
    return failed(null, null, new Refusal(400, 'bad_request', 'document must be a JSON object'));
  }
  const id = entry.get('id');
  if (id === undefined) return failed(null, null, new Refusal(400, 'bad_request', 'document id missed'));
  if (typeof id !== 'string') throw crash('unknown_error', 'function_clause', 2711967810);
  const asked = readEntry(entry, id);
  return 'refusal' in asked ? failed(id, asked.rev, asked.refusal) : find(exchange, id, asked, isMultipart);
}

/** What an entry asks, checked. */
interface Asked {
  readonly revs: 'all' | readonly string[];
  readonly attsSince: readonly string[] | undefined;
}

/** Reads an entry; what is wrong with it is told with the value that is. */
function readEntry(entry: JsonObject, id: string): Asked | { readonly rev: JsonValue; readonly refusal: Refusal } {
  const rev = entry.get('rev');
  const known = entry.has('atts_since') ? (entry.get('atts_since') ?? null) : [];
  const checks: [suspect: JsonValue, check: () => unknown][] = [
    [null, () => checkDocumentId(id)],
    [rev ?? null, () => rev === undefined || readRevText(rev)],
    [known, () => requireList(known)],
    ...(Array.isArray(known) ? known : []).map((text): [JsonValue, () => unknown] => [text, () => readRevText(text)]),
  ];
  for (const [suspect, check] of checks) {
    const refusal = refusalOf(check);
    if (refusal !== undefined) return { rev: suspect, refusal };
  }
  const attsSince = Array.isArray(known) && known.length > 0 ? known.map(readRevText) : undefined;
  return { revs: rev === undefined ? 'all' : [readRevText(rev)], attsSince };
}

function requireList(value: JsonValue): void {
  if (!Array.isArray(value)) throw badRequest('att_since value must be array of revs.');
}

function find(
  { database, request }: DatabaseExchange,
  id: string,
  { revs, attsSince }: Asked,
  isMultipart: boolean,
): Result {
  const is = (name: string): boolean => request.query.get(name) === 'true';
  const document = isLocalId(id) ? undefined : database.document(id);
  if (document === undefined && revs === 'all') return failed(id, 'undefined', missing);
  const { found, missing: unknown } = openRevisions(document, revs, is('latest'), 'tree');
  const withData = isMultipart ? 'follows' : 'inline';
  const show: ShowOptions = {
    revs: is('revs'),
    attsSince,
    attachments: {
      content: isMultipart || is('attachments') || attsSince !== undefined ? withData : undefined,
      encodingInfo: isMultipart || is('att_encoding_info'),
    },
  };
  const docs: Found[] = [];
  for (const rev of found) {
    const shown = document && showRevision(database, document, rev, show);
    if (shown !== undefined) docs.push({ shown });
  }
  for (const rev of unknown) {
    docs.push({ error: isMultipart ? missingText(rev) : errorText(id, rev, missing) });
  }
  return { id, docs };
}

const missing = new Refusal(404, 'not_found', 'missing');

function failed(id: JsonValue, rev: JsonValue, refusal: Refusal): Result {
  return { id, docs: [{ error: errorText(id, rev, refusal) }] };
}

function errorText(id: JsonValue, rev: JsonValue, { error, reason }: Refusal): string {
  const named = `"rev":${writeJson(rev)},"reason":${quoteJson(reason)},"id":${writeJson(id)}`;
  return `{${named},"error":${quoteJson(error)}}`;
}

/** How a multipart answer says that a known document lacks a revision. */
function missingText(rev: string): string {
  return `{"rev":${quoteJson(rev)},"error":"not_found","reason":"missing"}`;
}

function resultText({ id, docs }: Result): string {
  const texts = docs.map(({ shown, error }) => (shown === undefined ? `{"error":${error}}` : `{"ok":${shown.json}}`));
  return `{"id":${writeJson(id)},"docs":[${texts.join(',')}]}`;
}

/** JSON is preferred wherever it is admitted. */
function wantsMultipart({ headers }: Request): boolean {
  const accept = headers.get('accept');
  if (acceptsType(accept, 'application/json')) return false;
  return acceptsType(accept, 'multipart/mixed') || acceptsType(accept, 'multipart/related');
}

function checkParameters({ query }: Request): void {
  for (const [name] of query) {
    if (REFUSED.has(name)) throw badRequest(`"${name}" query parameter is not acceptable`);
  }
}

const REFUSED = new Set(['open_revs', 'new_edits', 'w', 'rev', 'atts_since']);
