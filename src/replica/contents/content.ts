/** What is known of the content of an attachment before its first byte has come. */
export interface ContentInfo {
  /** How many bytes will be written. */
  readonly length: number;
  /**
   * In which form they come: `gzip` for the bytes as CouchDB keeps what it has compressed, absent for the content as it was
   * uploaded. A target has to know it to give the content out.
   */
  readonly encoding?: string;
  /** The MIME type, as it was uploaded. */
  readonly type?: string;
}

/**
 * Takes the content of one attachment. It ends with exactly one of `commit`, `suspend` and `abort`; a process that dies
 * in between has suspended it, or aborted it, as the target likes.
 */
export interface ContentSink {
  /**
   * How many bytes are here already, from a transfer of the same digest, length and encoding that was suspended: the next
   * one to be written is the one at this offset. 0 in a target that never goes on with one.
   */
  readonly offset: number;
  /** Those bytes again, from the first on, for whoever computes the digest of the whole. */
  kept(): AsyncIterable<Uint8Array>;
  /** Takes the next bytes. They belong to the caller again when this resolves: whoever keeps them copies them. */
  write(bytes: Uint8Array): Promise<void>;
  /**
   * The content is whole, and the caller has verified it: from now on it is here, and stays. Rejects, with nothing changed, when
   * fewer or more bytes than `length` have come.
   */
  commit(): Promise<void>;
  /** The transfer has broken off: what has come may be kept, and gone on with by the next sink for it. */
  suspend(): Promise<void>;
  /** What has come is no good, as its digest is another: it is thrown away. */
  abort(reason?: unknown): Promise<void>;
}
