/** What `find` looks at besides names of databases, ids, keys and texts, and what it tells. */
export interface FindOptions {
  /**
   * Whether JavaScript's own engine also runs the patterns that are given as text, in its syntax. Default false. Only for patterns that
   * you trust: some take forever on some texts.
   */
  readonly native?: boolean;
  /** Whether numbers are looked at, as they are written. Default false. */
  readonly numbers?: boolean;
  /** Whether revisions that have lost a conflict are looked at, tombstones apart: a request for each such document. Default false. */
  readonly losers?: boolean;
  /** Whether the names of attachments are looked at. Default false. */
  readonly attachments?: boolean;
  /** How many characters around a match are told, on either side; everything that matched stays hidden. Default: none. */
  readonly context?: number;
  /**
   * Whether a key that matches is told by its position, `/users/#2`, since its name may be the secret. Default false: a place is told by
   * the names on the way to it.
   */
  readonly hideKeys?: boolean;
  /** A key of yours, with which each finding is told the HMAC-SHA-256 of its secret: findings with the same one have the same secret. */
  readonly fingerprintKey?: string;
}
