import type { Attachment } from '../core/attachment.ts';
import { ProtocolError } from '../core/errors.ts';
import { Feed } from '../core/feed.ts';
import { isJsonObject, type JsonObject } from '../core/json-value.ts';
import { loadPart } from '../core/load-part.ts';
import type { AttachedRevision, WantedAttachments } from './attachments/attached-revisions.ts';
import type { AttachmentOptions, DownloadOptions, WantedAttachment } from './attachments/attachments.ts';
import {
  type ChangesEvent,
  type ChangesOptions,
  changes,
  type LiveChangesEvent,
  type LiveChangesOptions,
} from './changes.ts';
import { type Doc, type GetOptions, get } from './documents.ts';
import { parseSequence, type Sequence } from './feed/sequence.ts';
import type { AllDocsOptions } from './lists/all-docs.ts';
import type { DesignDoc } from './lists/design-docs.ts';
import type { AllDocsRow } from './lists/list-row.ts';
import type { Traffic } from './request/connection.ts';
import type { Endpoint } from './request/endpoint.ts';
import { sendForObject } from './request/request.ts';
import { type RetryNotice, type RetryPolicy, withRetry } from './request/retry.ts';
import { type RevisionsOptions, revisions } from './revisions/revisions.ts';
import type { RevisionResult } from './revisions/revisions-row.ts';
import type { WantedRevisions } from './revisions/wanted-revisions.ts';

/** What `GET /{db}` tells. */
export interface DatabaseInfo {
  readonly name: string;
  /** Documents whose winner is no tombstone. */
  readonly docCount: number;
  /** Documents whose winner is a tombstone. */
  readonly docDelCount: number;
  readonly updateSeq: Sequence;
  /** When the database was created, in seconds since 1970, from CouchDB 3.3; other servers put other things here. */
  readonly instanceStartTime?: string;
  /** Bytes of all documents and attachments, uncompressed, where the server says. */
  readonly externalSize?: number;
}

/** Watches what a database handle does on the wire. */
export interface Meter {
  readonly traffic: Traffic;
  readonly onRetry?: (notice: RetryNotice) => void;
  /** In place of the database's own. */
  readonly retry?: Partial<RetryPolicy> | undefined;
}

/** A database of a CouchDB server. Making one sends nothing. */
export class Database {
  readonly #endpoint: Endpoint;
  /** Its name, decoded. */
  readonly name: string;

  /** @internal */
  constructor(endpoint: Endpoint, name: string) {
    this.#endpoint = endpoint;
    this.name = name;
  }

  /** Its url, without credentials. */
  get url(): string {
    return this.#endpoint.url;
  }

  /**
   * What the server says of this database. One request.
   *
   * @throws CouchError, NetworkError, ProtocolError
   */
  async info(options: { readonly signal?: AbortSignal | undefined } = {}): Promise<DatabaseInfo> {
    const { connection, url } = this.#endpoint;
    const { signal } = options;
    return withRetry(this.#endpoint, signal, async () =>
      parseInfo(await sendForObject(connection, { url, signal }), url),
    );
  }

  /**
   * One document: its winner, or the revision that is named. Undefined when there is none, or when the winner is a
   * tombstone. One request.
   *
   * @throws InputError for an id that no url can carry; {@link Database.revisions} reads those too
   */
  get(id: string, options: GetOptions = {}): Promise<Doc | undefined> {
    return get(this.#endpoint, id, options);
  }

  /**
   * The changes feed: what there is, or with a live `feed` also what comes, for ever and through every failure that may
   * pass. See {@link ChangesOptions}, {@link LiveChangesOptions} and {@link LiveChangesEvent}.
   *
   * @throws CouchError when the server refuses, as it does when the database is deleted; NetworkError and ProtocolError
   *   when tries are used up, which those of a live feed never are
   * @example
   * ```ts
   * for await (const event of couch.db('http://127.0.0.1:5984/recipes').changes({ feed: 'live' })) {
   *   if (event.type === 'row') console.log(event.id);
   *   if (event.type === 'idle') break; // everything that is there has been told
   * }
   * ```
   */
  changes(options?: ChangesOptions): Feed<ChangesEvent>;
  changes(options: ChangesOptions | LiveChangesOptions): Feed<LiveChangesEvent>;
  changes(options: ChangesOptions | LiveChangesOptions = {}): Feed<LiveChangesEvent> {
    return changes(this.#endpoint, options);
  }

  /**
   * The documents whose winner is no tombstone, in the order of their ids, between two of them where given: see
   * {@link AllDocsOptions}.
   *
   * @throws CouchError, NetworkError, ProtocolError
   * @example
   * ```ts
   * for await (const { id, rev } of couch.db('http://127.0.0.1:5984/recipes').allDocs({ startKey: 'p' })) console.log(id, rev);
   * ```
   */
  allDocs(options: AllDocsOptions = {}): Feed<AllDocsRow> {
    const endpoint = this.#endpoint;
    return new Feed(async function* (signal) {
      const { allDocs } = await loadPart(import('./lists/all-docs.ts'));
      yield* allDocs(endpoint, options, signal);
    }, options);
  }

  /**
   * The design documents, in the order of their ids. One request for every 99 of them, and memory for as many.
   *
   * @throws CouchError, NetworkError, ProtocolError
   */
  designDocs(options: { readonly signal?: AbortSignal | undefined } = {}): Feed<DesignDoc> {
    const endpoint = this.#endpoint;
    return new Feed(async function* (signal) {
      const { designDocs } = await loadDesignDocs();
      yield* designDocs(endpoint, signal);
    }, options);
  }

  /**
   * What the server says of the indexes of a design document, such as their sizes; undefined where there is no such design
   * document. One request.
   *
   * @param id with its `_design/`
   * @throws InputError for the id of another document, or one that no url can carry
   */
  async designDocInfo(
    id: string,
    { signal }: { readonly signal?: AbortSignal | undefined } = {},
  ): Promise<JsonObject | undefined> {
    const { designDocInfo } = await loadDesignDocs();
    return designDocInfo(this.#endpoint, id, signal);
  }

  /** Revisions with their ancestry, many at a time: see {@link RevisionResult}. */
  revisions(wanted: readonly WantedRevisions[], options: RevisionsOptions = {}): Feed<RevisionResult> {
    return revisions(this.#endpoint, wanted, options);
  }

  /**
   * An attachment of a document; undefined when there is no such document, revision or attachment. One request, and at least one
   * more each time the content is read. An answer that breaks off is gone on with where it ended.
   *
   * The whole content is held against its length, and against its digest unless the server keeps it compressed: what a `GET`
   * gives is then not what the digest is of. A range is not verified.
   *
   * @throws InputError for an id or a name that no url can carry. While reading: CouchError, NetworkError, and ProtocolError when
   *   what has come is not what it should be
   * @example
   * ```ts
   * const picture = await couch.db('http://127.0.0.1:5984/recipes').attachment('pancakes', 'stack.jpg');
   * if (picture !== undefined) for await (const bytes of picture.bytes()) console.log(bytes.byteLength);
   * ```
   */
  async attachment(id: string, name: string, options: AttachmentOptions = {}): Promise<Attachment | undefined> {
    const { attachment } = await loadAttachments();
    return attachment(this.#endpoint, id, name, options);
  }

  /**
   * Revisions with the content of their attachments: see {@link attachedRevisions}.
   *
   * @internal
   */
  async *attachedRevisions(
    wanted: readonly WantedAttachments[],
    signal?: AbortSignal,
  ): AsyncGenerator<AttachedRevision, void, undefined> {
    const { attachedRevisions } = await loadPart(import('./attachments/attached-revisions.ts'));
    yield* attachedRevisions(this.#endpoint, wanted, signal);
  }

  /**
   * The content of one attachment, verified together with what has come of it before: see {@link downloadAttachment}.
   *
   * @internal
   */
  async *downloadAttachment(
    wanted: WantedAttachment,
    options: DownloadOptions = {},
  ): AsyncGenerator<Uint8Array, void, undefined> {
    const { downloadAttachment } = await loadAttachments();
    yield* downloadAttachment(this.#endpoint, wanted, options);
  }

  /** The same database, what goes over its wire counted apart. */
  metered({ traffic, onRetry, retry }: Meter): Database {
    const connection = { ...this.#endpoint.connection, traffic };
    const endpoint = { ...this.#endpoint, connection, onRetry, retry: { ...this.#endpoint.retry, ...retry } };
    return new Database(endpoint, this.name);
  }
}

function loadAttachments(): Promise<typeof import('./attachments/attachments.ts')> {
  return loadPart(import('./attachments/attachments.ts'));
}

function loadDesignDocs(): Promise<typeof import('./lists/design-docs.ts')> {
  return loadPart(import('./lists/design-docs.ts'));
}

function parseInfo(info: Readonly<Record<string, unknown>>, url: string): DatabaseInfo {
  const { db_name, doc_count, doc_del_count, update_seq, instance_start_time, sizes } = info;
  if (typeof db_name !== 'string' || update_seq === undefined) {
    throw new ProtocolError(
      `${url} is not a CouchDB database; what it answers has neither db_name nor update_seq`,
      false,
    );
  }
  const external = isJsonObject(sizes) ? sizes['external'] : undefined;
  return {
    name: db_name,
    docCount: countOf(doc_count),
    docDelCount: countOf(doc_del_count),
    updateSeq: parseSequence(JSON.stringify(update_seq)) ?? 0,
    ...(typeof instance_start_time === 'string' ? { instanceStartTime: instance_start_time } : {}),
    ...(typeof external === 'number' ? { externalSize: external } : {}),
  };
}

function countOf(value: unknown): number {
  return typeof value === 'number' && value >= 0 ? value : 0;
}
