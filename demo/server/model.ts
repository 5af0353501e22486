/**
 * What the parts of the demo server hand each other: a request as handlers see it, an answer as they give it, and what a
 * database holds. Nothing here knows how bytes reach a socket.
 *
 * @module
 */

import type { Identity } from './identity.ts';

/** A request as handlers see it. */
export interface Request {
  readonly method: string;
  /** The path as it came, still encoded, without the query. */
  readonly rawPath: string;
  /** The path split at its slashes, each part decoded as CouchDB does it (`+` is a blank); no leading empty part. */
  readonly path: readonly string[];
  readonly query: Query;
  readonly headers: Headers;
  /** Who sent it: the address the lock-out counts by. */
  readonly remoteAddress: string;
  /** Aborts when the client hangs up or the server closes. */
  readonly signal: AbortSignal;
  /** Who asks; anonymous until authentication has run. */
  identity: Identity;
  /**
   * The whole body, decompressed when `Content-Encoding: gzip`. Reading it twice gives the same bytes. A handler that
   * never reads a body makes the server close the connection after its answer, as CouchDB does.
   *
   * @throws Refusal 413 beyond the configured size, 415 for an unknown encoding
   */
  body(): Promise<Uint8Array>;
  /** The whole body as it was sent, compressed or not. */
  rawBody(): Promise<Uint8Array>;
}

/** The parameters of the query. Of a repeated name the first counts. */
export interface Query extends Iterable<readonly [name: string, value: string]> {
  get(name: string): string | undefined;
}

/** The headers of a request, by lower-case name; repeated ones joined by `, `. */
export interface Headers {
  get(name: string): string | undefined;
}

/** Answer headers by the name they are sent with. The frame sorts them as CouchDB does and adds its own. */
export type AnswerHeaders = Readonly<Record<string, string | readonly string[]>>;

/** One piece of a streamed body; each is one HTTP chunk. */
export type Piece = string | Uint8Array;

/**
 * What a handler answers. A body of one piece goes out with `Content-Length`, any other as HTTP chunks, one for each
 * piece. An iteration that throws breaks the answer off; a refusal it throws is still sent, unframed, as CouchDB does.
 */
export interface Answer {
  readonly status: number;
  readonly headers: AnswerHeaders;
  readonly body: Piece | AsyncIterable<Piece> | Iterable<Piece>;
  /** Whether it goes out without the headers that tell the request's id and its time, as a few of CouchDB's do. */
  readonly untracked?: boolean;
}

/** A request is refused: thrown by handlers, told the client as CouchDB would. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly status: number;
  readonly error: string;
  readonly reason: string;
  readonly headers: AnswerHeaders;

  constructor(status: number, error: string, reason: string, headers: AnswerHeaders = {}) {
    super(`${status} ${error}: ${reason}`);
    this.status = status;
    this.error = error;
    this.reason = reason;
    this.headers = headers;
  }
}

/** A content type matched by `[attachments] compressible_types` is stored compressed. */
export interface StoredAttachment {
  readonly name: string;
  readonly contentType: string;
  /** The generation that brought this content. */
  readonly revpos: number;
  /** `md5-` and the base64 of the MD5 of the stored bytes. */
  readonly digest: string;
  /** The bytes as stored: compressed when `encoding` says so. */
  readonly stored: Uint8Array;
  readonly encoding?: 'gzip';
  /** The size of the content before compression. */
  readonly length: number;
}
