/**
 * What the parts of the demo server hand each other: a request as handlers see it, an answer as they give it, and what a
 * database holds. Nothing here knows how bytes reach a socket.
 *
 * @module
 */

import type { RevTree } from '../../src/revs/tree.ts';
import type { Identity } from './access.ts';

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
 * piece; an iteration that throws {@link BrokenStream} or anything else after the first piece cuts the connection.
 */
export interface Answer {
  readonly status: number;
  readonly headers: AnswerHeaders;
  readonly body: Piece | AsyncIterable<Piece> | Iterable<Piece>;
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

/** The content of one revision that is known with its body. */
export interface Revision {
  /** The members of the document without those that begin with `_`, as JSON text without the braces; may be empty. */
  readonly members: string;
  readonly attachments: readonly StoredAttachment[];
}

/** A document with its whole tree. */
export interface Document {
  readonly id: string;
  readonly shard: number;
  /** Its place in the order of changes of its shard, from 1. */
  readonly sequence: number;
  readonly tree: RevTree;
  /** What is stored of a revision; `undefined` for one that is only known by name, or was compacted away. */
  revision(rev: string): Revision | undefined;
}
