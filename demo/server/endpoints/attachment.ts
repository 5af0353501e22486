import { jsonAnswer } from '../answers.ts';
import { attachmentAnswer } from '../attachment-transfer.ts';
import { type AttachmentDraft, checkAttachmentName } from '../attachments.ts';
import { checkDocumentId } from '../document-id.ts';
import { storeEdits } from '../edit.ts';
import type { DatabaseExchange, Endpoint } from '../exchange.ts';
import { type IncomingDocument, NO_PATH, readRevText } from '../incoming.ts';
import { isObject, quoteJson } from '../json.ts';
import { parseJson } from '../json-parse.ts';
import { type Answer, Refusal, type Request, type StoredAttachment } from '../model.ts';
import { conflict, notFound } from '../refusals.ts';
import { encodePart } from '../url.ts';
import { pathFrom } from './document-write.ts';
import { openRevision } from './open-document.ts';
import { writingOf } from './receive.ts';

/** `/{db}/{doc}/{attachment}`. */
export function attachmentEndpoint(id: string, name: string): Endpoint<DatabaseExchange> {
  return {
    allow: 'DELETE,GET,HEAD,PUT',
    methods: {
      GET: (exchange) => readAttachment(exchange, id, name),
      PUT: (exchange) => putAttachment(exchange, id, name),
      DELETE: (exchange) => deleteAttachment(exchange, id, name),
    },
  };
}

function readAttachment(exchange: DatabaseExchange, id: string, name: string): Answer {
  const { request, state } = exchange;
  const rev = request.query.get('rev');
  const opened = openRevision(exchange, id, rev === undefined ? undefined : readRevText(rev));
  const attachments = opened.document.content(opened.rev)?.attachments ?? [];
  return attachmentAnswer(request, existing(attachments, name), () => state.newId());
}

async function putAttachment(exchange: DatabaseExchange, id: string, name: string): Promise<Answer> {
  checkAttachmentName(name);
  const { database, request } = exchange;
  const encoding = readEncoding(request);
  const content: AttachmentDraft = {
    kind: 'content',
    name,
    contentType: request.headers.get('content-type') ?? 'application/octet-stream',
    bytes: await request.rawBody(),
    revpos: 0,
    ...(encoding && { encoding }),
  };
  const document = baseOf(exchange, id);
  const kept = document.attachments.filter((draft) => draft.name !== name);
  const rev = write(exchange, { ...document, attachments: [content, ...kept] });
  const location = [database.name, encodePart(id), encodePart(name)].join('/');
  return written(id, rev, 201, { Location: `http://${request.headers.get('host')}/${location}` });
}

function deleteAttachment(exchange: DatabaseExchange, id: string, name: string): Answer {
  const document = baseOf(exchange, id);
  if (document.path.ids.length === 0) {
    const { document: current, rev } = openRevision(exchange, id, undefined);
    existing(current.content(rev)?.attachments ?? [], name);
  } else if (!document.attachments.some((draft) => draft.name === name)) {
    throw notFound(NO_ATTACHMENT);
  }
  const kept = document.attachments.filter((draft) => draft.name !== name);
  return written(id, write(exchange, { ...document, attachments: kept }), 200, {});
}

const NO_ATTACHMENT = 'Document is missing attachment';

function existing(attachments: readonly StoredAttachment[], name: string): StoredAttachment {
  const attachment = attachments.find((known) => known.name === name);
  if (attachment === undefined) throw notFound(NO_ATTACHMENT);
  return attachment;
}

/** The revision to be changed, with its attachments; a new document where the request names none. */
function baseOf({ database, request }: DatabaseExchange, id: string): IncomingDocument {
  const empty: IncomingDocument = {
    id: checkDocumentId(id),
    path: NO_PATH,
    deleted: false,
    body: new Map(),
    attachments: [],
  };
  const path = pathFrom(request, empty);
  if (path.ids.length === 0) return empty;
  const content = database.document(id)?.content(`${path.start}-${path.ids[0]}`);
  if (content === undefined) throw new Refusal(409, 'not_found', 'missing_rev');
  const body = parseJson(`{${content.members}}`);
  return {
    ...empty,
    path,
    body: isObject(body) ? body : new Map(),
    attachments: content.attachments.map((attachment) => ({ kind: 'kept', name: attachment.name, attachment })),
  };
}

function write(exchange: DatabaseExchange, document: IncomingDocument): string {
  const [result] = storeEdits(writingOf(exchange), [document]);
  if (result === undefined) throw conflict();
  if (result.refusal !== undefined) throw result.refusal;
  return result.rev;
}

function written(id: string, rev: string, status: number, headers: Readonly<Record<string, string>>): Answer {
  return jsonAnswer(`{"ok":true,"id":${quoteJson(id)},"rev":${quoteJson(rev)}}`, status, headers);
}

function readEncoding({ headers }: Request): 'gzip' | undefined {
  const encoding = (headers.get('content-encoding') ?? 'identity').trim().toLowerCase();
  if (encoding === 'gzip') return encoding;
  if (encoding === 'identity') return undefined;
  throw new Refusal(415, 'bad_content_type', 'Only gzip and identity content-encodings are supported');
}
