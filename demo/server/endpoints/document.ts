import { acceptsType } from '../accept.ts';
import { isMatched, jsonAnswer, notModified, streamAnswer } from '../answers.ts';
import type { DatabaseExchange, Endpoint } from '../exchange.ts';
import { readRevText } from '../incoming.ts';
import { quoteJson } from '../json.ts';
import { parseJson } from '../json-parse.ts';
import type { Answer, Query } from '../model.ts';
import { type MultipartDocument, openRevsPieces, relatedBody } from '../multipart.ts';
import { openRevisions } from '../open-revisions.ts';
import { badRequest, notFound } from '../refusals.ts';
import { type MetaOptions, type ShowOptions, showRevision } from '../show.ts';
import { copyDocument, deleteDocument, putDocument, refuseForm } from './document-write.ts';
import { type OpenedRevision, openRevision, openWinner } from './open-document.ts';

/** `/{db}/{doc}`, design documents included. */
export function documentEndpoint(id: string): Endpoint<DatabaseExchange> {
  return {
    allow: 'DELETE,GET,HEAD,POST,PUT,COPY',
    methods: {
      GET: (exchange) => readDocument(exchange, id),
      PUT: (exchange) => putDocument(exchange, id),
      DELETE: (exchange) => deleteDocument(exchange, id),
      COPY: (exchange) => copyDocument(exchange, id),
      POST: refuseForm,
    },
  };
}

/** What the query of a read asks for. */
interface ReadQuery {
  readonly rev: string | undefined;
  readonly openRevs: 'all' | readonly string[] | undefined;
  readonly latest: boolean;
  /** Whether the winner may be a tombstone. */
  readonly deleted: boolean;
  /** What any revision is shown with. */
  readonly show: ShowOptions;
  /** What only the winner is shown with. */
  readonly meta: MetaOptions;
}

function readDocument(exchange: DatabaseExchange, id: string): Answer {
  const query = readQuery(exchange.request.query);
  const { rev, openRevs, latest, show, meta } = query;
  if (openRevs !== undefined && openRevs.length > 0) return answerRevisions(exchange, id, openRevs, query);
  // With `latest`, CouchDB shows the winner, whatever revision was asked for.
  if (rev === undefined || latest) return answerDocument(exchange, openVisible(exchange, id, query), { ...show, meta });
  return answerDocument(exchange, openRevision(exchange, id, rev), show);
}

function openVisible(exchange: DatabaseExchange, id: string, { deleted }: ReadQuery): OpenedRevision {
  const document = deleted ? exchange.database.document(id) : undefined;
  return document === undefined ? openWinner(exchange, id) : { document, rev: document.winner.rev };
}

function answerDocument(
  { database, request, state }: DatabaseExchange,
  { document, rev }: OpenedRevision,
  show: ShowOptions,
): Answer {
  const accept = request.headers.get('accept');
  const isMultipart = show.attachments?.content !== undefined && acceptsType(accept, 'multipart/related');
  const shown = showRevision(database, document, rev, isMultipart ? asParts(show) : show);
  if (shown === undefined) throw notFound();
  const etag = `"${rev}"`;
  if (!shown.hasMeta && isMatched(etag, request.headers.get('if-none-match'))) return notModified(etag);
  const headers = shown.hasMeta ? {} : { ETag: etag };
  if (!isMultipart || !shown.hasAttachments) return jsonAnswer(shown.json, 200, headers);
  const { contentType, body } = relatedBody(shown, state.newId());
  return { status: 200, headers: { 'Content-Type': contentType, ...headers }, body };
}

function answerRevisions(
  { database, request, state }: DatabaseExchange,
  id: string,
  revs: 'all' | readonly string[],
  { latest, show }: ReadQuery,
): Answer {
  const document = database.document(id);
  if (document === undefined && revs === 'all') throw notFound();
  const isMultipart = acceptsType(request.headers.get('accept'), 'multipart/mixed');
  const { found, missing } = openRevisions(document, revs, latest, 'ascending');
  const options = isMultipart ? asParts(show) : show;
  const shown = found
    .map((rev) => document && showRevision(database, document, rev, options))
    .filter((revision) => revision !== undefined);
  const errors = missing.map((rev) => ({ error: `{"missing":${quoteJson(rev)}}` }));
  if (!isMultipart) return streamAnswer(listPieces(shown, errors));
  const outer = state.newId();
  return {
    status: 200,
    headers: { 'Content-Type': `multipart/mixed; boundary="${outer}"` },
    body: openRevsPieces([...shown, ...errors], outer, state.newId()),
  };
}

function* listPieces(
  shown: readonly MultipartDocument[],
  errors: readonly { readonly error: string }[],
): Generator<string> {
  yield '[';
  let separator = '';
  for (const text of [...shown.map(({ json }) => `{"ok":${json}}`), ...errors.map(({ error }) => error)]) {
    yield separator + text;
    separator = ',';
  }
  yield ']';
  yield '\n';
}

/** The same with the contents of attachments in parts of their own. */
function asParts(show: ShowOptions): ShowOptions {
  return { ...show, attachments: { ...show.attachments, content: 'follows', encodingInfo: true } };
}

function readQuery(query: Query): ReadQuery {
  const is = (name: string): boolean => query.get(name) === 'true';
  const rev = query.get('rev');
  const openRevs = query.get('open_revs');
  const attsSince = query.get('atts_since');
  const meta = is('meta');
  return {
    rev: rev === undefined ? undefined : readRevText(rev),
    openRevs: openRevs === 'all' || openRevs === undefined ? openRevs : readRevs(openRevs),
    latest: is('latest'),
    deleted: is('deleted'),
    show: {
      revs: is('revs'),
      attachments: {
        content: is('attachments') || attsSince !== undefined ? 'inline' : undefined,
        encodingInfo: is('att_encoding_info'),
      },
      attsSince: attsSince === undefined ? undefined : readRevs(attsSince),
    },
    meta: {
      revsInfo: meta || is('revs_info'),
      conflicts: meta || is('conflicts'),
      deletedConflicts: meta || is('deleted_conflicts'),
      localSeq: is('local_seq'),
    },
  };
}

function readRevs(text: string): string[] {
  const revs = parseJson(text);
  if (!Array.isArray(revs)) throw badRequest('Invalid list of revisions');
  return revs.map(readRevText);
}
