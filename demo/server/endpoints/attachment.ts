import { formatRev } from '../../../src/revs/rev.ts';
import { writtenAnswer } from '../answers.ts';
import { attachmentAnswer } from '../attachment-transfer.ts';
import { type AttachmentDraft, checkAttachmentName } from '../attachments.ts';
import { checkDocumentId } from '../document-id.ts';
import type { DatabaseExchange, Endpoint } from '../exchange.ts';
import { type IncomingDocument, NO_PATH, readRevText } from '../incoming.ts';
import { type Answer, Refusal, type Request, type StoredAttachment } from '../model.ts';
import { notFound } from '../refusals.ts';
import { addressOf } from '../url.ts';
import { openRevision } from './open-document.ts';
import { editOf, pathFrom, storeEdit } from './receive.ts';

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
  const rev = storeEdit(exchange, { ...document, attachments: [content, ...kept] });
  return writtenAnswer(id, rev, 201, { Location: addressOf(request, database.name, id, name) });
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
  return writtenAnswer(id, storeEdit(exchange, { ...document, attachments: kept }), 200);
}

const NO_ATTACHMENT = 'Document is missing attachment';

function existing(attachments: readonly StoredAttachment[], name: string): StoredAttachment {
  const attachment = attachments.find((known) => known.name === name);
  if (attachment === undefined) throw notFound(NO_ATTACHMENT);
  return attachment;
}

/** The revision to be changed, with its attachments; a new document where the request names none. */
function baseOf({ database, request }: DatabaseExchange, id: string): IncomingDocument {
  const empty = editOf(checkDocumentId(id), NO_PATH, undefined);
  const path = pathFrom(request, empty);
  if (path.ids.length === 0) return empty;
  const content = database.document(id)?.content(formatRev(path.start, path.ids[0] ?? ''));
  if (content === undefined) throw new Refusal(409, 'not_found', 'missing_rev');
  return editOf(id, path, content);
}

function readEncoding({ headers }: Request): 'gzip' | undefined {
  const encoding = (headers.get('content-encoding') ?? 'identity').trim().toLowerCase();
  if (encoding === 'gzip') return encoding;
  if (encoding === 'identity') return undefined;
  throw new Refusal(415, 'bad_content_type', 'Only gzip and identity content-encodings are supported');
}
